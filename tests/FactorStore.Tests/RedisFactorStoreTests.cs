using Recommender.Contracts;
using Recommender.FactorStore.Users;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.FactorStore.Tests;

public sealed class RedisFactorStoreTests(Servers servers, RedisConnections connections)
    : ServedFactorStoreContract(connections), IClassFixture<RedisConnections>
{
    protected override async Task<RedisCompatibleServer> NewServerAsync() => await servers.NewRedisAsync();

    [Fact]
    public async Task Users_of_every_server_of_a_cluster_are_listed_or_it_says_that_it_cannot()
    {
        using var folder = new TempFolder();
        await using var cluster = new RedisCluster(folder.Path);
        await cluster.StartAsync(Stop);
        await using var store = FactorStores.Open(cluster.ConnectionString);
        UserState[] users = [.. Enumerable.Range(0, 600).Select(n => State(UserRef.User("user-" + n), 1, 1, n))];
        await Eventually.PassesAsync(() => store.PutUsersAsync(users, Stop));
        Assert.Equal(users.Select(user => user.User.Id).Order(StringComparer.Ordinal), (await ListAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(600, (await store.GetUserFactorsAsync([.. users.Select(user => user.User.Id)], 1, Stop)).Count);

        // Who is not listed counts as gone: a part must not pass for the whole.
        await cluster.Nodes[1].KillAsync();
        await Eventually.PassesAsync(async () => await Assert.ThrowsAsync<FactorStoreUnavailableException>(ListAsync));
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(ListAsync);

        async Task<List<string>> ListAsync()
        {
            var listed = new List<string>();
            await foreach (var batch in store.ListUserFactorsAsync(1, Stop)) listed.AddRange(batch.Select(user => user.UserId));
            return listed;
        }
    }
}
