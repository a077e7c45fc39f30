using System.Diagnostics;
using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.FactorStore.Tests;

/// <summary>What a factor store over a server must do beyond the contract, on whichever server.</summary>
public abstract class ServedFactorStoreContract(ServedConnections redis) : FactorStoreContract
{
    /// <summary>A server of the test's own, to kill and freeze.</summary>
    protected abstract Task<RedisCompatibleServer> NewServerAsync();

    protected override async Task<IFactorStore> CreateAsync()
    {
        await redis.EmptyAsync();
        return redis.One;
    }

    protected override Task<IFactorStore> OpenAnotherAsync() => Task.FromResult(redis.Another);

#pragma warning disable CA2215 // The store belongs to the fixture and outlives the test.
    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
#pragma warning restore CA2215

    [Fact]
    public async Task A_model_with_a_missing_chunk_is_absent()
    {
        await Store.PutModelAsync(3, new byte[(2 << 20) + 1], Stop);
        Assert.True(await redis.Past.GetDatabase().KeyDeleteAsync("rec:model:{3}:1"));
        Assert.Null(await Store.GetModelAsync(3, Stop));
    }

    [Fact]
    public async Task Emptying_the_server_loses_the_generation_and_restarts_the_feed()
    {
        await Store.PutItemsAsync([Record(1), Record(2)], Stop);
        await Store.SetGenerationAsync("g-1", Stop);
        await redis.EmptyAsync();
        Assert.Null(await Store.GetGenerationAsync(Stop));
        await Store.PutItemsAsync([Record(3)], Stop);
        var changes = await Store.ReadItemChangesAsync(2, 10, Stop);
        Assert.Null(changes.Generation);
        Assert.Empty(changes.Items);
        Assert.Equal([3], (await Store.ReadItemChangesAsync(0, 10, Stop)).Items.Select(item => item.ItemKey));
    }

    [Fact]
    public async Task It_fails_clearly_while_the_server_is_gone_and_goes_on_when_it_is_back()
    {
        var own = await NewServerAsync();
        await using var store = FactorStores.Open(own.ConnectionString);
        var user = UserRef.User("ann");
        await store.PutUsersAsync([State(user, 1, 1, 1)], Stop);
        await own.KillAsync();
        await Eventually.PassesAsync(async () =>
            await Assert.ThrowsAsync<FactorStoreUnavailableException>(async () => await store.GetUserAsync(user)));
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(async () => await store.LeaseUserAsync(user));
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(() => store.PutUsersAsync([State(user, 2, 1, 2)], Stop));
        await own.StartAsync(Stop);
        await Eventually.PassesAsync(() => store.PutUsersAsync([State(user, 3, 1, 3)], Stop));
        Assert.True(UserStateView.TryRead(await store.GetUserAsync(user), out var view));
        Assert.Equal(3, view.Revision);
    }

    [Fact]
    public async Task While_the_server_is_gone_calls_fail_long_before_the_timeout()
    {
        var own = await NewServerAsync();
        await using var store = FactorStores.Open(own.ConnectionString + ",syncTimeout=60000");
        var user = UserRef.User("ann");
        await store.PutUsersAsync([State(user, 1, 1, 1)], Stop);
        await own.KillAsync();
        await Eventually.PassesAsync(() => Assert.ThrowsAsync<FactorStoreUnavailableException>(() => store.SetReleasedAsync(1, Stop)));

        var began = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(async () => await store.LeaseUserAsync(user));
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(async () => await store.GetUserAsync(user));
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(() => store.PutUsersAsync([State(user, 2, 1, 2)], Stop));
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_lease_waits_for_a_silent_server_no_longer_than_the_timeout_and_works_again_afterwards()
    {
        var own = await NewServerAsync();
        await using var store = FactorStores.Open(own.ConnectionString + ",syncTimeout=300");
        var user = UserRef.User("ann");
        // A server that has just started may need longer for its first script.
        await Eventually.PassesAsync(() => store.PutUsersAsync([State(user, 1, 1, 1)], Stop));
        for (int i = 0; i < 4; i++) (await store.LeaseUserAsync(user)).Dispose();
        own.Freeze();
        for (int i = 0; i < 4; i++) await Assert.ThrowsAsync<FactorStoreUnavailableException>(async () => await store.LeaseUserAsync(user));
        own.Continue();
        await Eventually.PassesAsync(async () =>
        {
            using var value = await store.LeaseUserAsync(user);
            Assert.False(value.IsNull);
        });
    }

    [Fact]
    public async Task It_connects_to_a_server_that_comes_later()
    {
        var own = await NewServerAsync();
        await own.KillAsync();
        await using var store = FactorStores.Open(own.ConnectionString);
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(() => store.SetReleasedAsync(1, Stop));
        await own.StartAsync(Stop);
        await Eventually.PassesAsync(() => store.SetReleasedAsync(1, Stop));
        Assert.Equal(1, await store.GetReleasedAsync(Stop));
    }
}
