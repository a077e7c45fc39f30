using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Transitions;
using Recommender.FactorStore.Users;

namespace Recommender.Recommend.Tests;

/// <summary>A factor store that can be made unavailable, and that counts reads.</summary>
internal sealed class FailingFactorStore(IFactorStore inner) : IFactorStore
{
    private int _attempts;
    private int _userReads;

    public IFactorStore Inner { get; set; } = inner;
    public bool IsGone { get; set; }
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>Number of values of users and sessions read; the refresher reads none.</summary>
    public int UserReads => Volatile.Read(ref _userReads);

    private IFactorStore Store
    {
        get
        {
            Interlocked.Increment(ref _attempts);
            return IsGone ? throw new FactorStoreUnavailableException("The test says that it is gone.") : Inner;
        }
    }

    public async ValueTask<byte[]?> GetUserAsync(UserRef user)
    {
        Interlocked.Increment(ref _userReads);
        return await Store.GetUserAsync(user);
    }

    public async ValueTask<PooledValue> LeaseUserAsync(UserRef user)
    {
        Interlocked.Increment(ref _userReads);
        return await Store.LeaseUserAsync(user);
    }

    public Task PutUsersAsync(IReadOnlyList<UserState> users, CancellationToken cancellationToken) =>
        Store.PutUsersAsync(users, cancellationToken);

    /// <summary>Before each batch of users of a listing.</summary>
    public Func<Task> BeforeListing { get; set; } = () => Task.CompletedTask;

    public async IAsyncEnumerable<IReadOnlyList<UserFactor>> ListUserFactorsAsync(int rank,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var users in Store.ListUserFactorsAsync(rank, cancellationToken))
        {
            await BeforeListing();
            yield return users;
        }
    }

    public Task<IReadOnlyList<UserFactor>> GetUserFactorsAsync(IReadOnlyList<string> userIds, int rank, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref _userReads, userIds.Count);
        return Store.GetUserFactorsAsync(userIds, rank, cancellationToken);
    }

    public Task PutEventTypesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        Store.PutEventTypesAsync(names, cancellationToken);

    public Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken) =>
        Store.GetEventTypesAsync(cancellationToken);

    public Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken) =>
        Store.DeleteUsersAsync(users, cancellationToken);

    public Task EraseUsersAsync(IReadOnlyList<UserRef> users, long beforeRevision, CancellationToken cancellationToken) =>
        Store.EraseUsersAsync(users, beforeRevision, cancellationToken);

    public Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken) =>
        Store.PutItemsAsync(items, cancellationToken);

    public Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken) =>
        Store.PutItemStatisticsAsync(statistics, cancellationToken);

    public Task<long> PutItemVectorsAsync(IReadOnlyList<ItemVectorRecord> vectors, CancellationToken cancellationToken) =>
        Store.PutItemVectorsAsync(vectors, cancellationToken);

    public Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken) =>
        Store.PutItemFactorsAsync(factors, cancellationToken);

    public Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken) =>
        Store.ReadItemChangesAsync(afterSequence, limit, cancellationToken);

    public Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken) =>
        Store.PutModelAsync(version, model, cancellationToken);

    public Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken) =>
        Store.GetModelAsync(version, cancellationToken);

    public Task DeleteModelAsync(long version, CancellationToken cancellationToken) => Store.DeleteModelAsync(version, cancellationToken);

    public Task SetReleasedAsync(long version, CancellationToken cancellationToken) => Store.SetReleasedAsync(version, cancellationToken);

    public Task<long?> GetReleasedAsync(CancellationToken cancellationToken) => Store.GetReleasedAsync(cancellationToken);

    public Task<string?> GetGenerationAsync(CancellationToken cancellationToken) => Store.GetGenerationAsync(cancellationToken);

    public Task SetGenerationAsync(string generation, CancellationToken cancellationToken) =>
        Store.SetGenerationAsync(generation, cancellationToken);

    public Task<TransitionWatermark?> GetTransitionWatermarkAsync(CancellationToken cancellationToken) =>
        Store.GetTransitionWatermarkAsync(cancellationToken);

    public Task<TransitionWrite> PutTransitionsAsync(IReadOnlyList<TransitionRowRecord> rows, TransitionWatermark? watermark,
        CancellationToken cancellationToken) => Store.PutTransitionsAsync(rows, watermark, cancellationToken);

    public Task<TransitionWatermark> CompleteTransitionsAsync(TransitionWatermark watermark, string? replaced,
        CancellationToken cancellationToken) => Store.CompleteTransitionsAsync(watermark, replaced, cancellationToken);

    public Task ClearTransitionsAsync(CancellationToken cancellationToken) => Store.ClearTransitionsAsync(cancellationToken);

    public Task<IReadOnlyList<TransitionRowRecord>> ReadTransitionsAsync(IReadOnlyCollection<int> itemKeys,
        CancellationToken cancellationToken) => Store.ReadTransitionsAsync(itemKeys, cancellationToken);

    public Task<TransitionChanges> ReadTransitionChangesAsync(long afterPosition, int limit, CancellationToken cancellationToken) =>
        Store.ReadTransitionChangesAsync(afterPosition, limit, cancellationToken);

    public Task PutScoreMixAsync(long number, ReadOnlyMemory<byte> mix, CancellationToken cancellationToken) =>
        Store.PutScoreMixAsync(number, mix, cancellationToken);

    public Task WatchTransitionsAsync(Action changed, CancellationToken cancellationToken) =>
        Store.WatchTransitionsAsync(changed, cancellationToken);

    public ValueTask DisposeAsync() => Inner.DisposeAsync();
}
