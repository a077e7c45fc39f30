using Recommender.Contracts;

namespace Recommender.Storage;

/// <summary>The database is unreachable or temporarily refuses work. Nothing was changed.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : DependencyUnavailableException(message, inner)
{
    /// <summary>Whether no space is left. Retries fail until an operator frees some.</summary>
    public bool IsFull { get; init; }
}
