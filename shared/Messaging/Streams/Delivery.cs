using System.Diagnostics;

namespace Recommender.Messaging.Streams;

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
