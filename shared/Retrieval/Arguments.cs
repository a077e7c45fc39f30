namespace Recommender.Retrieval;

/// <summary>Argument checks shared by all indexes.</summary>
internal static class Arguments
{
    /// <returns>Maximum number of results: min(k, Count).</returns>
    /// <exception cref="ArgumentException">The query is not Rank long, or results is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is negative.</exception>
    public static int CheckSearch(IItemIndex index, ReadOnlySpan<float> query, int k, Span<ScoredItem> results)
    {
        if (query.Length != index.Rank)
            throw new ArgumentException($"The query has {query.Length} numbers; the index has rank {index.Rank}.", nameof(query));
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        int wanted = Math.Min(k, index.Count);
        if (results.Length < wanted) throw new ArgumentException($"Results hold {results.Length} items; {wanted} are wanted.",
            nameof(results));
        return wanted;
    }

    public static void CheckScore(IItemIndex index, ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores)
    {
        if (query.Length != index.Rank)
            throw new ArgumentException($"The query has {query.Length} numbers; the index has rank {index.Rank}.", nameof(query));
        if (scores.Length < items.Length)
            throw new ArgumentException($"Scores hold {scores.Length} numbers; {items.Length} items are given.", nameof(scores));
    }

    public static void CheckItem(IItemIndex index, int item)
    {
        if ((uint)item >= (uint)index.Count) throw new ArgumentOutOfRangeException(nameof(item),
            item, $"The index holds positions 0 to {index.Count - 1}.");
    }

    public static void CheckFactors(ReadOnlyMemory<float> factors, int rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        if (factors.Length % rank != 0)
            throw new ArgumentException($"{factors.Length} numbers are not a whole number of rows of rank {rank}.", nameof(factors));
    }
}
