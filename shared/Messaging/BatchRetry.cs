using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Recommender.Messaging;

/// <summary>
/// Runs a handler on a batch until it succeeds. A failing handler means a part behind it is down (database, factor store), so the
/// batch stays where it is, in order and unacknowledged, and nothing is given up: what can never be processed the handler names itself.
/// </summary>
internal static class BatchRetry
{
    public static async Task<IReadOnlyList<DeadMessage>> RunAsync(string stream, IReadOnlyList<Delivery> batch, StreamHandler handler, MessagingTelemetry telemetry, MessagingOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            return await TryAsync(batch, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Report(e, 1);
        }

        var again = batch.Select(delivery => delivery with { Redelivered = true }).ToList();
        var pipeline = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(_ => !cancellationToken.IsCancellationRequested),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(50),
            MaxDelay = options.MaxRetryDelay,
            OnRetry = attempt =>
            {
                Report(attempt.Outcome.Exception!, attempt.AttemptNumber + 2);
                return default;
            },
        }).Build();
        await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        return await pipeline.ExecuteAsync(async token => await TryAsync(again, token), cancellationToken);

        async Task<IReadOnlyList<DeadMessage>> TryAsync(IReadOnlyList<Delivery> deliveries, CancellationToken token)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                var dead = await handler(deliveries, token);
                telemetry.Tried(stream, start);
                return dead;
            }
            catch (Exception e)
            {
                telemetry.Tried(stream, start, e);
                throw;
            }
        }

        void Report(Exception exception, int attempt)
        {
            // The whole exception once; then one line each time the count doubles.
            if (attempt == 1) logger.LogError(exception, "Handling {Count} messages of {Stream} failed; trying again until it succeeds", batch.Count, stream);
            else if ((attempt & (attempt - 1)) == 0) logger.LogError("Handling {Count} messages of {Stream} has failed {Attempts} times: {Reason}", batch.Count, stream, attempt, exception.Message);
        }
    }
}
