using Recommender.Factorization.Algebra;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Judging;

/// <summary>Measures of change since a model was trained, from 0 (no change) to 1.</summary>
public static class Drift
{
    /// <summary>
    /// Jensen–Shannon distance (square root of the divergence in bits) of two distributions, given as counts over the same cells. The
    /// distance of two empty distributions is 0, of one empty distribution 1.
    /// </summary>
    public static double Distribution(ReadOnlySpan<double> before, ReadOnlySpan<double> after)
    {
        if (before.Length != after.Length) throw new ArgumentException($"Distributions have {before.Length} and {after.Length} cells.");
        double sumBefore = 0, sumAfter = 0;
        foreach (double v in before) sumBefore += v;
        foreach (double v in after) sumAfter += v;
        if (sumBefore <= 0 || sumAfter <= 0) return sumBefore <= 0 && sumAfter <= 0 ? 0 : 1;
        double divergence = 0;
        for (int i = 0; i < before.Length; i++)
        {
            double p = before[i] / sumBefore, q = after[i] / sumAfter, m = (p + q) / 2;
            if (p > 0) divergence += .5 * p * Math.Log2(p / m);
            if (q > 0) divergence += .5 * q * Math.Log2(q / m);
        }

        return Math.Sqrt(Math.Clamp(divergence, 0, 1));
    }

    /// <summary>
    /// As <see cref="Distribution"/>, minus the expected divergence of samples: two samples of one distribution over K cells diverge by
    /// about (K − 1) / (8 ln 2) · (1/n + 1/m) bits (Grosse et al. 2002).
    /// </summary>
    public static double BeyondChance(ReadOnlySpan<double> before, ReadOnlySpan<double> after)
    {
        double distance = Distribution(before, after), n = 0, m = 0;
        int cells = 0;
        for (int i = 0; i < before.Length; i++)
        {
            n += before[i];
            m += after[i];
            if (before[i] > 0 || after[i] > 0) cells++;
        }

        if (n <= 0 || m <= 0) return distance;
        return Math.Sqrt(Math.Max(0, distance * distance - Math.Max(cells - 1, 0) / (8 * Math.Log(2)) * (1 / n + 1 / m)));
    }

    /// <summary>
    /// Change of the nearest items between two models: 1 − the mean share of the ten nearest items (by cosine) that both models have in
    /// common, over at most <paramref name="sample"/> shared items. Factors cannot be compared directly, because every training has
    /// different axes.
    /// </summary>
    /// <param name="shared">Pairs (index before, index after) of items in both models.</param>
    public static double Factors(Model before, Model after, IReadOnlyList<(int Before, int After)> shared, int sample = 300)
    {
        const int Nearest = 10;
        if (shared.Count <= Nearest) return 0;
        var left = UnitRows(before, [.. shared.Select(s => s.Before)]);
        var right = UnitRows(after, [.. shared.Select(s => s.After)]);
        double kept = 0;
        int step = Math.Max(1, shared.Count / sample), counted = 0;
        var scores = new float[shared.Count];
        var top = new TopK(Nearest);
        for (int s = 0; s < shared.Count; s += step, counted++)
        {
            var old = NearestTo(left, before.Rank, s);
            kept += NearestTo(right, after.Rank, s).Intersect(old).Count() / (double)Nearest;
        }

        return 1 - kept / counted;

        int[] NearestTo(float[] rows, int rank, int index)
        {
            var own = rows.AsSpan(index * rank, rank);
            for (int i = 0; i < scores.Length; i++) scores[i] = Vectors.Dot(own, rows.AsSpan(i * rank, rank));
            return top.Select(scores, [index]);
        }
    }

    private static float[] UnitRows(Model model, int[] items)
    {
        var rows = new float[items.Length * model.Rank];
        for (int n = 0; n < items.Length; n++)
        {
            var row = model.ItemFactors.Span.Slice(items[n] * model.Rank, model.Rank);
            float length = MathF.Sqrt(Vectors.Dot(row, row));
            if (length > 0) Vectors.Add(1 / length, row, rows.AsSpan(n * model.Rank, model.Rank));
        }

        return rows;
    }
}
