using Recommender.Contracts;

namespace Recommender.Messaging.Streams;

/// <summary>Nothing can be published for now.</summary>
public sealed class StreamUnavailableException(string message, Exception? inner = null) : DependencyUnavailableException(message, inner)
{
    /// <summary>The disk is full: a retry helps only after someone made room.</summary>
    public bool IsFull { get; init; }
}
