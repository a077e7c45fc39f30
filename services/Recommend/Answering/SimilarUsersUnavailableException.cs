namespace Recommender.Recommend.Answering;

/// <summary>Similar users cannot be found now. The message is for the caller.</summary>
internal sealed class SimilarUsersUnavailableException(string message, int retryAfterSeconds) : Exception(message)
{
    public int RetryAfterSeconds { get; } = retryAfterSeconds;
}
