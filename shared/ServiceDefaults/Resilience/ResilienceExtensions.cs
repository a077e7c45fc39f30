using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Polly;
using Polly.DependencyInjection;
using Polly.Retry;
using Polly.Telemetry;

namespace Recommender.ServiceDefaults.Resilience;

/// <summary>Registers and runs the resilience pipelines.</summary>
public static class ResilienceExtensions
{
    private static readonly ResiliencePropertyKey<RetryObserver> s_observer = new("recommender.observer");

    /// <summary>
    /// Registers the pipelines of <see cref="PipelineNames"/>; <see cref="Polly.Registry.ResiliencePipelineProvider{TKey}"/> provides them.
    /// They use the registered <see cref="TimeProvider"/>. May be called several times per process.
    /// </summary>
    public static IServiceCollection AddResiliencePipelines(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<RetryOptions>(PipelineNames.Reconnect)
            .Configure(options => options.FirstDelay = TimeSpan.FromMilliseconds(100));

        // The observer logs an outage once. By default every attempt would be logged as a warning.
        services.Configure<TelemetryOptions>(options => options.SeverityProvider = _ => ResilienceEventSeverity.Debug);
        return services
            .AddResiliencePipeline(PipelineNames.Reconnect, AddRetry)
            .AddResiliencePipeline(PipelineNames.UntilAvailable, AddRetry);
    }

    /// <summary>Runs work until it succeeds, with an observer of its failures.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async ValueTask<T> ExecuteAsync<T>(
        this ResiliencePipeline pipeline, RetryObserver observer, Func<CancellationToken, Task<T>> work,
            CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(s_observer, observer);
        try
        {
            var result = await pipeline.ExecuteAsync(static async (context, work) => await work(context.CancellationToken), context, work);
            observer.OnSuccess();
            return result;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static void AddRetry(ResiliencePipelineBuilder builder, AddResiliencePipelineContext<string> context)
    {
        var options = context.ServiceProvider.GetRequiredService<IOptionsMonitor<RetryOptions>>().Get(context.PipelineKey);
        builder.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
        builder.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = attempt => ValueTask.FromResult(
                attempt.Outcome.Exception is { } failure
                && !attempt.Context.CancellationToken.IsCancellationRequested
                && (ObserverOf(attempt.Context)?.IsRetried(failure) ?? true)),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.FirstDelay,
            MaxDelay = options.MaxDelay,
            OnRetry = attempt =>
            {
                ObserverOf(attempt.Context)?.OnFailure(attempt.Outcome.Exception!, attempt.AttemptNumber + 1);
                return default;
            },
        });
    }

    private static RetryObserver? ObserverOf(ResilienceContext context) =>
        context.Properties.TryGetValue(s_observer, out var observer) ? observer : null;
}
