using System.Net.Http.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.TestKit;
using StackExchange.Redis;
using Xunit;

namespace Recommender.Recommend.Tests;

public sealed class RedisTests(Servers servers)
{
    [Fact]
    public async Task Serves_from_a_real_Redis_and_survives_its_death()
    {
        var redis = await servers.NewRedisAsync();
        await using var store = FactorStores.Open(redis.ConnectionString);
        await Shop.Whole.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        var answer = await host.GetAsync("/v1/users/reader/recommendations?explain=true");
        Assert.Equal(Sources.Personal, answer.Source);
        await redis.KillAsync();
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/users/reader/recommendations")).Source == Sources.Popular);
        await redis.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(FilledAsync);
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/users/reader/recommendations")).Source == Sources.Personal);

        // The client of the writing side takes its own time to connect again.
        async Task<bool> FilledAsync()
        {
            try
            {
                await Shop.Whole.FillAsync(store);
                return true;
            }
            catch (FactorStoreUnavailableException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Similar_users_are_found_in_a_real_Redis_and_again_after_it_was_emptied()
    {
        var redis = await servers.NewRedisAsync();
        await using var store = FactorStores.Open(redis.ConnectionString);
        await Shop.Whole.FillAsync(store, 1,
            [.. Enumerable.Range(0, 700).Select(n => Shop.Whole.User("u" + n, 1, Shop.Bought(n % Shop.Items)))]);
        await using var host = await RecommendHost.StartAsync(store, ("Recommend:SimilarUsersRefreshSeconds", "0.05"));
        await host.ServesAsync(1);
        await Eventually.TrueAsync(async () => await FindAsync("reader", 1000) is { Count: 701 });
        await redis.KillAsync();
        await Eventually.TrueAsync(async () => await FindAsync("reader", 5) is null);
        await redis.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await FindAsync("reader", 5) is { Count: 5 });
        await using (var past = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString + ",allowAdmin=true"))
            await past.GetServer(past.GetEndPoints()[0]).FlushAllDatabasesAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await Shop.Whole.FillAsync(store);
                return true;
            }
            catch (FactorStoreUnavailableException)
            {
                return false;
            }
        });
        await Eventually.TrueAsync(async () => await FindAsync("reader", 5) is ["gamer"]);

        async Task<List<string>?> FindAsync(string userId, int count)
        {
            var response = await host.Client.GetAsync(new Uri($"/v1/users/{userId}/similar?count={count}", UriKind.Relative),
                TestContext.Current.CancellationToken);
            if (!response.IsSuccessStatusCode) return null;
            return [.. (await response.Content.ReadFromJsonAsync(ContractsJson.Default.SimilarUsersResponse,
                TestContext.Current.CancellationToken))!.Users.Select(user => user.UserId)];
        }
    }
}
