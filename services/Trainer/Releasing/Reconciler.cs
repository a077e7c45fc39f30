using Polly.Registry;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.ControlPlane;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Releasing;

/// <summary>
/// Keeps the factor store equal to the store. The store is the system of record; the factor store is a copy that may be lost at any time.
/// Releases are executed here as well, so that the next round completes a release after a crash.
/// </summary>
public sealed class Reconciler(
    IStore store,
    IFactorStore factorStore,
    ReleasedModel released,
    Folding folding,
    Refolder refolder,
    ItemPlacer placer,
    INotices notices,
    TrainerOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<Reconciler> logger) : RepeatingWorker("Reconciliation of store and factor store", pipelines, clock, logger)
{
    private readonly SemaphoreSlim _working = new(1, 1);
    private bool _haveStatisticsBeenChecked;

    /// <summary>Releases a version: registry first, then the factor store, then the notice. Null if its bytes do not exist.</summary>
    public async Task<ModelInfo?> ReleaseAsync(long version, CancellationToken cancellationToken)
    {
        if (await store.ReleaseModelAsync(version, Clock.GetUtcNow(), cancellationToken) is not { } info) return null;
        await ReconcileAsync(cancellationToken);
        logger.ModelReleased(version);
        return info;
    }

    /// <summary>
    /// Runs one round: afterwards catalogue and model in the factor store are those of the store. Users follow in the background.
    /// </summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        await _working.WaitAsync(cancellationToken);
        try
        {
            bool emptied = !refolder.IsRebuilding && await factorStore.GetGenerationAsync(cancellationToken) is null;
            if (emptied)
            {
                await folding.PutEventTypesAsync(cancellationToken);
                await CatalogueCopy.PutAllAsync(store, factorStore, cancellationToken);
            }

            if (!_haveStatisticsBeenChecked) await CopyRecountedAsync(emptied, cancellationToken);
            await released.RefreshAsync(cancellationToken);
            bool pointed = await PointToReleasedAsync(cancellationToken);
            if (emptied) refolder.RequestRebuild();
            else if (pointed) refolder.RequestRefold();
            if (emptied || pointed) placer.NoteAll();
        }
        finally
        {
            _working.Release();
        }
    }

    /// <summary>
    /// Copies all statistics if they were recounted at a start, by this process or by one that ended before copying them.
    /// </summary>
    private async Task CopyRecountedAsync(bool isCopied, CancellationToken cancellationToken)
    {
        if (await store.AreStatisticsRecountedAsync(cancellationToken))
        {
            if (!isCopied) await CatalogueCopy.PutAllAsync(store, factorStore, cancellationToken);
            await store.NoteStatisticsCopiedAsync(cancellationToken);
            logger.StatisticsCopied();
        }

        _haveStatisticsBeenChecked = true;
    }

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await ReconcileAsync(cancellationToken);
        return TimeSpan.FromSeconds(options.ReconcileEverySeconds);
    }

    private async Task<bool> PointToReleasedAsync(CancellationToken cancellationToken)
    {
        if (released.Current is not { } model || await factorStore.GetReleasedAsync(cancellationToken) == model.Version) return false;
        if (await store.ReadModelAsync(model.Version, cancellationToken) is not { } package) return false;
        await factorStore.PutModelAsync(model.Version, package, cancellationToken);
        await factorStore.SetReleasedAsync(model.Version, cancellationToken);
        await notices.PublishAsync(new ModelReleased { Version = model.Version, ReleasedAt = Clock.GetUtcNow() }, cancellationToken);
        return true;
    }
}
