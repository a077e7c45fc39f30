using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.TestKit;
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
}
