using System.Text.Json;
using Polly.Registry;
using Recommender.FactorStore;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Trainer.Events;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Erasing;

/// <summary>
/// Removes events older than <see cref="TrainerOptions.RetentionDays"/>, in short transactions while the services run, and drops the
/// partitions that
/// are left empty. The boundary is the start of a day (UTC), so a day's events go together, once a day.
/// </summary>
/// <remarks>
/// A month is not dropped unread, though that would be cheaper: its events must be removed from the histories, popularity and trends
/// they went into, and their ids out of what tells duplicates. Older events that arrive later are dropped by the store, so forgetting their
/// ids is safe.
/// </remarks>
public sealed class RetentionWorker(
    IStore store,
    IFactorStore factorStore,
    Folding folding,
    TransitionFollower transitions,
    TrainerOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<RetentionWorker> logger) : RepeatingWorker("Removal of old events", pipelines, clock, logger)
{
    private const string SettingName = "retention";
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(10), s_retry = TimeSpan.FromSeconds(30);

    protected override bool IsEnabled => options.RetentionDays > 0;

    // A round that was cut short copies and folds everything in at its end, so rounds do not follow at the pace of the pipeline.
    protected override TimeSpan? PauseWhileUnavailable => s_retry;

    /// <summary>Removes what is due; returns the number of events. Nothing is due when this day's turn is over.</summary>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var before = new DateTimeOffset(Clock.GetUtcNow().UtcDateTime.Date.AddDays(-options.RetentionDays), TimeSpan.Zero);
        var last = await ReadAsync(cancellationToken);
        if (last is { Done: true } && last.Before >= before) return 0;
        await WriteAsync(new(before, Done: false), cancellationToken);
        long removed = 0;
        await foreach (var slice in store.RemoveEventsBeforeAsync(before, cancellationToken))
        {
            removed += slice.Removed;
            await CatalogueCopy.PutStatisticsAsync(factorStore, slice.Items, slice.Revision, cancellationToken);
            await folding.FoldInAsync(slice.UserKeys, cancellationToken);
        }

        if (last is { Done: false })
        {
            // The turn before ended between a slice's removal and its way to the factor store, and nobody knows any more which users it
            // concerned.
            await CatalogueCopy.PutAllAsync(store, factorStore, cancellationToken);
            await folding.FoldInAllAsync(cancellationToken);
        }

        // Nearly every row has lost some.
        if (removed > 0 || last is { Done: false }) await transitions.RebuildAsync(cancellationToken);
        await WriteAsync(new(before, Done: true), cancellationToken);
        if (removed > 0) logger.OldEventsRemoved(removed, before);
        return removed;
    }

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await RunAsync(cancellationToken);
        return s_interval;
    }

    private async Task<Turn?> ReadAsync(CancellationToken cancellationToken) =>
        await store.GetSettingAsync(SettingName, cancellationToken) is { } json ? json.Deserialize<Turn>() : null;

    private Task WriteAsync(Turn turn, CancellationToken cancellationToken) =>
        store.PutSettingAsync(SettingName, JsonSerializer.SerializeToElement(turn), cancellationToken);

    private sealed record Turn(DateTimeOffset Before, bool Done);
}
