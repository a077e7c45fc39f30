using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recommender.Storage;
using Recommender.Trainer;
using Recommender.Trainer.Learning;

namespace Recommender.Cli.Backup;

/// <summary>The Trainer's parts over a new store, with the settings that a Trainer would have, and without anything running.</summary>
internal static class ReplayHost
{
    public static WebApplication Build(string? dataDirectory, string? postgres)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Configuration["Data:Directory"] = dataDirectory;
        // The factor store and the streams of this process are its own: what serves elsewhere is not touched.
        foreach (string server in new[] { "rabbitmq", "redis" }) builder.Configuration[$"ConnectionStrings:{server}"] = "";
        builder.Configuration["ConnectionStrings:postgres"] = postgres ?? "";
        builder.AddTrainer();
        return builder.Build();
    }

    /// <summary>Copies everything up to the time, then trains and releases; returns the number of events and what came of the
    /// training.</summary>
    /// <exception cref="InvalidOperationException">The new store is not empty.</exception>
    public static async Task<(long Events, string Outcome)> RunAsync(WebApplication app, IStore source, DateTimeOffset until,
        CancellationToken cancellationToken)
    {
        var store = app.Services.GetRequiredService<IStore>();
        await store.MigrateAsync(cancellationToken);
        string file = Path.GetTempFileName();
        try
        {
            await using var copy = new FileStream(file, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16,
                FileOptions.DeleteOnClose);
            await source.BackupAsync(copy, cancellationToken);
            copy.Position = 0;
            await store.RestoreUntilAsync(copy, until, cancellationToken);
        }
        finally
        {
            File.Delete(file);
        }

        var model = await app.Services.GetRequiredService<Training>().RunAsync(cancellationToken);
        var released = await store.GetReleasedModelAsync(cancellationToken);
        string outcome = released is not null ? $"model {released.Version} is released" : model?.Reason
            ?? "there is nothing to learn from among them";
        return ((await store.GetStatusAsync(cancellationToken)).Events, outcome);
    }
}
