using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Neighbourhood;

/// <summary>
/// A sparse item–item term: for each item i its strongest neighbours j with strengths s_ij. The term adds <c>Weight · Σ_e c_e·p_e·s_ej /
/// (Σ_e c_e·p_e)^HistoryPower</c> to the score of j, over the entries e of the history with weight c (weighted by recency if <see
/// cref="HalfLife"/> is set) and target p. Never negative. Immutable.
/// </summary>
public sealed class ItemNeighbours
{
    private readonly long[] _starts;
    private readonly int[] _items;
    private readonly float[] _strengths;

    /// <param name="starts">Neighbours of item i are at <c>starts[i] .. starts[i + 1]</c>, ascending by item.</param>
    internal ItemNeighbours(long[] starts, int[] items, float[] strengths, float weight, float historyPower, float halfLife = 0)
    {
        HalfLife = halfLife;
        this._starts = starts;
        this._items = items;
        this._strengths = strengths;
        Weight = weight;
        HistoryPower = historyPower;
    }

    /// <summary>Weight of the whole term.</summary>
    public float Weight { get; }

    /// <summary>0: the term grows with the history; 1: it is a mean.</summary>
    public float HistoryPower { get; }

    /// <summary>
    /// Number of newer entries at which a weight is halved, as in <see cref="RecencySettings"/>; 0: no weighting by recency.
    /// </summary>
    public float HalfLife { get; }

    public int ItemCount => _starts.Length - 1;

    /// <summary>Number of (item, neighbour) pairs.</summary>
    public long Count => _items.LongLength;

    /// <summary>Neighbours of <paramref name="item"/>, ascending.</summary>
    public ReadOnlySpan<int> Of(int item) => _items.AsSpan((int)_starts[item], (int)(_starts[item + 1] - _starts[item]));

    /// <summary>s_ij of each of <see cref="Of"/>, in 0..1.</summary>
    public ReadOnlySpan<float> StrengthsOf(int item) => _strengths.AsSpan((int)_starts[item], (int)(_starts[item + 1] - _starts[item]));

    /// <summary>c·p of an entry, at least 0.</summary>
    public float Given(in HistoryEntry entry) => MathF.Max(entry.Weight, 0) * RecencyModel.Share(entry.Place, HalfLife) * entry.Target;

    /// <summary><c>Weight · (Σ c·p)^−HistoryPower</c>: factor of <see cref="Given"/> times strength in the term.</summary>
    public float Scale(ReadOnlySpan<HistoryEntry> history)
    {
        double sum = 0;
        foreach (var entry in history) sum += Given(entry);
        return sum > 0 ? (float)(Weight * Math.Pow(sum, -HistoryPower)) : 0;
    }

    /// <summary>Computes the term of all items.</summary>
    public void Score(ReadOnlySpan<HistoryEntry> history, Span<float> scores)
    {
        scores.Clear();
        float scale = Scale(history);
        foreach (var entry in history)
        {
            float given = scale * Given(entry);
            if (!(given > 0)) continue;
            var neighbours = Of(entry.Item);
            var own = StrengthsOf(entry.Item);
            for (int n = 0; n < neighbours.Length; n++) scores[neighbours[n]] += given * own[n];
        }
    }

    /// <summary>Adds the contribution of each entry to the term of <paramref name="item"/>.</summary>
    public void AddShares(ReadOnlySpan<HistoryEntry> history, int item, Span<float> contributions)
    {
        float scale = Scale(history);
        for (int e = 0; e < history.Length; e++)
        {
            float given = scale * Given(history[e]);
            if (given > 0) contributions[e] += given * Strength(history[e].Item, item);
        }
    }

    /// <summary>s_ij; 0 if j is not a neighbour of i.</summary>
    public float Strength(int item, int neighbour)
    {
        int at = Of(item).BinarySearch(neighbour);
        return at < 0 ? 0 : StrengthsOf(item)[at];
    }

    /// <summary>The same neighbours with another weight and power of the history.</summary>
    internal ItemNeighbours With(float weight, float historyPower) => new(_starts, _items, _strengths, weight, historyPower, HalfLife);

