using Recommender.FactorStore.Redis;

namespace Recommender.FactorStore;

public static class FactorStores
{
    /// <summary>Redis where a connection string is given, else in this process. Does not wait for Redis: it connects, and reconnects, by
    /// itself.</summary>
    public static IFactorStore Open(string? redisConnectionString) =>
        string.IsNullOrWhiteSpace(redisConnectionString) ? new InProcessFactorStore() : new RedisFactorStore(redisConnectionString);
}
