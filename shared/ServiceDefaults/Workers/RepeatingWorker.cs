using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Resilience;

namespace Recommender.ServiceDefaults.Workers;

/// <summary>
/// Background work in rounds: waits for the end of a pause or a request, runs a round, and repeats. Rounds do not overlap.
/// </summary>
/// <remarks>
/// While a dependency is unavailable, the pipeline <see cref="PipelineNames.UntilAvailable"/> repeats the round, or the worker does so
/// after <see cref="PauseWhileUnavailable"/>. Any other failure is a defect: the round is abandoned and the next follows after <see
/// cref="PauseAfterDefect"/>, so that a defect in one worker does not stop the process. In both cases the log has one line at the beginning
/// and one at the end, and health is degraded in between. Rounds must be repeatable from the start.
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

    /// <param name="work">Noun phrase for the work, at the beginning of log lines, such as <c>Placement of new items</c>.</param>
    protected RepeatingWorker(string work, ResiliencePipelineProvider<string> pipelines, TimeProvider clock, ILogger logger)
    {
        (_work, _clock, _logger) = (work, clock, logger);
        _untilAvailable = pipelines.GetPipeline(PipelineNames.UntilAvailable);
        _observer = new RoundObserver(this);
    }

    /// <summary>Why the last attempt of a round failed; null after success.</summary>
    public string? CurrentProblem => Volatile.Read(ref _problem);

    protected TimeProvider Clock => _clock;

    /// <summary>False if the configuration disables the worker, so that no round runs.</summary>
    protected virtual bool IsEnabled => true;

    /// <summary>The pause before the first round.</summary>
    protected virtual TimeSpan FirstPause => TimeSpan.Zero;

    /// <summary>
    /// The pause after a round that failed because a dependency is unavailable; a request ends it. Null: the pauses of the pipeline.
    /// </summary>
    protected virtual TimeSpan? PauseWhileUnavailable => null;

    /// <summary>The pause after a round that failed for another reason.</summary>
    protected virtual TimeSpan PauseAfterDefect => TimeSpan.FromSeconds(30);

    /// <summary>A problem that degrades health although rounds succeed; null without one.</summary>
    protected virtual string? Concern => null;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult((CurrentProblem ?? Concern) is { } problem ? HealthCheckResult.Degraded(problem) : HealthCheckResult.Healthy());

    /// <summary>Starts the next round now, or after the current one. Several requests before the next round count as one.</summary>
    protected void RequestRound() => _request.Set();

    /// <summary>Runs one round.</summary>
    /// <returns>The pause before the next round; <see cref="Timeout.InfiniteTimeSpan"/> until it is requested.</returns>
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
