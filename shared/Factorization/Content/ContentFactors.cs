using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Content;

/// <summary>
/// Factors of items with few or no events, from their content: a ridge regression from content features to factors. It is trained on items
/// with events, weighted by their number of events.
/// </summary>
public static class ContentFactors
{
    /// <summary>Weight of the content, in events of the item.</summary>
    private const float Prior = 3;

    /// <summary>Maximum number of items to train with; of more, an even sample is used.</summary>
    private const int MaxItems = 50_000;

    /// <summary>
    /// Blends the factors of items with content: <c>(m·learned + 3·from content) / (m + 3)</c> for items with m &lt; 20 events. Models
    /// without factors of their own (popularity, item–item) are returned as they are.
    /// </summary>
    /// <param name="events">m: number of training interactions of each item.</param>
    public static Model Blend(Model model, ItemContent content, ReadOnlySpan<int> events, int threads = 1,
        CancellationToken cancellation = default)
    {
        Check(model, content, events);
        var counts = events.ToArray();
        return model.WithItemRows((rows, rank) => BlendRows(rows, rank, content, counts, threads, cancellation));
    }

    /// <summary>Number of interactions of each item of <paramref name="matrix"/>.</summary>
    public static int[] EventsOf(InteractionMatrix matrix) => [.. Enumerable.Range(0, matrix.ItemCount).Select(matrix.Items.Length)];

    /// <summary>Share of the events in an item's factor, for m events; the rest is the share of the content.</summary>
    internal static float OwnShare(int events) => events / (events + Prior);

    /// <summary>Learns the map from content to the model's factors; null if there is too little data.</summary>
    internal static ContentMap? Map(Model model, ItemContent content, ReadOnlySpan<int> events, int threads, CancellationToken cancellation)
    {
        Check(model, content, events);
        var map = Fit(model.ItemFactors.Span, model.Rank, content, events.ToArray(), threads, cancellation);
        return map is null ? null : new ContentMap(content.Vocabulary, model.Rank, map);
    }

    private static void Check(Model model, ItemContent content, ReadOnlySpan<int> events)
    {
        if (content.ItemCount != model.ItemCount || events.Length != model.ItemCount)
            throw new ArgumentException($"The model has {model.ItemCount} items, content {content.ItemCount}, events {events.Length}.");
    }

    private static float[] BlendRows(float[] rows, int rank, ItemContent content, int[] events, int threads, CancellationToken cancellation)
    {
        const int Settled = 20;
        var map = Fit(rows, rank, content, events, threads, cancellation);
        if (map is null) return rows;
        var blended = (float[])rows.Clone();
        for (int i = 0; i < events.Length; i++)
        {
            if (events[i] >= Settled || !content.Has(i)) continue;
            var row = blended.AsSpan(i * rank, rank);
            float own = OwnShare(events[i]);
            foreach (ref float v in row) v *= own;
            for (long e = content.Starts[i]; e < content.Starts[i + 1]; e++)
                Vectors.Add((1 - own) * content.Values[e], map.AsSpan(content.Features[e] * rank, rank), row);
        }

        return blended;
    }