    /// <summary>
    /// The same neighbours with histories weighted by recency. The half-life belongs to the model and is not written with the neighbours.
    /// </summary>
    internal ItemNeighbours ByRecency(float halfLife) => new(_starts, _items, _strengths, Weight, HistoryPower, halfLife);

    /// <summary>
    /// Writes power and weight, the number of neighbours of each item (2 bytes), the neighbours as differences to the previous one
    /// (variable length, 7 bits per byte), and strengths in half precision: 3 to 4 bytes per pair.
    /// </summary>
    internal void Write(ModelWriter writer)
    {
        writer.Numbers<float>([HistoryPower, Weight]);
        var counts = new ushort[ItemCount];
        var packed = new byte[_items.LongLength * 2];
        int used = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = checked((ushort)Of(i).Length);
            int before = -1;
            foreach (int item in Of(i))
            {
                if (used + 5 > packed.Length) Array.Resize(ref packed, (int)Math.Min(Array.MaxLength, Math.Max(64, packed.Length * 2L)));
                uint distance = (uint)(item - before - 1);
                for (; distance > 127; distance >>= 7) packed[used++] = (byte)(distance | 128);
                packed[used++] = (byte)distance;
                before = item;
            }
        }

        writer.Numbers<ushort>(counts);
        writer.Numbers<byte>(packed.AsSpan(0, used));
        var halves = new Half[_strengths.Length];
        for (int n = 0; n < halves.Length; n++) halves[n] = (Half)_strengths[n];
        writer.Numbers<Half>(halves);
    }

    /// <exception cref="InvalidDataException">Damaged.</exception>
    internal static ItemNeighbours Read(ModelReader reader)
    {
        if (reader.Version == 1) return ReadFirstFormat(reader);
        var settings = reader.Numbers<float>(2);
        var counts = reader.Numbers<ushort>();
        var packed = reader.Numbers<byte>();
        var halves = reader.Numbers<Half>();
        var starts = new long[counts.Length + 1];
        for (int i = 0; i < counts.Length; i++) starts[i + 1] = starts[i] + counts[i];
        if (starts[^1] != halves.LongLength) throw Damaged();
        var items = new int[halves.Length];
        int at = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            long before = -1;
            for (long n = starts[i]; n < starts[i + 1]; n++)
            {
                uint distance = 0;
                for (int shift = 0; ; shift += 7)
                {
                    if (at == packed.Length || shift > 28) throw Damaged();
                    distance |= (uint)(packed[at] & 127) << shift;
                    if (packed[at++] < 128) break;
                }

                before += distance + 1L;
                if (before >= counts.Length) throw Damaged();
                items[n] = (int)before;
            }
        }

        if (at != packed.Length) throw Damaged();
        var strengths = new float[halves.Length];
        for (int n = 0; n < strengths.Length; n++) strengths[n] = (float)halves[n];
        return new ItemNeighbours(starts, items, strengths, settings[1], settings[0]);
    }

    /// <summary>Format 1 has full integers and strengths, strongest first, multiplied by the weight.</summary>
    private static ItemNeighbours ReadFirstFormat(ModelReader reader)
    {
        float power = reader.Numbers<float>(1)[0];
        var starts = reader.Numbers<long>();
        var items = reader.Numbers<int>();
        if (starts.Length == 0 || starts[0] != 0 || starts[^1] != items.Length
            || items.AsSpan().ContainsAnyExceptInRange(0, starts.Length - 2)) throw Damaged();
        for (int i = 1; i < starts.Length; i++)
            if (starts[i] < starts[i - 1]) throw Damaged();
        var strengths = reader.Numbers<float>(items.Length);
        for (int i = 1; i < starts.Length; i++) Array.Sort(items, strengths, (int)starts[i - 1], (int)(starts[i] - starts[i - 1]));
        return new ItemNeighbours(starts, items, strengths, weight: 1, power);
    }

    private static InvalidDataException Damaged() => new("The model is damaged: its neighbours do not fit its items.");
}
