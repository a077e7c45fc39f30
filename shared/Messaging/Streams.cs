using System.Diagnostics;

namespace Recommender.Messaging;

/// <summary>Appends to a durable stream (<see cref="Contracts.Topology"/>): RabbitMQ with publisher confirms, or the embedded journal.</summary>
public interface IStreamPublisher
{
    /// <summary>
    /// Completes when the message is durable. Concurrent calls may be in flight at once.
    /// </summary>
    /// <param name="body">A JSON array, or one object.</param>
    /// <param name="origins">Trace contexts of the requests whose elements the message carries.</param>
    /// <exception cref="StreamUnavailableException">The broker is gone or refuses; nothing is claimed. It may still have taken the message: retry with the same ids.</exception>
    Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins, CancellationToken cancellationToken);

    /// <summary>False while the broker is known to be unreachable; publishing would fail at once.</summary>
    bool IsAvailable { get; }
}

/// <summary>Takes messages off a stream in batches, at least once each.</summary>
public interface IStreamConsumer
{
    /// <summary>
    /// Runs until cancelled. Hands over whatever has arrived, without waiting for more, at most <paramref name="maxBatchBytes"/> of bodies at a time, in order.
    /// When the handler returns, what it names as dead is made durable in <see cref="Contracts.Topology.DeadLetters"/> with its reason, and then the batch is acknowledged.
    /// When it throws, nothing is acknowledged and the batch comes again after a growing pause. Reconnects by itself.
    /// </summary>
    Task RunAsync(string stream, int maxBatchBytes, StreamHandler handler, CancellationToken cancellationToken);
}

public delegate Task<IReadOnlyList<DeadMessage>> StreamHandler(IReadOnlyList<Delivery> batch, CancellationToken cancellationToken);

/// <param name="Origins">Trace contexts of the requests that brought it; empty from foreign producers.</param>
public sealed record Delivery(ReadOnlyMemory<byte> Body, IReadOnlyList<ActivityContext> Origins, bool Redelivered)
{
    /// <summary>The producer's name for the message, where it gave one.</summary>
    public string? MessageId { get; init; }

    /// <summary>The producer's time of sending, where it gave one.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>How the body is still compressed; null where it is plain, as it always is where a handler sees it.</summary>
    public string? ContentEncoding { get; init; }
}

/// <summary>A message, or a part of one, that can never be processed.</summary>
public sealed record DeadMessage(ReadOnlyMemory<byte> Body, string Reason)
{
    /// <summary>How the body is compressed; null where it is plain. Set only where it could not be decompressed.</summary>
    public string? ContentEncoding { get; init; }
}

/// <summary>What operators see and do about streams.</summary>
public interface IStreamAdministration
{
    /// <summary>Messages waiting, by stream, dead letters included. On RabbitMQ without those a consumer holds unacknowledged.</summary>
    Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken);

    /// <summary>Looks at dead letters without removing them.</summary>
    Task<Contracts.DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Moves all dead letters back to the streams they came from; returns how many.</summary>
    Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken);

    /// <summary>Removes the dead letters whose body the predicate picks, as an erasure does; returns how many.</summary>
    Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken);
}

/// <summary>Nothing can be published for now.</summary>
public sealed class StreamUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The disk is full: a retry helps only after someone made room.</summary>
    public bool IsFull { get; init; }
}
