using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.ControlPlane;
using Recommender.Storage;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Releasing;

/// <summary>
/// Keeps the factor store equal to what the store says: the store is the truth, the factor store a copy that may be emptied at any time.
/// Releases go through here too, so that a crash half-way is finished by the next round.
/// </summary>
public sealed class Reconciler(
    IStore store,
    IFactorStore factorStore,
    ReleasedModel released,
    Folding folding,
    ItemPlacer placer,
    INotices notices,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<Reconciler> logger) : BackgroundService
{
    private readonly SemaphoreSlim _working = new(1, 1);
    private readonly AsyncSignal _refold = new();
    private string? _problem;
    private volatile bool _rebuilding;
    private bool _haveStatisticsBeenChecked;

    /// <summary>Why the last round failed; null when it did not.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.Zero; // The first round is at once.
        Task NextRoundAsync()
        {
            var delay = Task.Delay(pause, clock, stoppingToken);
            pause = TimeSpan.FromSeconds(options.ReconcileEverySeconds);
            return delay;
        }

        return Task.WhenAll(
            RepeatAsync(ReconcileAsync, NextRoundAsync, stoppingToken),
            RepeatAsync(RefoldAsync, () => _refold.WaitAsync(stoppingToken), stoppingToken));
    }

    /// <summary>Releases a version: registry first, then the factor store, then the notice. Null when its bytes are not there.</summary>
    public async Task<ModelInfo?> ReleaseAsync(long version, CancellationToken cancellationToken)
    {
        if (await store.ReleaseModelAsync(version, clock.GetUtcNow(), cancellationToken) is not { } info) return null;
        await ReconcileAsync(cancellationToken);
        logger.LogInformation("Released model {Version}.", version);
        return info;
    }

    /// <summary>One round: afterwards the catalogue and model that serving reads are those of the store. Users follow in the
    /// background.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        await _working.WaitAsync(cancellationToken);
        try
        {
            bool emptied = !_rebuilding && await factorStore.GetGenerationAsync(cancellationToken) is null;
            if (emptied)
            {
                await folding.PutEventTypesAsync(cancellationToken);
                await CatalogueCopy.PutAllAsync(store, factorStore, cancellationToken);
            }

            if (!_haveStatisticsBeenChecked) await CopyRecountedAsync(emptied, cancellationToken);
            await released.RefreshAsync(cancellationToken);
            bool pointed = await PointToReleasedAsync(cancellationToken);
            if (emptied) _rebuilding = true;
            if (emptied || pointed)
            {
                _refold.Set();
                placer.NoteAll();
            }
        }
        finally
        {
            _working.Release();
        }
    }

    /// <summary>
    /// Copies all statistics where a start has recounted them, of this process or of one that ended before it could copy them.
    /// </summary>
    private async Task CopyRecountedAsync(bool isCopied, CancellationToken cancellationToken)
    {
        if (await store.AreStatisticsRecountedAsync(cancellationToken))
        {
            if (!isCopied) await CatalogueCopy.PutAllAsync(store, factorStore, cancellationToken);
            await store.NoteStatisticsCopiedAsync(cancellationToken);
            logger.LogInformation("Copied the recounted statistics of all items to the factor store.");
        }

        _haveStatisticsBeenChecked = true;
    }

    /// <summary>
    /// Folds every user in again. Until a user's turn comes, serving folds them in on the spot, so a release need not wait for this.
    /// The generation is written last: a rebuild that was cut short starts over.
    /// </summary>
    private async Task RefoldAsync(CancellationToken cancellationToken)
    {
        await folding.FoldInAllAsync(cancellationToken);
        if (!_rebuilding) return;
        await factorStore.SetGenerationAsync(Guid.NewGuid().ToString("N"), cancellationToken);
        _rebuilding = false;
    }

    /// <summary>Runs <paramref name="round"/> after each <paramref name="wait"/>; a round that fails for want of a server is run again
    /// after a second.</summary>
    private async Task RepeatAsync(Func<CancellationToken, Task> round, Func<Task> wait, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await wait();
                while (!await TryAsync(round, stoppingToken)) await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> round, CancellationToken stoppingToken)
    {
        try
        {
            await round(stoppingToken);
            if (Interlocked.Exchange(ref _problem, null) is not null)
                logger.LogInformation("Store and factor store can be compared again.");
            return true;
        }
        catch (Exception e) when (e is StoreUnavailableException or FactorStoreUnavailableException)
        {
            // An outage is logged once; health shows it until it is over.
            if (Interlocked.Exchange(ref _problem, e.Message) is null)
                logger.LogWarning("Cannot compare store and factor store: {Problem}", e.Message);
            return false;
        }
    }

    private async Task<bool> PointToReleasedAsync(CancellationToken cancellationToken)
    {
        if (released.Current is not { } model || await factorStore.GetReleasedAsync(cancellationToken) == model.Version) return false;
        if (await store.ReadModelAsync(model.Version, cancellationToken) is not { } package) return false;
        await factorStore.PutModelAsync(model.Version, package, cancellationToken);
        await factorStore.SetReleasedAsync(model.Version, cancellationToken);
        await notices.PublishAsync(new ModelReleased { Version = model.Version, ReleasedAt = clock.GetUtcNow() }, cancellationToken);
        return true;
    }
}
