namespace Recommender.Retrieval;

/// <summary>How an index is chosen and built.</summary>
public sealed record ItemIndexOptions
{
    /// <summary>The inner loops; null: <see cref="Retrieval.Kernel.Default"/>.</summary>
    public Kernel? Kernel { get; init; }
}

/// <summary>Chooses the kind of index by the size of the catalogue.</summary>
public static class ItemIndexes
{
    /// <param name="factors">items × rank, row-major. The index refers to them; they must not change while it lives.</param>
    public static IItemIndex Create(ReadOnlyMemory<float> factors, int rank, ItemIndexOptions? options = null) => new ExactIndex(factors, rank, options?.Kernel);
}
