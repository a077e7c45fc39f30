using Recommender.Contracts;

namespace Recommender.FactorStore;

/// <summary>
/// What serving reads: one value per user, the catalogue with its statistics as a feed of changes, the bytes of models, and the
/// release pointer. All of it can be rebuilt from the store. Redis for servers, in-process embedded; both pass the same contract tests.
/// </summary>
/// <remarks>Failures surface as <see cref="FactorStoreUnavailableException"/>.</remarks>
public interface IFactorStore : IAsyncDisposable
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
    /// Writes factors of items that the released model was not trained with, and appends the keys to the feed. The last one written stands. Items
    /// that are not there are passed over. Returns the feed's new sequence.
    /// </summary>
    Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken);

    /// <summary>
    /// The current records of items changed after <paramref name="afterSequence"/>, at most about <paramref name="limit"/>, in order of change.
    /// From 0 it yields the whole catalogue. A different <see cref="ItemChanges.Generation"/> than before means the feed started anew:
    /// read it again from 0.
    /// </summary>
    Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken);

    /// <summary>Writes a model's bytes under its version, in chunks.</summary>
    Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken);

    /// <summary>Null when absent or incomplete.</summary>
    Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken);

    Task DeleteModelAsync(long version, CancellationToken cancellationToken);

    /// <summary>The release pointer: one atomic write. A model's bytes are there before it points to it.</summary>
    Task SetReleasedAsync(long version, CancellationToken cancellationToken);

    Task<long?> GetReleasedAsync(CancellationToken cancellationToken);

    /// <summary>Name of the current content; null when the store is empty or was emptied, which asks for a rebuild.</summary>
    Task<string?> GetGenerationAsync(CancellationToken cancellationToken);

    /// <summary>Marks the content as complete. Written last by a rebuild.</summary>
    Task SetGenerationAsync(string generation, CancellationToken cancellationToken);
}

public sealed class FactorStoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>An item as serving sees it. <see cref="Item"/> is null for an item known only from events.</summary>
public sealed record ItemRecord
{
    public required int ItemKey { get; init; }
    public required string ItemId { get; init; }
    public Item? Item { get; init; }
    public bool Deleted { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// Base-2 logarithm of a sum over the users with a positive preference for the item, which grows with the time of each user's newest
    /// positive event; comparable at any time. −∞ when there is none.
    /// </summary>
    public double Popularity { get; init; } = double.NegativeInfinity;

    /// <summary>The same with a shorter half-life.</summary>
    public double Trend { get; init; } = double.NegativeInfinity;

    /// <summary>Null while nothing places the item, or its model was trained with it. Written by <see cref="IFactorStore.PutItemFactorsAsync"/> alone.</summary>
    public ItemFactor? Factor { get; init; }

    /// <summary>The store's revision this was read at; orders concurrent writers. 0 or more; not read back.</summary>
    public long Version { get; init; }
}

/// <param name="ModelVersion">The only model whose factors it can be compared with.</param>
public sealed record ItemFactor(long ModelVersion, ReadOnlyMemory<float> Values);

/// <param name="Values">As many numbers as the model's rank.</param>
public readonly record struct ItemFactorRecord(int ItemKey, long ModelVersion, ReadOnlyMemory<float> Values);

/// <param name="ItemId">Creates the record of an item that so far is known only from events.</param>
/// <param name="Version">The store's revision this was read at; orders concurrent writers.</param>
public readonly record struct ItemStatisticsRecord(int ItemKey, string ItemId, double Popularity, double Trend, long Version = 0);

public sealed record ItemChanges
{
    public required string? Generation { get; init; }
    public required IReadOnlyList<ItemRecord> Items { get; init; }

    /// <summary>Where to go on: pass it as <c>afterSequence</c> next time.</summary>
    public required long Sequence { get; init; }

    /// <summary>More changes wait behind <see cref="Sequence"/>.</summary>
    public required bool More { get; init; }
}
