using Recommender.Retrieval;

namespace Recommender.Recommend.Serving;

/// <summary>
/// Available items ordered by one value (popularity, trend, time of publication), highest first, equal ones by item id. The first
/// <see cref="HeadLength"/> are kept ready; what a selective filter needs beyond them is searched for.
/// </summary>
internal sealed class Ranking
{
    public const int HeadLength = 4096;

    public static readonly Ranking Empty = new([], [], complete: true, isLogarithmic: false);

    private readonly RankedItem[] _head;
    private readonly double[] _values;
    private readonly bool _complete;
    private readonly bool _isLogarithmic;

    private Ranking(RankedItem[] head, double[] values, bool complete, bool isLogarithmic)
    {
        _isLogarithmic = isLogarithmic;
        _head = head;
        _values = values;
        _complete = complete;
    }

    /// <summary>Value of the first item; 0 for an empty ranking.</summary>
    private double TopValue => _head.Length == 0 ? 0 : _head[0].Value;

    /// <summary>The first items, at most <see cref="HeadLength"/>. Some may have become unavailable since the ranking was made.</summary>
    public ReadOnlySpan<RankedItem> Head(int count) => _head.AsSpan(0, Math.Min(count, _head.Length));

    /// <param name="values">By position; NaN keeps an item out.</param>
    /// <param name="isLogarithmic">Whether the values are logarithms of sums that grow with time, as popularity and trend are.</param>
    public static Ranking Of(Catalogue catalogue, double[] values, bool isLogarithmic)
    {
        var head = new RankedItem[Math.Min(HeadLength, catalogue.Count)];
        int ranked = 0;
        int found = Select(catalogue, values, null, null, head, ref ranked);
        if (found < head.Length) Array.Resize(ref head, found);
        return new Ranking(head, values, complete: ranked <= head.Length, isLogarithmic);
    }

    /// <summary>An item's score: its value, but of a sum the share of the strongest item's sum, 0 where there is none.</summary>
    public float ScoreOf(RankedItem item)
    {
        if (!_isLogarithmic) return (float)item.Value;
        return double.IsNegativeInfinity(item.Value) ? 0 : (float)Math.Pow(2, item.Value - TopValue);
    }

    /// <summary>The first items of the ranking that are allowed and not excluded, up to the length of <paramref name="results"/>.</summary>
    /// <param name="allowed">Null: all.</param>
    public int Take(Catalogue catalogue, ItemSet? allowed, PositionSet excluded, Span<RankedItem> results)
    {
        if (results.IsEmpty) return 0;
        int found = 0;
        foreach (var item in _head)
        {
            // Availability is checked again: it may have changed since the ranking was made.
            if ((allowed is not null && !allowed.Contains(item.Position)) || excluded.Contains(item.Position)
                || !catalogue.IsAvailable(item.Position)) continue;
            results[found++] = item;
            if (found == results.Length) return found;
        }

        if (_complete) return found;
        int ranked = 0;
        return Select(catalogue, _values, allowed, excluded, results, ref ranked);
    }

    private static int Select(Catalogue catalogue, double[] values, ItemSet? allowed, PositionSet? excluded, Span<RankedItem> results,
        ref int ranked)
    {
        int count = Math.Min(catalogue.Count, values.Length), kept = 0;
        for (int position = 0; position < count; position++)
        {
            double value = values[position];
            if (double.IsNaN(value) || (kept == results.Length && value < results[0].Value))
            { ranked += double.IsNaN(value) ? 0 : 1; continue; }
            if ((allowed is not null && !allowed.Contains(position)) || (excluded is not null && excluded.Contains(position))
                || !catalogue.IsAvailable(position)) continue;
            ranked++;
            var candidate = new RankedItem(position, value);
            if (kept < results.Length) SiftUp(catalogue, results, kept++, candidate);
            else if (kept > 0 && IsBetter(catalogue, candidate, results[0])) SiftDown(catalogue, results, candidate);
        }

        var heap = results[..kept];
        for (int end = kept - 1; end > 0; end--)
        {
            var worst = heap[0];
            SiftDown(catalogue, heap[..end], heap[end]);
            heap[end] = worst;
        }

        return kept;
    }

    private static bool IsBetter(Catalogue catalogue, RankedItem a, RankedItem b)
    {
        if (a.Value != b.Value) return a.Value > b.Value;
        return string.CompareOrdinal(catalogue[a.Position]?.Id, catalogue[b.Position]?.Id) < 0;
    }

    // A binary heap with the worst item first.
    private static void SiftUp(Catalogue catalogue, Span<RankedItem> heap, int at, RankedItem item)
    {
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!IsBetter(catalogue, heap[parent], item)) break;
            heap[at] = heap[parent];
            at = parent;
        }

        heap[at] = item;
    }

    private static void SiftDown(Catalogue catalogue, Span<RankedItem> heap, RankedItem item)
    {
        int at = 0;
        while (true)
        {
            int child = 2 * at + 1;
            if (child >= heap.Length) break;
            if (child + 1 < heap.Length && IsBetter(catalogue, heap[child], heap[child + 1])) child++;
            if (!IsBetter(catalogue, item, heap[child])) break;
            heap[at] = heap[child];
            at = child;
        }

        heap[at] = item;
    }
}
