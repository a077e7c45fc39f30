using Recommender.Contracts;

namespace Recommender.Messaging.Streams;

/// <summary>Consumes a stream in batches, with at-least-once delivery.</summary>
public interface IStreamConsumer
{
    /// <summary>
    /// Runs until cancelled. Passes arrived messages to the handler in order, without waiting for more, at most <paramref
    /// name="maxBatchBytes"/> of bodies at a time. When the handler returns, its dead messages are written to <see
    /// cref="Topology.DeadLetters"/> with their reasons, and then the batch is acknowledged. When it throws, nothing is acknowledged and
    /// the batch is repeated after a growing pause. Reconnects automatically.
    /// </summary>
    Task RunAsync(string stream, int maxBatchBytes, StreamHandler handler, CancellationToken cancellationToken);
}
