using Recommender.Retrieval.Cells;
using Recommender.Retrieval.Quantized;

namespace Recommender.Retrieval;

/// <summary>
/// Chooses the kind of index by the size of the catalogue and the lengths of its factors. <see cref="IItemIndex.Description"/> names the
/// choice.
/// </summary>
public static class ItemIndexes
{
    /// <summary>Below this number of items, a float32 scan takes less time than quantizing a query for the int8 scan.</summary>
    private const int SmallestQuantized = 512;

    /// <param name="factors">items × rank, row-major. The index refers to them; they must not change while it lives.</param>
    /// <exception cref="ArgumentException">The factors are not a whole number of rows, or an option is out of range.</exception>
    public static IItemIndex Create(ReadOnlyMemory<float> factors, int rank, ItemIndexOptions? options = null)
    {
        Arguments.CheckFactors(factors, rank);
        options ??= new ItemIndexOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.LargestScanRows, nameof(options.LargestScanRows));
        int count = factors.Length / rank;
        if (count < SmallestQuantized && count <= options.LargestScanRows) return new ExactIndex(factors, rank, options.Kernel);
        if (count <= options.LargestScanRows) return new QuantizedIndex(factors, rank, options.Kernel);
        if (options.Cells.SampleQueries is { } queries && options.LargestScanRows > 0)
        {
            options.Cells.Check(rank);
            var exact = new QuantizedIndex(factors, rank, options.Kernel);
            if (MeanRead(exact, queries, options.Cells.Threads) <= options.LargestScanRows) return exact;
        }

        return new CellIndex(factors, rank, options.Cells with { Kernel = options.Cells.Kernel ?? options.Kernel });
    }

    /// <summary>Mean number of rows that an unfiltered search for 20 items reads, over the sample queries.</summary>
    private static double MeanRead(QuantizedIndex index, ReadOnlyMemory<float> queries, int threads)
    {
        const int K = 20;
        var read = new int[queries.Length / index.Rank];
        Parallel.For(0, read.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, q =>
        {
            index.Search(queries.Span.Slice(q * index.Rank, index.Rank), K, default, new ScoredItem[K], out read[q]);
        });
        return read.Average();
    }
}
