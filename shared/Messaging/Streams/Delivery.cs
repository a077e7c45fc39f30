using System.Diagnostics;

namespace Recommender.Messaging.Streams;

/// <param name="Origins">Trace contexts of the originating requests; empty for foreign producers.</param>
public sealed record Delivery(ReadOnlyMemory<byte> Body, IReadOnlyList<ActivityContext> Origins, bool Redelivered)
{
    /// <summary>The producer's message id; null without one.</summary>
    public string? MessageId { get; init; }

    /// <summary>The producer's time of sending; null without one.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>Content encoding of a compressed body; null for a plain one. Handlers always get plain bodies.</summary>
    public string? ContentEncoding { get; init; }
}
