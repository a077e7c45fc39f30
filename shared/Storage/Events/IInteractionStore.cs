using Recommender.Contracts;

namespace Recommender.Storage.Events;

public interface IInteractionStore
{
    /// <summary>
    /// Stores the events with a new id in one transaction, and updates the statistics of their items. Events must be valid and complete
    /// (<see cref="Interaction.EventId"/> and <see cref="Interaction.OccurredAt"/> set). Events of an erased user from before the erasure
    /// are dropped and counted. An event with a known id is a duplicate if its content is equal, else a conflict, which is returned and not
    /// stored.
    /// </summary>
    Task<StoredBatch> StoreInteractionsAsync(IReadOnlyList<Interaction> interactions, CancellationToken cancellationToken);

    /// <summary>
    /// The whole history of each user, from one snapshot, so that <see cref="UserEvents.Revision"/> and events are consistent. Unknown keys
    /// are left out.
    /// </summary>
    Task<IReadOnlyList<UserEvents>> ReadUserEventsAsync(IReadOnlyCollection<int> userKeys, CancellationToken cancellationToken);

    /// <summary>
    /// All events with a sequence of at most <paramref name="upToSequence"/>, ordered by (occurredAt, sequence), for training.
    /// </summary>
    Task<InteractionLog> ReadInteractionsAsync(long upToSequence, CancellationToken cancellationToken);

    /// <summary>Current position of the store. Later reads include at least everything up to it.</summary>
    Task<StorePosition> GetPositionAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Events with a sequence above <paramref name="afterSequence"/> up to <paramref name="upToSequence"/>, in order of sequence, at most
    /// <paramref name="limit"/>. Sequences become visible in order: no event appears later below a visible sequence.
    /// </summary>
    Task<IReadOnlyList<SequencedEvent>> ReadEventsAsync(long afterSequence, long upToSequence, int limit,
        CancellationToken cancellationToken);

    /// <summary>
    /// Events of these users with a sequence of at most <paramref name="upToSequence"/>, by user, then by (occurredAt, sequence).
    /// </summary>
    Task<IReadOnlyList<SequencedEvent>> ReadEventsOfUsersAsync(IReadOnlyCollection<int> userKeys, long upToSequence,
        CancellationToken cancellationToken);

    /// <summary>
    /// Removes the events that occurred before a time, and subtracts them from users and items, in slices with a short transaction each.
    /// From the start of the call, earlier events are dropped on arrival. After an early stop, the next call continues.
    /// </summary>
    IAsyncEnumerable<RemovedSlice> RemoveEventsBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Names of event types by <see cref="StoredEvent.TypeId"/>.</summary>
    Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Number of events by item and type, of those with a sequence above <paramref name="afterSequence"/> and at most <paramref
    /// name="upToSequence"/>.
    /// </summary>
    Task<IReadOnlyList<EventCount>> CountEventsAsync(long afterSequence, long upToSequence, CancellationToken cancellationToken);

    /// <summary>
    /// Keys of the users of an item by descending time of their newest positive event, users without one last; at most <paramref
    /// name="limit"/>.
    /// </summary>
    Task<IReadOnlyList<int>> ListUsersOfItemAsync(int itemKey, int limit, CancellationToken cancellationToken);

    /// <summary>Keys of users above <paramref name="afterKey"/>, ascending, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<int>> ListUserKeysAsync(int afterKey, int limit, CancellationToken cancellationToken);
}
