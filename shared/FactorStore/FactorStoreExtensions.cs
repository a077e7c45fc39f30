using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Recommender.FactorStore;

public static class FactorStoreExtensions
{
    /// <summary>Name of the connection string of Redis. Without one the factor store is in process.</summary>
    public const string ConnectionName = "redis";

    /// <summary>Registers the factor store once per process.</summary>
    public static void AddFactorStore(this IHostApplicationBuilder builder) =>
        builder.Services.TryAddSingleton(_ => FactorStores.Open(builder.Configuration.GetConnectionString(ConnectionName)));
}
