using Recommender.Contracts;

namespace Recommender.Storage.Events;

public interface IInteractionStore
{
    /// <summary>
    /// Stores the events whose id is new, in one transaction, and brings the statistics of their items up to date.
    /// Events are valid and complete (<see cref="Interaction.EventId"/>, <see cref="Interaction.OccurredAt"/> set).
    /// Events of an erased user from before the erasure are dropped and counted. An event whose id is known is a duplicate if its content
    /// is the same,
    /// else a conflict, which is not stored: the caller keeps it.
    /// </summary>
    Task<StoredBatch> StoreInteractionsAsync(IReadOnlyList<Interaction> interactions, CancellationToken cancellationToken);

    /// <summary>
    /// The whole history of each user, as of one moment: <see cref="UserEvents.Revision"/> and events belong together.
    /// Unknown keys are left out.
    /// </summary>
    Task<IReadOnlyList<UserEvents>> ReadUserEventsAsync(IReadOnlyCollection<int> userKeys, CancellationToken cancellationToken);

    /// <summary>Every event with a sequence of at most <paramref name="upToSequence"/>, ordered by (occurredAt, sequence), for
    /// training.</summary>
    Task<InteractionLog> ReadInteractionsAsync(long upToSequence, CancellationToken cancellationToken);

    /// <summary>How far the store has got. What is read afterwards includes at least this.</summary>
    Task<StorePosition> GetPositionAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Events with a sequence above <paramref name="afterSequence"/> up to <paramref name="upToSequence"/>, in order of sequence, at most
    /// <paramref name="limit"/>. Sequences become visible in their order: below one that was seen, none is still to come.
    /// </summary>
    Task<IReadOnlyList<SequencedEvent>> ReadEventsAsync(long afterSequence, long upToSequence, int limit,
        CancellationToken cancellationToken);

    /// <summary>
    /// Events of these users with a sequence of at most <paramref name="upToSequence"/>, by user, then by (occurredAt, sequence).
    /// </summary>
    Task<IReadOnlyList<SequencedEvent>> ReadEventsOfUsersAsync(IReadOnlyCollection<int> userKeys, long upToSequence,
        CancellationToken cancellationToken);

    /// <summary>
    /// Removes the events that occurred before a time, and takes them back out of users and items, slice by slice, each in a short
    /// transaction of
    /// its own. From the start of the call on, events from before that time are dropped on arrival. Stopping early leaves the rest for the
    /// next call.
    /// </summary>
    IAsyncEnumerable<RemovedSlice> RemoveEventsBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Names of event types; the position is <see cref="StoredEvent.TypeId"/>.</summary>
    Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken);

    /// <summary>How many events of each type each item has, of those with a sequence above <paramref name="afterSequence"/> up to
    /// <paramref name="upToSequence"/>.</summary>
    Task<IReadOnlyList<EventCount>> CountEventsAsync(long afterSequence, long upToSequence, CancellationToken cancellationToken);

    /// <summary>
    /// Keys of users of an item, those with the newest positive event first and those without one last, at most <paramref name="limit"/>.
    /// </summary>
    Task<IReadOnlyList<int>> ListUsersOfItemAsync(int itemKey, int limit, CancellationToken cancellationToken);

    /// <summary>Keys of users above <paramref name="afterKey"/>, ascending, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<int>> ListUserKeysAsync(int afterKey, int limit, CancellationToken cancellationToken);
}
