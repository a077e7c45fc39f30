using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Accepting;

/// <summary>
/// Knows how many messages wait for the Trainer. A queue that grows without end fills the broker's disk; long before that, requests are
/// refused,
/// and producers keep what they have until the Trainer has caught up.
/// </summary>
internal sealed class QueueGuard(IStreamAdministration streams, IngestOptions options, TimeProvider clock) : BackgroundService
{
    private long _depth;

    public bool IsFull => options.QueueMessagesLimit > 0 && Interlocked.Read(ref _depth) >= options.QueueMessagesLimit;

    /// <exception cref="ProblemException">As many messages wait as may.</exception>
    public void ThrowIfFull()
    {
        if (IsFull) throw new ProblemException(Problem.Unavailable(
            "More events wait to be processed than may (Ingest:QueueMessagesLimit). Send the request again later.", retryAfterSeconds: 5));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.QueueMessagesLimit == 0) return;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.QueueCheckEverySeconds), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                Interlocked.Exchange(ref _depth, (await streams.GetDepthsAsync(stoppingToken)).GetValueOrDefault(Topology.Interactions));
            }
            catch (StreamUnavailableException)
            {
                // Publishing says so itself, and to whom it matters.
            }
        }
    }
}
