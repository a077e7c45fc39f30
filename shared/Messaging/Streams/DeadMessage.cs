namespace Recommender.Messaging.Streams;

/// <summary>A message, or a part of one, that can never be processed.</summary>
public sealed record DeadMessage(ReadOnlyMemory<byte> Body, string Reason)
{
    /// <summary>How the body is compressed; null where it is plain. Set only where it could not be decompressed.</summary>
    public string? ContentEncoding { get; init; }
}
