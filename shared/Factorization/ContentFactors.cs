using Recommender.Factorization.Algebra;

namespace Recommender.Factorization;

/// <summary>
/// Factors for items that have few or no events, from their content: a ridge regression from content features to factors, trained on
/// items with events, weighted by how many.
/// </summary>
public static class ContentFactors
{
    /// <summary>As many events' worth of say the content has beside an item's own events.</summary>
    private const float Prior = 3;

    /// <summary>
    /// The model with rows of items that have content blended: <c>(m·learned + 3·from content) / (m + 3)</c> for items with m &lt; 20 events.
    /// Models without factors of their own (popularity, item–item) are returned as they are.
    /// </summary>
    /// <param name="events">m: interactions per item that the model was trained on.</param>
    public static Model Blend(Model model, ItemContent content, ReadOnlySpan<int> events, CancellationToken cancellation = default)
    {
        if (content.ItemCount != model.ItemCount || events.Length != model.ItemCount)
            throw new ArgumentException($"The model has {model.ItemCount} items, content {content.ItemCount}, events {events.Length}.");
        var counts = events.ToArray();
        return model.WithItemRows((rows, rank) => BlendRows(rows, rank, content, counts, cancellation));
    }

    /// <summary>Interactions per item of <paramref name="matrix"/>.</summary>
    public static int[] EventsOf(InteractionMatrix matrix) => [.. Enumerable.Range(0, matrix.ItemCount).Select(matrix.Items.Length)];

    private static float[] BlendRows(float[] rows, int rank, ItemContent content, int[] events, CancellationToken cancellation)
    {
        const int Settled = 20;
        var map = Fit(rows, rank, content, events, cancellation);
        if (map is null) return rows;
        var blended = (float[])rows.Clone();
        for (int i = 0; i < events.Length; i++)
        {
            if (events[i] >= Settled || !content.Has(i)) continue;
            var row = blended.AsSpan(i * rank, rank);
            float own = events[i] / (events[i] + Prior);
            foreach (ref float v in row) v *= own;
            for (long e = content.Starts[i]; e < content.Starts[i + 1]; e++)
                Vectors.Add((1 - own) * content.Values[e], map.AsSpan(content.Features[e] * rank, rank), row);
        }

        return blended;
    }

    /// <summary>
    /// Minimises Σ_i w_i |x_i·B − h_i|² + ridge·|B|² over B (<c>features × rank</c>) by conjugate gradients, all columns at once; w_i = m_i / (m_i + 3).
    /// </summary>
    private static float[]? Fit(float[] rows, int rank, ItemContent content, int[] events, CancellationToken cancellation)
    {
        const float Ridge = .5f;
        const int Iterations = 40;
        int features = content.FeatureCount, items = events.Length;
        var known = Enumerable.Range(0, items).Where(i => events[i] > 0 && content.Has(i)).ToArray();
        if (known.Length < 2) return null;
        var b = new float[(long)features * rank];
        var r = new float[b.LongLength];
        foreach (int i in known) Scatter(content, i, Weight(events[i]), rows.AsSpan(i * rank, rank), r, rank);
        var p = (float[])r.Clone();
        var ap = new float[b.LongLength];
        var predicted = new float[rank];
        var norm = Columns(r, r, rank);
        var first = (double[])norm.Clone();
        for (int step = 0; step < Iterations; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (long k = 0; k < p.LongLength; k++) ap[k] = Ridge * p[k];
            foreach (int i in known)
            {
                predicted.AsSpan().Clear();
                for (long e = content.Starts[i]; e < content.Starts[i + 1]; e++) Vectors.Add(content.Values[e], p.AsSpan(content.Features[e] * rank, rank), predicted);
                Scatter(content, i, Weight(events[i]), predicted, ap, rank);
            }

            var curvature = Columns(p, ap, rank);
            var length = new float[rank];
            for (int c = 0; c < rank; c++) length[c] = curvature[c] > 0 && norm[c] > 1e-10 * first[c] ? (float)(norm[c] / curvature[c]) : 0;
            for (int f = 0; f < features; f++)
            {
                for (int c = 0; c < rank; c++)
                {
                    b[f * rank + c] += length[c] * p[f * rank + c];
                    r[f * rank + c] -= length[c] * ap[f * rank + c];
                }
            }

            var next = Columns(r, r, rank);
            for (int f = 0; f < features; f++)
                for (int c = 0; c < rank; c++)
                    p[f * rank + c] = r[f * rank + c] + (norm[c] > 0 ? (float)(next[c] / norm[c]) : 0) * p[f * rank + c];
            norm = next;
        }

        return b;
    }

    private static float Weight(int events) => events / (events + Prior);

    private static void Scatter(ItemContent content, int item, float weight, ReadOnlySpan<float> row, float[] target, int rank)
    {
        for (long e = content.Starts[item]; e < content.Starts[item + 1]; e++)
            Vectors.Add(weight * content.Values[e], row, target.AsSpan(content.Features[e] * rank, rank));
    }

    private static double[] Columns(float[] x, float[] y, int rank)
    {
        var sums = new double[rank];
        for (int k = 0; k < x.Length; k += rank)
            for (int c = 0; c < rank; c++) sums[c] += (double)x[k + c] * y[k + c];
        return sums;
    }
}
