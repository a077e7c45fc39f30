using System.Diagnostics;
using Recommender.Contracts;

namespace Recommender.Messaging.Streams;

/// <summary>Appends to a durable stream (<see cref="Topology"/>): RabbitMQ with publisher confirms, or the embedded journal.</summary>
public interface IStreamPublisher
{
    /// <summary>Publishes a message. Completes when it is durable. Thread-safe.</summary>
    /// <param name="body">A JSON array, or one object.</param>
    /// <param name="origins">Trace contexts of the requests whose elements are in the message.</param>
    /// <exception cref="StreamUnavailableException">The broker is unavailable or refuses. The message may still have been accepted: retry
    /// with the same ids.</exception>
    Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins,
        CancellationToken cancellationToken);

    /// <summary>False while the broker is known to be unreachable, so that publishing would fail at once.</summary>
    bool IsAvailable { get; }
}
