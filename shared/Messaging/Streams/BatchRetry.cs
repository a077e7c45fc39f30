using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using Recommender.ServiceDefaults.Resilience;

namespace Recommender.Messaging.Streams;

/// <summary>
/// Runs a handler on a batch until it succeeds. A failing handler means that a dependency is down (database, factor store), so the batch
/// stays in order and unacknowledged. Messages that can never be processed are returned by the handler.
/// </summary>
internal sealed class BatchRetry(ResiliencePipelineProvider<string> pipelines, MessagingTelemetry telemetry, ILogger logger)
{
    private readonly ResiliencePipeline _pipeline = pipelines.GetPipeline(PipelineNames.UntilAvailable);

    public async Task<IReadOnlyList<DeadMessage>> RunAsync(
        string stream, IReadOnlyList<Delivery> batch, StreamHandler handler, CancellationToken cancellationToken)
    {
        var log = new Log(logger, stream, batch.Count);
        return await _pipeline.ExecuteAsync(log, async token =>
        {
            if (log.HasFailed) batch = [.. batch.Select(delivery => delivery with { Redelivered = true })];
            long start = Stopwatch.GetTimestamp();
            try
            {
                var dead = await handler(batch, token);
                telemetry.Tried(stream, start);
                return dead;
            }
            catch (Exception e)
            {
                telemetry.Tried(stream, start, e);
                throw;
            }
        }, cancellationToken);
    }

    /// <summary>Logs the exception once, and then one line each time the number of failures doubles.</summary>
    private sealed class Log(ILogger logger, string stream, int count) : RetryObserver
    {
        public bool HasFailed { get; private set; }

        public override void OnFailure(Exception failure, int attempt)
        {
            HasFailed = true;
            if (attempt == 1)
                logger.BatchFailed(failure, count, stream);
            else if (int.IsPow2(attempt))
                logger.BatchStillFails(stream, attempt, failure.Message);
        }
    }
}
