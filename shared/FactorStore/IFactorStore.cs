using Recommender.Contracts;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Transitions;
using Recommender.FactorStore.Users;

namespace Recommender.FactorStore;

/// <summary>
/// What serving reads: one value per user, the catalogue with its statistics as a feed of changes, the bytes of models, and the
/// release pointer. All of it can be rebuilt from the store. Redis for servers, in-process embedded; both pass the same contract tests.
/// </summary>
/// <remarks>Failures surface as <see cref="FactorStoreUnavailableException"/>.</remarks>
public interface IFactorStore : ITransitionStore, IAsyncDisposable
{
    /// <summary>The user's value as written by <see cref="UserState.Encode"/>, or null. One round trip, no parsing.</summary>
    ValueTask<byte[]?> GetUserAsync(UserRef user);

    /// <summary>The same for the request path: the bytes may be in a pooled buffer, which the caller gives back by disposing it.</summary>
    async ValueTask<PooledValue> LeaseUserAsync(UserRef user) => PooledValue.Of(await GetUserAsync(user).ConfigureAwait(false));

    /// <summary>
    /// Writes users, in pipelined batches. A value never replaces one of a higher <see cref="UserState.Revision"/>: an older fold-in never
    /// overwrites a newer one.
    /// </summary>
    Task PutUsersAsync(IReadOnlyList<UserState> users, CancellationToken cancellationToken);

    /// <summary>
    /// Every user, sessions left out, with the start of the value, in batches. Who is there from start to end is listed at least once; who
    /// comes or goes meanwhile may be listed or not.
    /// </summary>
    /// <param name="rank">Length of the factors that the caller wants to read.</param>
    IAsyncEnumerable<IReadOnlyList<UserFactor>> ListUserFactorsAsync(int rank, CancellationToken cancellationToken);

    /// <summary>
    /// The same of given users, in their order; those without a value are left out. One pipelined round trip for some hundred.
    /// </summary>
    Task<IReadOnlyList<UserFactor>> GetUserFactorsAsync(IReadOnlyList<string> userIds, int rank, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the names of event types known, by their ids. To be called before a user's value is written that holds the
    /// <see cref="EventClass"/> of a new one. Names are only ever added: a shorter list takes nothing away.
    /// </summary>
    Task PutEventTypesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken);

    /// <summary>Names of event types; the position is the id. Empty when the store is empty.</summary>
    Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken);

    Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes users for good: fold-ins from before <paramref name="revision"/> that are still on their way do not bring them back.
    /// A user who returns later has higher revisions.
    /// </summary>
    /// <param name="revision">The store's revision of the erasure.</param>
    Task EraseUsersAsync(IReadOnlyList<UserRef> users, long revision, CancellationToken cancellationToken);

    /// <summary>
    /// Writes attributes and statistics, and appends the keys to the feed of changes. Returns the feed's new sequence.
    /// Of attributes and of statistics each, a lower <see cref="ItemRecord.Version"/> never overwrites a higher one.
    /// </summary>
    Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken);

    /// <summary>
    /// Writes statistics alone. Values, not increments: repeating it changes nothing, and a lower version never overwrites a higher one.
    /// </summary>
    Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken);

    /// <summary>
    /// Writes factors of items that the released model was not trained with, and appends the keys to the feed. The last one written stands.
    /// Items
    /// that are not there are passed over. Returns the feed's new sequence.
    /// </summary>
    Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken);

    /// <summary>
    /// The current records of items changed after <paramref name="afterSequence"/>, in order of change. From 0 it yields the whole
    /// catalogue, page by page while <see cref="ItemChanges.More"/>. A different <see cref="ItemChanges.Generation"/> than before means
    /// that the feed was restarted: read it again from 0.
    /// </summary>
    /// <param name="limit">Items of the page at most. Below 1 it counts as 1, above <see cref="ItemChanges.MaxItems"/> as that.</param>
    Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken);

    /// <summary>Writes a model's bytes under its version, in chunks.</summary>
    Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken);

    /// <summary>Null when absent or incomplete.</summary>
    Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken);

    Task DeleteModelAsync(long version, CancellationToken cancellationToken);

    /// <summary>The release pointer: one atomic write. A model's bytes are there before it points to it.</summary>
    Task SetReleasedAsync(long version, CancellationToken cancellationToken);

    Task<long?> GetReleasedAsync(CancellationToken cancellationToken);

    /// <summary>Name of the current content; null if the store is empty or was emptied, and must be rebuilt.</summary>
    Task<string?> GetGenerationAsync(CancellationToken cancellationToken);

    /// <summary>Marks the content as complete. Written last by a rebuild.</summary>
    Task SetGenerationAsync(string generation, CancellationToken cancellationToken);
}
