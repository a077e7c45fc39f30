namespace Recommender.Retrieval;

/// <summary>Which items a search may return. The default value allows every item.</summary>
public readonly ref struct SearchScope
{
    /// <param name="allowed">The allowed positions; null: all. Positions beyond the set's length are not allowed.</param>
    /// <param name="excluded">Excluded positions in ascending order. Repetitions are allowed; positions outside the index are
    /// ignored.</param>
    /// <exception cref="ArgumentException"><paramref name="excluded"/> is not in ascending order.</exception>
    public SearchScope(ItemSet? allowed, ReadOnlySpan<int> excluded = default)
    {
        for (int i = 1; i < excluded.Length; i++)
        {
            if (excluded[i] < excluded[i - 1])
                throw new ArgumentException($"Excluded positions must ascend; at {i}, {excluded[i]} follows {excluded[i - 1]}.",
                    nameof(excluded));
        }

        Allowed = allowed;
        Excluded = excluded;
    }

    internal SearchScope(ItemSet? allowed, ReadOnlySpan<int> excluded, ItemSet? hidden)
    {
        Allowed = allowed;
        Excluded = excluded;
        Hidden = hidden;
    }

    public ItemSet? Allowed { get; }

    public ReadOnlySpan<int> Excluded { get; }

    /// <summary>Positions that a search of this index must not return: gaps, and rows that a newer row replaces.</summary>
    internal ItemSet? Hidden { get; }

    /// <summary>Whether the scope includes a position.</summary>
    public bool Allows(int item) =>
        (Allowed is null || Allowed.Contains(item)) && (Hidden is null || !Hidden.Contains(item))
        && (Excluded.IsEmpty || Excluded.BinarySearch(item) < 0);
}
