namespace Recommender.Contracts;

/// <summary>A compressed body cannot be read. The message has the reason, for the caller.</summary>
public sealed class ContentCodingException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The body is sound, but expands to more than is allowed.</summary>
    public bool IsTooLarge { get; init; }
}
