using Recommender.Contracts;

namespace Recommender.Messaging.Streams;

/// <summary>Publishing is temporarily impossible.</summary>
public sealed class StreamUnavailableException(string message, Exception? inner = null) : DependencyUnavailableException(message, inner)
{
    /// <summary>Whether the disk is full. Retries fail until space is freed.</summary>
    public bool IsFull { get; init; }
}
