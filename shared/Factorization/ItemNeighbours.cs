namespace Recommender.Factorization;

/// <summary>
/// A sparse item–item term: for each item i its strongest neighbours j with s_ij. The term adds
/// <c>Σ_e c_e·p_e·s_ej / (Σ_e c_e·p_e)^HistoryPower</c> over the history's entries to the score of j, c being an entry's weight and p its
/// target. Immutable.
/// </summary>
public sealed class ItemNeighbours
{
    /// <param name="starts">Item i's neighbours are entries <c>starts[i] .. starts[i + 1]</c>, strongest first.</param>
    internal ItemNeighbours(long[] starts, int[] items, float[] strengths, float historyPower)
    {
        Starts = starts;
        Items = items;
        Strengths = strengths;
        HistoryPower = historyPower;
    }

    internal long[] Starts { get; }

    internal int[] Items { get; }

    internal float[] Strengths { get; }

    /// <summary>0: the term grows with the history; 1: it is a mean.</summary>
    public float HistoryPower { get; }

    public int ItemCount => Starts.Length - 1;

    /// <summary>Neighbours of <paramref name="item"/>, strongest first.</summary>
    public ReadOnlySpan<int> Of(int item) => Items.AsSpan((int)Starts[item], (int)(Starts[item + 1] - Starts[item]));

    /// <summary>s_ij of each of <see cref="Of"/>.</summary>
    public ReadOnlySpan<float> StrengthsOf(int item) => Strengths.AsSpan((int)Starts[item], (int)(Starts[item + 1] - Starts[item]));

    /// <summary>What one entry's strengths are multiplied by is this × its weight × its target: <c>(Σ c·p)^−HistoryPower</c>.</summary>
    public float Scale(ReadOnlySpan<HistoryEntry> history)
    {
        double sum = 0;
        foreach (var entry in history) sum += MathF.Max(entry.Weight, 0) * entry.Target;
        return sum > 0 ? (float)Math.Pow(sum, -HistoryPower) : 0;
    }

    /// <summary>Overwrites <paramref name="scores"/> (one per item) with the term.</summary>
    public void Score(ReadOnlySpan<HistoryEntry> history, Span<float> scores)
    {
        scores.Clear();
        float scale = Scale(history);
        foreach (var entry in history)
        {
            float given = scale * entry.Weight * entry.Target;
            if (!(given > 0)) continue;
            var items = Of(entry.Item);
            var strengths = StrengthsOf(entry.Item);
            for (int n = 0; n < items.Length; n++) scores[items[n]] += given * strengths[n];
        }
    }

    /// <summary>Adds what each entry contributes to the term of <paramref name="item"/>.</summary>
    public void AddShares(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        float scale = Scale(history);
        for (int e = 0; e < history.Length; e++)
        {
            float given = scale * history[e].Weight * history[e].Target;
            if (given > 0) contributions[e] += given * Strength(history[e].Item, item);
        }
    }

    /// <summary>s_ij, 0 where j is not a neighbour of i.</summary>
    public float Strength(int item, int neighbour)
    {
        int at = Of(item).IndexOf(neighbour);
        return at < 0 ? 0 : StrengthsOf(item)[at];
    }

    /// <summary>The same neighbours with all strengths multiplied and another power of the history.</summary>
    internal ItemNeighbours With(float weight, float historyPower)
    {
        var strengths = new float[Strengths.Length];
        for (int n = 0; n < strengths.Length; n++) strengths[n] = weight * Strengths[n];
        return new ItemNeighbours(Starts, Items, strengths, historyPower);
    }

    internal void Write(ModelWriter writer)
    {
        writer.Numbers<float>([HistoryPower]);
        writer.Numbers<long>(Starts);
        writer.Numbers<int>(Items);
        writer.Numbers<float>(Strengths);
    }

    internal static ItemNeighbours Read(ModelReader reader)
    {
        float power = reader.Numbers<float>(1)[0];
        var starts = reader.Numbers<long>();
        var items = reader.Numbers<int>();
        if (starts.Length == 0 || starts[0] != 0 || starts[^1] != items.Length || items.AsSpan().ContainsAnyExceptInRange(0, starts.Length - 2))
            throw new InvalidDataException("The model is damaged: its neighbours do not fit its items.");
        for (int i = 1; i < starts.Length; i++)
            if (starts[i] < starts[i - 1]) throw new InvalidDataException("The model is damaged: its neighbours are not in order.");
        return new ItemNeighbours(starts, items, reader.Numbers<float>(items.Length), power);
    }
}
