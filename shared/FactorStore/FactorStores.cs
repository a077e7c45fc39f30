using Recommender.FactorStore.Redis;

namespace Recommender.FactorStore;

public static class FactorStores
{
    /// <summary>
    /// Opens Redis if a connection string is given, else a store in process. Does not wait for Redis, which is connected and reconnected in
    /// the background.
    /// </summary>
    public static IFactorStore Open(string? redisConnectionString) =>
        string.IsNullOrWhiteSpace(redisConnectionString) ? new InProcessFactorStore() : new RedisFactorStore(redisConnectionString);
}
