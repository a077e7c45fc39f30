using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly.Registry;
using Recommender.ServiceDefaults.Resilience;
using Recommender.Storage.Events;
using Recommender.Storage.Served;

namespace Recommender.Storage;

public static class StorageExtensions
{
    /// <summary>Name of the database's connection string; without one the store is embedded.</summary>
    public const string ConnectionName = "postgres";

    /// <summary>
    /// Registers the store once per process: PostgreSQL by <c>ConnectionStrings:postgres</c>, else SQLite in <c>Data:Directory</c>. <see
    /// cref="StatisticsSettings"/> are taken from the container if registered.
    /// </summary>
    public static void AddStore(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(sp =>
            Stores.Open(builder.Configuration.GetConnectionString(ConnectionName), DataFile(builder.Configuration, "store.db"),
            sp.GetService<StatisticsSettings>() ?? new()));
        builder.Services.TryAddSingleton<IServedStore>(sp => sp.GetRequiredService<IStore>());
    }

    /// <summary>Migrates the schema before any other service of the host starts. Waits without limit for the database.</summary>
    public static void AddStoreMigration(this IHostApplicationBuilder builder)
    {
        builder.AddStore();
        builder.Services.AddResiliencePipelines();
        builder.Services.AddHostedService<Migration>();
    }

    /// <summary>A file in the embedded data folder: <c>Data:Directory</c>, else <c>data</c> in the working directory.</summary>
    public static string DataFile(IConfiguration configuration, string name) =>
        Path.GetFullPath(Path.Combine(configuration["Data:Directory"] is { Length: > 0 } directory ? directory : "data", name));

    private sealed class Migration(IStore store, ResiliencePipelineProvider<string> pipelines, ILogger<Migration> logger) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken) =>
            await pipelines.GetPipeline(PipelineNames.UntilAvailable).ExecuteAsync(
                new Outage(logger, "The database", e => e is StoreUnavailableException),
                async token =>
                {
                    await store.MigrateAsync(token);
                    return true;
                },
                cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