    /// <summary>
    /// Minimises Σ_i w_i |x_i·B − h_i|² + ridge·|B|² over B (<c>features × rank</c>) by conjugate gradients, all columns at once; w_i = m_i
    /// / (m_i + 3).
    /// </summary>
    private static float[]? Fit(ReadOnlySpan<float> rows, int rank, ItemContent content, int[] events, int threads,
        CancellationToken cancellation)
    {
        const float Ridge = .5f;
        const int Iterations = 40;
        var known = Enumerable.Range(0, events.Length).Where(i => events[i] > 0 && content.Has(i)).ToArray();
        if (known.Length < 2) return null;
        if (known.Length > MaxItems) known = [.. Enumerable.Range(0, MaxItems).Select(n => known[(long)n * known.Length / MaxItems])];
        var products = new Products(content, known, rank, threads, cancellation);
        var weighted = new float[(long)known.Length * rank];
        for (int n = 0; n < known.Length; n++) Vectors.Add(OwnShare(events[known[n]]), rows.Slice(known[n] * rank, rank),
            weighted.AsSpan(n * rank, rank));
        var b = new float[(long)content.FeatureCount * rank];
        var r = new float[b.LongLength];
        products.ToFeatures(weighted, r);
        var p = (float[])r.Clone();
        var ap = new float[b.LongLength];
        var norm = Columns(r, r, rank);
        var first = (double[])norm.Clone();
        for (int step = 0; step < Iterations; step++)
        {
            products.ToItems(p, weighted);
            for (int n = 0; n < known.Length; n++)
            {
                float weight = OwnShare(events[known[n]]);
                foreach (ref float v in weighted.AsSpan(n * rank, rank)) v *= weight;
            }

            products.ToFeatures(weighted, ap);
            Vectors.Add(Ridge, p, ap);
            var curvature = Columns(p, ap, rank);
            var length = new float[rank];
            for (int c = 0; c < rank; c++) length[c] = curvature[c] > 0 && norm[c] > 1e-10 * first[c] ? (float)(norm[c] / curvature[c]) : 0;
            if (!length.AsSpan().ContainsAnyExcept(0f)) break;
            for (int k = 0; k < b.Length; k += rank)
            {
                for (int c = 0; c < rank; c++)
                {
                    b[k + c] += length[c] * p[k + c];
                    r[k + c] -= length[c] * ap[k + c];
                }
            }

            var next = Columns(r, r, rank);
            var turn = new float[rank];
            for (int c = 0; c < rank; c++) turn[c] = norm[c] > 0 ? (float)(next[c] / norm[c]) : 0;
            for (int k = 0; k < b.Length; k += rank)
                for (int c = 0; c < rank; c++) p[k + c] = r[k + c] + turn[c] * p[k + c];
            norm = next;
        }

        return b;
    }

    private static double[] Columns(float[] x, float[] y, int rank)
    {
        var sums = new double[rank];
        for (int k = 0; k < x.Length; k += rank)
            for (int c = 0; c < rank; c++) sums[c] += (double)x[k + c] * y[k + c];
        return sums;
    }

    /// <summary>X·B and Xᵀ·H of the content X of some items, each row summed by one thread in a fixed order.</summary>
    private sealed class Products
    {
        private readonly ItemContent _content;
        private readonly int[] _known;
        private readonly int _rank;
        private readonly int _threads;
        private readonly CancellationToken _cancellation;
        private readonly long[] _starts;
        private readonly int[] _items;
        private readonly float[] _values;

        public Products(ItemContent content, int[] known, int rank, int threads, CancellationToken cancellation)
        {
            (this._content, this._known, this._rank, this._threads, this._cancellation) = (content, known, rank, threads, cancellation);
            _starts = new long[content.FeatureCount + 1];
            foreach (int i in known)
                for (long e = content.Starts[i]; e < content.Starts[i + 1]; e++) _starts[content.Features[e] + 1]++;
            for (int f = 1; f < _starts.Length; f++) _starts[f] += _starts[f - 1];
            _items = new int[_starts[^1]];
            _values = new float[_starts[^1]];
            var next = (long[])_starts.Clone();
            for (int n = 0; n < known.Length; n++)
            {
                for (long e = content.Starts[known[n]]; e < content.Starts[known[n] + 1]; e++)
                {
                    long at = next[content.Features[e]]++;
                    (_items[at], _values[at]) = (n, content.Values[e]);
                }
            }
        }

        public void ToItems(float[] byFeature, float[] byItem) => ParallelRows.Run(_known.Length, 64, _threads, take =>
        {
            while (take() is var (from, to))
            {
                for (int n = from; n < to; n++)
                {
                    var row = byItem.AsSpan(n * _rank, _rank);
                    row.Clear();
                    for (long e = _content.Starts[_known[n]]; e < _content.Starts[_known[n] + 1]; e++)
                        Vectors.Add(_content.Values[e], byFeature.AsSpan(_content.Features[e] * _rank, _rank), row);
                }
            }
        }, _cancellation);

        public void ToFeatures(float[] byItem, float[] byFeature) => ParallelRows.Run(_content.FeatureCount, 64, _threads, take =>
        {
            while (take() is var (from, to))
            {
                for (int f = from; f < to; f++)
                {
                    var row = byFeature.AsSpan(f * _rank, _rank);
                    row.Clear();
                    for (long e = _starts[f]; e < _starts[f + 1]; e++)
                        Vectors.Add(_values[e], byItem.AsSpan(_items[e] * _rank, _rank), row);
                }
            }
        }, _cancellation);
    }
}
