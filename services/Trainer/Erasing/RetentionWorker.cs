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
/// Removes events older than <see cref="TrainerOptions.RetentionDays"/>, in short transactions while the services run, and drops empty
/// partitions. The boundary is the start of a day (UTC), so events are removed by day, once a day.
/// </summary>
/// <remarks>
/// A month cannot be dropped without reading it: its events must be subtracted from histories, popularity and trends, and their ids removed
/// from the detection of duplicates. Removing the ids is safe, because the store drops events from before the boundary.
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

    // The round after an interrupted one copies and folds in everything, so rounds do not repeat at the rate of the pipeline.
    protected override TimeSpan? PauseWhileUnavailable => s_retry;

    /// <summary>Removes due events and returns their number. Nothing is due if this day's removal is complete.</summary>
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
            // The previous removal was interrupted after a slice was removed and before the factor store was updated, so the affected users
            // are unknown.
            await CatalogueCopy.PutAllAsync(store, factorStore, cancellationToken);
            await folding.FoldInAllAsync(cancellationToken);
        }

        // Nearly every row has lost events.
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
