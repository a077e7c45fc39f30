using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions.Baskets;

/// <summary>
/// Scores items that were bought in one basket with an item: w(i, j) / ((T(i) + s)^(1 − p) × (T(j) + s)^p), where w is the weight of the
/// pair, T the weight of all pairs of an item, evicted ones included, s the shrinkage and p the popularity power. p = 0 is the confidence
/// of an association rule, p = 1/2 the cosine, p = 1 orders by lift. Scores are from 0 to 1.
/// </summary>
/// <remarks>
/// Complements score high and substitutes low: two items of one kind that are bought in turn share users and audiences, so their factors
/// are similar, but seldom a basket.
/// </remarks>
/// <param name="rows">As <see cref="BasketPairs"/> fills them, with <see cref="BasketSettings.Rows"/>.</param>
public sealed class BasketRanking(TransitionTable rows, BasketSettings settings)
{
    /// <summary>What was bought with an item, in no order, with scores. Entries without a certain weight have the score 0.</summary>
    public IEnumerable<TransitionEntry> ScoresOf(int item)
    {
        var entries = rows.ScoresOf(item, 0);
        double own = Math.Pow(rows.TotalOf(item) + settings.Shrinkage, 1 - settings.PopularityPower);
        for (int e = 0; e < entries.Count; e++)
        {
            var entry = entries[e];
            double other = Math.Pow(rows.TotalOf(entry.Item) + settings.Shrinkage, settings.PopularityPower);
            double score = entry.Weight / (own * other);
            yield return entry with { Weight = score > 0 && double.IsFinite(score) ? (float)score : 0 };
        }
    }
}
