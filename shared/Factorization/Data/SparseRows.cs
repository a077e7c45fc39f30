namespace Recommender.Factorization.Data;

/// <summary>Sparse rows (compressed sparse rows): row r's columns are <c>Columns[Starts[r] .. Starts[r + 1]]</c>, ascending.</summary>
/// <param name="Weights">Null when every weight is 1.</param>
/// <param name="Targets">Null when every target is 1.</param>
/// <param name="Places"><see cref="HistoryEntry.Place"/> of each entry; null if times are unknown.</param>
public sealed record SparseRows(long[] Starts, int[] Columns, float[]? Weights, float[]? Targets, int[]? Places = null)
{
    public int Count => Starts.Length - 1;

    /// <summary>Number of entries of a row.</summary>
    public int Length(int row) => (int)(Starts[row + 1] - Starts[row]);

    /// <summary>Columns of a row, ascending.</summary>
    public ReadOnlySpan<int> Row(int row) => Columns.AsSpan((int)Starts[row], Length(row));

    /// <summary>Weight of an entry, by its position in <see cref="Columns"/>.</summary>
    public float Weight(long entry) => Weights is null ? 1 : Weights[entry];

    /// <summary>Target of an entry, by its position in <see cref="Columns"/>.</summary>
    public float Target(long entry) => Targets is null ? 1 : Targets[entry];

    /// <summary>The row as a history.</summary>
    public HistoryEntry[] History(int row)
    {
        var history = new HistoryEntry[Length(row)];
        for (int e = 0; e < history.Length; e++)
        {
            long at = Starts[row] + e;
            history[e] = new HistoryEntry(Columns[at], Weight(at), Target(at), Places is null ? 0 : Places[at]);
        }

        return history;
    }
}
