using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Resilience;

namespace Recommender.ServiceDefaults.Workers;

/// <summary>
/// Background work in rounds: waits for a pause or a request, does a round, and starts over. One round runs at a time.
/// </summary>
/// <remarks>
/// While a dependency is unavailable, the round is repeated by the pipeline <see cref="PipelineNames.UntilAvailable"/>, or after
/// <see cref="PauseWhileUnavailable"/>. Every other failure is a defect: the round is given up and the next follows after
/// <see cref="PauseAfterDefect"/>, because a defect in one worker must not end the others of its process. Either way the log has one line
/// when
/// it begins and one when it is over, and health is degraded meanwhile. Rounds must be safe to repeat from the start.
/// </remarks>
public abstract class RepeatingWorker : BackgroundService, IHealthCheck
{
    private readonly string _work;
    private readonly ResiliencePipeline _untilAvailable;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly AsyncSignal _request = new();
    private readonly RoundObserver _observer;
    private string? _problem;

    /// <param name="work">What the rounds do, as a noun phrase that begins a log line, e.g. <c>Placement of new items</c>.</param>
    protected RepeatingWorker(string work, ResiliencePipelineProvider<string> pipelines, TimeProvider clock, ILogger logger)
    {
        (_work, _clock, _logger) = (work, clock, logger);
        _untilAvailable = pipelines.GetPipeline(PipelineNames.UntilAvailable);
        _observer = new RoundObserver(this);
    }

    /// <summary>Why the last attempt of a round failed; null if it did not.</summary>
    public string? CurrentProblem => Volatile.Read(ref _problem);

    protected TimeProvider Clock => _clock;

    /// <summary>False if the configuration leaves nothing to do: no round ever runs.</summary>
    protected virtual bool IsEnabled => true;

    /// <summary>The pause before the first round.</summary>
    protected virtual TimeSpan FirstPause => TimeSpan.Zero;

    /// <summary>The pause after a round that a dependency failed, during which a request starts the next one; null: those of the
    /// pipeline.</summary>
    protected virtual TimeSpan? PauseWhileUnavailable => null;

    /// <summary>The pause after a round that failed for any other reason.</summary>
    protected virtual TimeSpan PauseAfterDefect => TimeSpan.FromSeconds(30);

    /// <summary>What else degrades health, although rounds succeed.</summary>
    protected virtual string? Concern => null;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult((CurrentProblem ?? Concern) is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy());

    /// <summary>Starts the next round now, or after the one that runs. Requests that no round has answered yet count as one.</summary>
    protected void RequestRound() => _request.Set();

    /// <summary>Does one round.</summary>
    /// <returns>The pause before the next; <see cref="Timeout.InfiniteTimeSpan"/>: until it is requested.</returns>
    protected abstract Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken);

    /// <summary>Called once when a dependency becomes unavailable.</summary>
    protected virtual void ReportLoss(Exception failure) => _logger.WorkInterrupted(_work, failure.Message);

    /// <summary>Called once when a round succeeds after others that failed.</summary>
    protected virtual void ReportReturn() => _logger.WorkResumed(_work);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsEnabled) return;
        try
        {
            for (var pause = FirstPause; ; pause = await TryRoundAsync(stoppingToken))
                await _request.WaitAsync(pause, _clock, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task<TimeSpan> TryRoundAsync(CancellationToken stoppingToken)
    {
        try
        {
            return await _untilAvailable.ExecuteAsync(_observer, RunRoundAsync, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            throw;
        }
        catch (DependencyUnavailableException e)
        {
            Lose(e);
            return PauseWhileUnavailable ?? TimeSpan.Zero;
        }
        catch (Exception e)
        {
            var pause = PauseAfterDefect;
            if (Interlocked.Exchange(ref _problem, e.Message) != e.Message) _logger.WorkFailed(e, _work, pause.TotalSeconds);
            return pause;
        }
    }

    private void Lose(Exception failure)
    {
        if (Interlocked.Exchange(ref _problem, failure.Message) is null) ReportLoss(failure);
    }

    private void Recover()
    {
        if (Interlocked.Exchange(ref _problem, null) is not null) ReportReturn();
    }

    private sealed class RoundObserver(RepeatingWorker worker) : RetryObserver
    {
        public override bool IsRetried(Exception failure) =>
            failure is DependencyUnavailableException && worker.PauseWhileUnavailable is null;

        public override void OnFailure(Exception failure, int attempt) => worker.Lose(failure);

        public override void OnSuccess() => worker.Recover();
    }
}
