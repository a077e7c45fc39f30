namespace Recommender.Factorization;

/// <summary>
/// A sparse item–item term: for each item i its strongest neighbours j with s_ij. The term adds
/// <c>Σ_i c_i·p_i·s_ij</c> over the history's entries to the score of j, c being an entry's weight and p its target. Immutable.
/// </summary>
public sealed class ItemNeighbours
{
    /// <param name="starts">Item i's neighbours are entries <c>starts[i] .. starts[i + 1]</c>.</param>
    internal ItemNeighbours(long[] starts, int[] items, float[] strengths)
    {
        Starts = starts;
        Items = items;
        Strengths = strengths;
    }

    internal long[] Starts { get; }

    internal int[] Items { get; }

    internal float[] Strengths { get; }

    public int ItemCount => Starts.Length - 1;

    /// <summary>Neighbours of <paramref name="item"/>, strongest first.</summary>
    public ReadOnlySpan<int> Of(int item) => Items.AsSpan((int)Starts[item], (int)(Starts[item + 1] - Starts[item]));

    /// <summary>s_ij of each of <see cref="Of"/>.</summary>
    public ReadOnlySpan<float> StrengthsOf(int item) => Strengths.AsSpan((int)Starts[item], (int)(Starts[item + 1] - Starts[item]));

    /// <summary>Overwrites <paramref name="scores"/> (one per item) with the term.</summary>
    public void Score(ReadOnlySpan<HistoryEntry> history, Span<float> scores)
    {
        scores.Clear();
        foreach (var entry in history)
        {
            float given = entry.Weight * entry.Target;
            if (given <= 0) continue;
            var items = Of(entry.Item);
            var strengths = StrengthsOf(entry.Item);
            for (int n = 0; n < items.Length; n++) scores[items[n]] += given * strengths[n];
        }
    }

    /// <summary>s_ij, 0 where j is not a neighbour of i.</summary>
    public float Strength(int item, int neighbour)
    {
        int at = Of(item).IndexOf(neighbour);
        return at < 0 ? 0 : StrengthsOf(item)[at];
    }
}
