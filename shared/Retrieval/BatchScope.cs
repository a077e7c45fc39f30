namespace Recommender.Retrieval;

/// <summary>What each of several searches may return: one allowed set for all, and excluded positions of each.</summary>
public readonly ref struct BatchScope
{
    /// <param name="allowed">Only these positions may appear in any result; null: all.</param>
    /// <param name="excluded">The excluded positions of every query, one query's after another's, each in ascending order.</param>
    /// <param name="excludedStarts">Where each query's excluded positions start in <paramref name="excluded"/>, plus the end: queries + 1
    /// numbers. Empty: nothing is excluded.</param>
    public BatchScope(ItemSet? allowed, ReadOnlySpan<int> excluded = default, ReadOnlySpan<int> excludedStarts = default)
    {
        for (int q = 0; q + 1 < excludedStarts.Length; q++) _ = new SearchScope(null, excluded[excludedStarts[q]..excludedStarts[q + 1]]);
        if (excludedStarts.IsEmpty && !excluded.IsEmpty)
            throw new ArgumentException("Excluded positions need the starts of each query's.", nameof(excludedStarts));
        Allowed = allowed;
        Excluded = excluded;
        ExcludedStarts = excludedStarts;
    }

    public ItemSet? Allowed { get; }

    public ReadOnlySpan<int> Excluded { get; }

    public ReadOnlySpan<int> ExcludedStarts { get; }

    internal ItemSet? Hidden { get; init; }

    /// <summary>The scope of one of the queries.</summary>
    public SearchScope Of(int query) => new(Allowed, ExcludedStarts.IsEmpty ? default
        : Excluded[ExcludedStarts[query]..ExcludedStarts[query + 1]], Hidden);
}
