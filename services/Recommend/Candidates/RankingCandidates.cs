using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Candidates;

/// <summary>Candidates from popular, trending and latest items. One thread at a time; results are valid until the next call.</summary>
internal sealed class RankingCandidates(EligibleItems eligible, ScoreBoosts boosts)
{
    private RankedItem[] _ranked = new RankedItem[64];
    private ScoredItem[] _scored = new ScoredItem[64];

    /// <summary>The first eligible items of a ranking, without scores.</summary>
    public ReadOnlySpan<RankedItem> Take(Catalogue catalogue, Ranking ranking, int count)
    {
        var ranked = Scratch.EnsureCapacity(ref _ranked, count);
        return ranked[..ranking.Take(catalogue, eligible.Allowed, eligible.Excluded, ranked)];
    }

    /// <summary>The best eligible items of a ranking by score, boosts included.</summary>
    public ReadOnlySpan<ScoredItem> Find(Catalogue catalogue, Ranking ranking, int count)
    {
        if (boosts.IsEmpty) return Score(ranking, Take(catalogue, ranking, count));
        for (int width = ScoreBoosts.FirstWidth(count); ; width = ScoreBoosts.NextWidth(width))
        {
            bool isAll = ScoreBoosts.TakesAll(width, catalogue.Count);
            var candidates = Score(ranking, Take(catalogue, ranking, isAll ? catalogue.Count : width));
            if (boosts.Apply(catalogue, candidates, count, isAll || candidates.Length < width))
                return candidates[..Math.Min(count, candidates.Length)];
        }
    }

    private Span<ScoredItem> Score(Ranking ranking, ReadOnlySpan<RankedItem> ranked)
    {
        var scored = Scratch.EnsureCapacity(ref _scored, ranked.Length);
        for (int i = 0; i < scored.Length; i++) scored[i] = new ScoredItem(ranked[i].Position, ranking.ScoreOf(ranked[i]));
        return scored;
    }
}
