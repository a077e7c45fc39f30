namespace Recommender.Factorization.Sessions.Judging;

/// <summary>Means over all cases. A target beyond rank k counts 0.</summary>
/// <param name="Cases">Number of cases.</param>
/// <param name="K">Length of the judged list.</param>
/// <param name="HitRate">Share of cases with the target among the first k.</param>
/// <param name="Mrr">Mean of 1 / rank.</param>
/// <param name="Ndcg">Mean of 1 / log2(rank + 1).</param>
public sealed record NextItemResult(int Cases, int K, double HitRate, double Mrr, double Ndcg)
{
    /// <param name="ranks">1-based ranks of the targets.</param>
    public static NextItemResult FromRanks(IReadOnlyCollection<int> ranks, int k)
    {
        double hits = 0, reciprocal = 0, gain = 0;
        foreach (int rank in ranks)
        {
            if (rank > k) continue;
            hits++;
            reciprocal += 1.0 / rank;
            gain += 1 / Math.Log2(rank + 1);
        }

        int cases = Math.Max(ranks.Count, 1);
        return new NextItemResult(ranks.Count, k, hits / cases, reciprocal / cases, gain / cases);
    }
}
