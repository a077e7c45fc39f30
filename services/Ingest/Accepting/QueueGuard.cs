using Polly.Registry;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Requests;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Ingest.Accepting;

/// <summary>
/// Counts the messages that wait for the Trainer. A queue that grows without end fills the broker's disk; long before that, requests are
/// refused, and producers keep what they have until the Trainer has caught up.
/// </summary>
internal sealed class QueueGuard(
    IStreamAdministration streams,
    IngestOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<QueueGuard> logger) : RepeatingWorker("Counting of waiting messages", pipelines, clock, logger)
{
    private long _depth;

    public bool IsFull => options.QueueMessagesLimit > 0 && Interlocked.Read(ref _depth) >= options.QueueMessagesLimit;

    /// <exception cref="ProblemException">The queue is over its limit.</exception>
    public void ThrowIfFull()
    {
        if (IsFull) throw new ProblemException(Problem.Unavailable(
            "The event queue is over its limit (Ingest:QueueMessagesLimit). Send the request again later.", retryAfterSeconds: 5));
    }

    protected override bool IsEnabled => options.QueueMessagesLimit > 0;

    protected override TimeSpan FirstPause => TimeSpan.FromSeconds(options.QueueCheckEverySeconds);

    protected override TimeSpan? PauseWhileUnavailable => FirstPause;

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _depth, (await streams.GetDepthsAsync(cancellationToken)).GetValueOrDefault(Topology.Interactions));
        return FirstPause;
    }
}
