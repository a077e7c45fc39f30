using System.Buffers;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval;

/// <summary>
/// Maximal marginal relevance (Carbonell and Goldstein 1998) on item factors: selects the item with the largest (1 − diversity) · relevance
/// − diversity · (largest cosine similarity to a selected item), again and again. Relevance is the score scaled to 0..1 over the
/// candidates, to be comparable with a cosine.
/// </summary>
public static unsafe class Diversity
{
    /// <summary>Selects <paramref name="count"/> candidates and moves them to the front, in the order of selection.</summary>
    /// <param name="index">Index that has the factors of the candidates.</param>
    /// <param name="candidates">In: the candidates, best first. Out: the selected ones, then the others, best first.</param>
    /// <param name="count">Number of items to select, at least 0. A number above that of the candidates selects all.</param>
    /// <param name="diversity">0: only relevance, which keeps the order; 1: only variety (after the first, most relevant item).</param>
    /// <returns>Number of selected items.</returns>
    /// <exception cref="ArgumentOutOfRangeException">diversity is not in 0..1, or count is negative.</exception>
    public static int Select(IItemIndex index, Span<ScoredItem> candidates, int count, float diversity)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (!(diversity >= 0 && diversity <= 1))
            throw new ArgumentOutOfRangeException(nameof(diversity), diversity, "Diversity is from 0 to 1.");
        int n = candidates.Length, rank = index.Rank;
        count = Math.Min(count, n);
        if (count < 2 || diversity == 0) return count;

        float[] rows = ArrayPool<float>.Shared.Rent(n * rank);
        float[] numbers = ArrayPool<float>.Shared.Rent(3 * n);
        ScoredItem[] copy = ArrayPool<ScoredItem>.Shared.Rent(n);
        Span<float> relevance = numbers.AsSpan(0, n), closest = numbers.AsSpan(n, n), cosines = numbers.AsSpan(2 * n, n);
        Normalize(index, candidates, rows);
        Scale(candidates, relevance);
        candidates.CopyTo(copy);
        closest.Fill(float.NegativeInfinity);

        int taken = 0;
        fixed (float* r = rows, c = cosines)
        {
            for (int selected = 0; selected < count; selected++)
            {
                int best = -1;
                float bestValue = float.NegativeInfinity;
                for (int i = 0; i < n; i++)
                {
                    if (closest[i] == float.PositiveInfinity) continue;
                    float value = selected == 0 ? relevance[i] : ((1 - diversity) * relevance[i]) - (diversity * closest[i]);
                    if (best >= 0 && !(value > bestValue)) continue;
                    (best, bestValue) = (i, value);
                }

                candidates[taken++] = copy[best];
                closest[best] = float.PositiveInfinity; // Marks it as taken.
                if (selected + 1 == count) break;
                Kernel.Default.Dots(r + ((long)best * rank), r, n, rank, c);
                for (int i = 0; i < n; i++) if (cosines[i] > closest[i]) closest[i] = cosines[i];
            }
        }

        for (int i = 0; i < n; i++) if (closest[i] != float.PositiveInfinity) candidates[taken++] = copy[i];
        ArrayPool<ScoredItem>.Shared.Return(copy);
        ArrayPool<float>.Shared.Return(numbers);
        ArrayPool<float>.Shared.Return(rows);
        return count;
    }

    /// <summary>
    /// Copies the candidates' factors scaled to length 1. A missing, zero or non-finite factor
    /// becomes zero, and has similarity 0 to all.
    /// </summary>
    private static void Normalize(IItemIndex index, ReadOnlySpan<ScoredItem> candidates, Span<float> rows)
    {
        int rank = index.Rank;
        for (int i = 0; i < candidates.Length; i++)
        {
            Span<float> row = rows.Slice(i * rank, rank);
            row.Clear();
            if (!index.HasFactor(candidates[i].Item)) continue;
            ReadOnlySpan<float> factor = index.Factor(candidates[i].Item);
            double squares = 0;
            foreach (float value in factor) squares += (double)value * value;
            double scale = 1 / Math.Sqrt(squares);
            if (!double.IsFinite(scale)) continue;
            for (int j = 0; j < rank; j++) row[j] = (float)(factor[j] * scale);
        }
    }

    private static void Scale(ReadOnlySpan<ScoredItem> candidates, Span<float> relevance)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (ScoredItem candidate in candidates)
        {
            double score = Math.Clamp(candidate.Score, -float.MaxValue, float.MaxValue);
            low = Math.Min(low, score);
            high = Math.Max(high, score);
        }

        for (int i = 0; i < candidates.Length; i++)
        {
            double score = Math.Clamp(candidates[i].Score, -float.MaxValue, float.MaxValue);
            relevance[i] = high > low ? (float)((score - low) / (high - low)) : 1;
        }
    }
}
