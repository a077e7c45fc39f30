using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.FactorStore.Tests;

public sealed class GarnetFactorStoreTests(Servers servers, GarnetConnections connections)
    : ServedFactorStoreContract(connections), IClassFixture<GarnetConnections>
{
    protected override async Task<RedisCompatibleServer> NewServerAsync() => await servers.NewGarnetAsync();
}
