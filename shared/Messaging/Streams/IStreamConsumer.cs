using Recommender.Contracts;

namespace Recommender.Messaging.Streams;

/// <summary>Takes messages off a stream in batches, at least once each.</summary>
public interface IStreamConsumer
{
    /// <summary>
    /// Runs until cancelled. Hands over what has arrived, without waiting for more, at most <paramref name="maxBatchBytes"/> of bodies
    /// at a time, in order.
    /// When the handler returns, what it names as dead is made durable in <see cref="Topology.DeadLetters"/> with its reason, and then the
    /// batch is acknowledged.
    /// When it throws, nothing is acknowledged and the batch comes again after a growing pause. Reconnects automatically.
    /// </summary>
    Task RunAsync(string stream, int maxBatchBytes, StreamHandler handler, CancellationToken cancellationToken);
}
