namespace Recommender.Contracts;

/// <summary>A compressed body cannot be decoded. The message is written for the client that sent it.</summary>
public sealed class ContentCodingException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the body is valid but expands beyond the limit.</summary>
    public bool IsTooLarge { get; init; }
}
