namespace Recommender.Retrieval;

/// <summary>How an index is chosen.</summary>
public sealed record ItemIndexOptions
{
    /// <summary>
    /// Catalogues up to this many items are always searched exactly and in full; larger ones by neighbourhood. 100,000 × 64 take about as long as
    /// reading 6.4 MB.
    /// </summary>
    public int LargestFullScan { get; init; } = 100_000;

    /// <summary>How neighbourhoods are built and searched, where there are any.</summary>
    public CellIndexOptions Cells { get; init; } = new();

    /// <summary>The inner loops; null: <see cref="Retrieval.Kernel.Default"/>.</summary>
    public Kernel? Kernel { get; init; }
}

/// <summary>Chooses the kind of index by the size of the catalogue. <see cref="IItemIndex.Description"/> tells what was chosen.</summary>
public static class ItemIndexes
{
    /// <summary>Below this, the float32 scan is done before the int8 scan has prepared its query.</summary>
    private const int SmallestQuantized = 512;

    /// <param name="factors">items × rank, row-major. The index refers to them; they must not change while it lives.</param>
    /// <exception cref="ArgumentException">The factors are not a whole number of rows, or an option is out of range.</exception>
    public static IItemIndex Create(ReadOnlyMemory<float> factors, int rank, ItemIndexOptions? options = null)
    {
        Arguments.CheckFactors(factors, rank);
        options ??= new ItemIndexOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.LargestFullScan, nameof(options.LargestFullScan));
        int count = factors.Length / rank;
        if (count > options.LargestFullScan) return new CellIndex(factors, rank, options.Cells with { Kernel = options.Cells.Kernel ?? options.Kernel });
        return count < SmallestQuantized ? new ExactIndex(factors, rank, options.Kernel) : new QuantizedIndex(factors, rank, options.Kernel);
    }
}
