using Recommender.LocalServers;
using Recommender.TestKit;

namespace Recommender.FactorStore.Tests;

public sealed class RedisConnections(Servers servers) : ServedConnections
{
    protected override async Task<RedisCompatibleServer> ServerAsync() => await servers.RedisAsync();
}
