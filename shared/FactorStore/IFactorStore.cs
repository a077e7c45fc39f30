using Recommender.Contracts;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Transitions;
using Recommender.FactorStore.Users;

namespace Recommender.FactorStore;

/// <summary>
/// Data for serving: one value per user, the catalogue with its statistics as a feed of changes, the bytes of models, and the release
/// pointer. It can be rebuilt from the store. Redis for servers, in-process embedded; both pass the same contract tests.
/// </summary>
/// <remarks>If the factor store is unavailable, methods throw a <see cref="FactorStoreUnavailableException"/>.</remarks>
public interface IFactorStore : ITransitionStore, IAsyncDisposable
{
    /// <summary>The user's value as written by <see cref="UserState.Encode"/>, or null. One round trip, no parsing.</summary>
    ValueTask<byte[]?> GetUserAsync(UserRef user);

    /// <summary>
    /// As <see cref="GetUserAsync"/>, for the request path: the bytes may be in a pooled buffer, which the caller returns by disposing the
    /// value.
    /// </summary>
    async ValueTask<PooledValue> LeaseUserAsync(UserRef user) => PooledValue.Of(await GetUserAsync(user).ConfigureAwait(false));

    /// <summary>
    /// Writes users, in pipelined batches. A value never replaces one of a higher <see cref="UserState.Revision"/>: an older fold-in never
    /// overwrites a newer one.
    /// </summary>
    Task PutUsersAsync(IReadOnlyList<UserState> users, CancellationToken cancellationToken);

    /// <summary>
    /// All users, without sessions, with the start of their value, in batches. Users that exist during the whole call are listed at least
    /// once; others may be listed.
    /// </summary>
    /// <param name="rank">Length of the factors that the caller wants to read.</param>
    IAsyncEnumerable<IReadOnlyList<UserFactor>> ListUserFactorsAsync(int rank, CancellationToken cancellationToken);

    /// <summary>
    /// The same for given users, in their order. Users without a value are left out. One pipelined round trip per few hundred users.
    /// </summary>
    Task<IReadOnlyList<UserFactor>> GetUserFactorsAsync(IReadOnlyList<string> userIds, int rank, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the names of event types by their ids. Call it before writing a user's value with the <see cref="EventClass"/> of a new type.
    /// Names are only added: a shorter list removes none.
    /// </summary>
    Task PutEventTypesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken);

    /// <summary>Names of event types by id. Empty if the factor store is empty.</summary>
    Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken);

    Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken);

    /// <summary>
    /// Erases users: fold-ins from before <paramref name="revision"/> that are still in progress do not restore them. A returning user has
    /// higher revisions.
    /// </summary>
    /// <param name="revision">The store's revision of the erasure.</param>
    Task EraseUsersAsync(IReadOnlyList<UserRef> users, long revision, CancellationToken cancellationToken);

    /// <summary>
    /// Writes attributes and statistics, and appends the keys to the feed of changes. Returns the feed's new sequence. A lower <see
    /// cref="ItemRecord.Version"/> never overwrites a higher one, separately for attributes and statistics.
    /// </summary>
    Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken);

    /// <summary>
    /// Writes only statistics. They are values, not increments: repeating the call has no effect, and a lower version never overwrites a
    /// higher one.
    /// </summary>
    Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken);

    /// <summary>
    /// Writes factors of items that the released model was not trained with, and appends the keys to the feed. The last write wins. Unknown
    /// items are ignored. Returns the feed's new sequence.
    /// </summary>
    Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken);

    /// <summary>
    /// Writes content vectors of texts, and appends the keys of those that differ to the feed. The last write wins. The vector of an item
    /// that is not here yet comes with the item. Returns the feed's new sequence.
    /// </summary>
    Task<long> PutItemVectorsAsync(IReadOnlyList<ItemVectorRecord> vectors, CancellationToken cancellationToken);

    /// <summary>
    /// The current records of items changed after <paramref name="afterSequence"/>, in order of change. From 0 they are the whole
    /// catalogue, in pages while <see cref="ItemChanges.More"/>. If <see cref="ItemChanges.Generation"/> has changed, the feed was
    /// restarted: read it again from 0.
    /// </summary>
    /// <param name="limit">Maximum number of items of the page, clamped to 1 .. <see cref="ItemChanges.MaxItems"/>.</param>
    Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken);

    /// <summary>Writes a model's bytes under its version, in chunks.</summary>
    Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken);

    /// <summary>The bytes of a model; null if absent or incomplete.</summary>
    Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken);

    Task DeleteModelAsync(long version, CancellationToken cancellationToken);

    /// <summary>Sets the release pointer, atomically. The model's bytes must already be written.</summary>
    Task SetReleasedAsync(long version, CancellationToken cancellationToken);

    Task<long?> GetReleasedAsync(CancellationToken cancellationToken);

    /// <summary>Id of the current content. Null if the factor store is empty and must be rebuilt.</summary>
    Task<string?> GetGenerationAsync(CancellationToken cancellationToken);

    /// <summary>Marks the content as complete; the last step of a rebuild.</summary>
    Task SetGenerationAsync(string generation, CancellationToken cancellationToken);
}
