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
    /// <summary>Below this, the float32 scan is done before the int8 scan has prepared its query.</summary>
    private const int SmallestQuantized = 512;

    /// <param name="factors">items × rank, row-major. The index refers to them; they must not change while it lives.</param>
    public static IItemIndex Create(ReadOnlyMemory<float> factors, int rank, ItemIndexOptions? options = null)
    {
        Arguments.CheckFactors(factors, rank);
        return factors.Length / rank < SmallestQuantized ? new ExactIndex(factors, rank, options?.Kernel) : new QuantizedIndex(factors, rank, options?.Kernel);
    }
}
