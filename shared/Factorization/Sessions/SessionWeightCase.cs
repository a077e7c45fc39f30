namespace Recommender.Factorization.Sessions;

/// <summary>A question of which every item that can be high in the answer is known by its terms.</summary>
/// <param name="Target">The item that followed.</param>
/// <param name="Pool">Candidates by item, ascending; the target is one of them.</param>
internal sealed record SessionWeightCase(int Target, (int Item, SessionTerms Terms)[] Pool)
{
    /// <summary>The 1-based rank of the target. Of equal scores the target is last, except before larger items.</summary>
    public int RankWith(SessionWeights weights)
    {
        int rank = 0;
        float own = weights.Combine(Array.Find(Pool, candidate => candidate.Item == Target).Terms);
        foreach (var (item, terms) in Pool)
        {
            float score = weights.Combine(terms);
            if (score > own || (score == own && item <= Target)) rank++;
        }

        return rank;
    }
}
