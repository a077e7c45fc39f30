using Recommender.Contracts;

namespace Recommender.Storage;

/// <summary>The database cannot be reached or refuses work for now. Nothing was changed.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : DependencyUnavailableException(message, inner)
{
    /// <summary>There is no space left: retrying helps only after an operator has made some.</summary>
    public bool IsFull { get; init; }
}
