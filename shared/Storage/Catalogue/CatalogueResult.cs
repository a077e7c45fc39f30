using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

public sealed record CatalogueResult
{
    /// <summary>Every item that was named by a command and not by failed ones alone, also where nothing changed.</summary>
    public required IReadOnlyList<CatalogueEntry> Changed { get; init; }

    /// <summary>How many commands were ignored: changes applied before, and patches of deleted items.</summary>
    public int Ignored { get; init; }

    /// <summary>Commands that could not be applied, by position, with the reason.</summary>
    public required IReadOnlyList<RejectedElement> Failed { get; init; }
}
