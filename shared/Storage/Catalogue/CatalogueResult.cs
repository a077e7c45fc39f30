using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

public sealed record CatalogueResult
{
    /// <summary>The items of all commands that did not fail, including unchanged items.</summary>
    public required IReadOnlyList<CatalogueEntry> Changed { get; init; }

    /// <summary>Number of ignored commands: changes that were already applied, and patches of deleted items.</summary>
    public int Ignored { get; init; }

    /// <summary>Failed commands with position and reason.</summary>
    public required IReadOnlyList<RejectedElement> Failed { get; init; }
}
