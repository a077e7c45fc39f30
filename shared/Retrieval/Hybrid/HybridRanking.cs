namespace Recommender.Retrieval.Hybrid;

/// <summary>
/// Adds up the parts of a search. Raw scores of different queries and parts are not comparable, so each part is scaled by its candidates:
/// words by their best score, meaning and taste from their lowest score (0) to their best (1).
/// </summary>
public static class HybridRanking
{
    /// <summary>The candidates with the shares of their parts, best first; among equal scores the lower position.</summary>
    /// <param name="candidates">Each item once.</param>
    public static HybridItem[] Rank(ReadOnlySpan<HybridCandidate> candidates, HybridWeights weights)
    {
        float bestWords = 0;
        float lowMeaning = float.MaxValue, bestMeaning = float.MinValue;
        float lowTaste = float.MaxValue, bestTaste = float.MinValue;
        foreach (var candidate in candidates)
        {
            bestWords = Math.Max(bestWords, candidate.Words);
            (lowMeaning, bestMeaning) = (Math.Min(lowMeaning, candidate.Meaning), Math.Max(bestMeaning, candidate.Meaning));
            (lowTaste, bestTaste) = (Math.Min(lowTaste, candidate.Taste), Math.Max(bestTaste, candidate.Taste));
        }

        var ranked = new HybridItem[candidates.Length];
        for (int at = 0; at < ranked.Length; at++)
        {
            var candidate = candidates[at];
            float words = weights.Words * Scaled(candidate.Words, 0, bestWords);
            float meaning = weights.Meaning * Scaled(candidate.Meaning, lowMeaning, bestMeaning);
            float taste = weights.Taste * Scaled(candidate.Taste, lowTaste, bestTaste);
            ranked[at] = new(candidate.Item, words + meaning + taste, words, meaning, taste);
        }

        Array.Sort(ranked, (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Item.CompareTo(b.Item));
        return ranked;
    }

    private static float Scaled(float score, float low, float best) => best > low ? (score - low) / (best - low) : 0;
}
