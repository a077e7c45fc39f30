using Recommender.Storage.Users;

namespace Recommender.Storage.Events;

public sealed record StoredBatch
{
    public required int Stored { get; init; }
    public required int Duplicates { get; init; }

    /// <summary>Events whose id another event has, with other content, in the order of the batch.</summary>
    public IReadOnlyList<EventConflict> Conflicts { get; init; } = [];

    /// <summary>Events of erased users, and events older than what is kept.</summary>
    public required int Dropped { get; init; }

    /// <summary>Every user named in the batch and not erased, also of duplicates: after a crash they must still be folded in.</summary>
    public required IReadOnlyList<int> UserKeys { get; init; }

    /// <summary>What the batch added to the histories of its users. Users without new events are left out.</summary>
    public IReadOnlyList<UserAddition> Additions { get; init; } = [];

    /// <summary>The events that were stored, in order of sequence, which has no gaps.</summary>
    public IReadOnlyList<SequencedEvent> Events { get; init; } = [];

    /// <summary>Every item named in the batch, also of duplicates, with its statistics after the batch.</summary>
    public required IReadOnlyList<ItemStatistics> Items { get; init; }

    /// <summary>Highest sequence of the store after the batch.</summary>
    public required long Sequence { get; init; }

    /// <summary>The store's revision after the batch, which <see cref="Items"/> belong to: the version to write their statistics
    /// under.</summary>
    public long Revision { get; init; }
}
