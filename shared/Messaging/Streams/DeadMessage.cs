namespace Recommender.Messaging.Streams;

/// <summary>A message, or a part of one, that can never be processed.</summary>
public sealed record DeadMessage(ReadOnlyMemory<byte> Body, string Reason)
{
    /// <summary>Content encoding of a body that cannot be decompressed; null for a plain body.</summary>
    public string? ContentEncoding { get; init; }
}
