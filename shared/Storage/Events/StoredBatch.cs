using Recommender.Storage.Users;

namespace Recommender.Storage.Events;

public sealed record StoredBatch
{
    public required int Stored { get; init; }
    public required int Duplicates { get; init; }

    /// <summary>Events with the id of another event and different content, in the order of the batch.</summary>
    public IReadOnlyList<EventConflict> Conflicts { get; init; } = [];

    /// <summary>Number of dropped events: of erased users, or older than the retention time.</summary>
    public required int Dropped { get; init; }

    /// <summary>
    /// All users of the batch except erased ones, including those of duplicates, because after a crash they may not be folded in yet.
    /// </summary>
    public required IReadOnlyList<int> UserKeys { get; init; }

    /// <summary>New events by user. Users without new events are left out.</summary>
    public IReadOnlyList<UserAddition> Additions { get; init; } = [];

    /// <summary>The stored events in order of sequence, without gaps.</summary>
    public IReadOnlyList<SequencedEvent> Events { get; init; } = [];

    /// <summary>Statistics after the batch of all of its items, including those of duplicates.</summary>
    public required IReadOnlyList<ItemStatistics> Items { get; init; }

    /// <summary>Highest sequence of the store after the batch.</summary>
    public required long Sequence { get; init; }

    /// <summary>The store's revision after the batch: the version of <see cref="Items"/> for the factor store.</summary>
    public long Revision { get; init; }
}
