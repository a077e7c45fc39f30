using Polly.Registry;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Trainer.Transitions;

/// <summary>Runs the rounds of <see cref="TransitionFollower"/> in the background: load, count, catch up.</summary>
public sealed class TransitionWorker(
    TransitionFollower follower,
    TransitionPolicy policy,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<TransitionWorker> logger) : RepeatingWorker("Upkeep of transitions", pipelines, clock, logger)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    protected override bool IsEnabled => !policy.IsOff;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await follower.FlushAsync(cancellationToken);
        }
        catch (DependencyUnavailableException e)
        {
            // The next start applies what the rows miss.
            ReportLoss(e);
        }
    }

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        await follower.RunRoundAsync(cancellationToken);
        return s_interval;
    }
}
