using Polly.Registry;
using Recommender.FactorStore;
using Recommender.ServiceDefaults.Workers;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Releasing;

/// <summary>
/// Folds all users in again after a release, and after a loss of the factor store. Until then serving folds users in per request, so a
/// release need not wait.
/// </summary>
public sealed class Refolder(
    IFactorStore factorStore,
    Folding folding,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<Refolder> logger) : RepeatingWorker("Folding in of all users", pipelines, clock, logger)
{
    private volatile bool _isRebuilding;

    /// <summary>Whether an empty factor store is being filled and its generation is not written yet.</summary>
    public bool IsRebuilding => _isRebuilding;

    protected override TimeSpan FirstPause => Timeout.InfiniteTimeSpan;

    public void RequestRefold() => RequestRound();

    /// <summary>Like <see cref="RequestRefold"/>, and writes the generation of the factor store afterwards.</summary>
    public void RequestRebuild()
    {
        _isRebuilding = true;
        RequestRound();
    }

    /// <summary>The generation is written last, so that an interrupted rebuild starts over.</summary>
    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await folding.FoldInAllAsync(cancellationToken);
        if (_isRebuilding)
        {
            await factorStore.SetGenerationAsync(Guid.NewGuid().ToString("N"), cancellationToken);
            _isRebuilding = false;
        }

        return Timeout.InfiniteTimeSpan;
    }
}
