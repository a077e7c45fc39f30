using Recommender.Contracts;
using Recommender.Recommend.Requests;
using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Candidates;

/// <summary>The boosts of one answer, of its request and its placement, as sets of positions.</summary>
internal sealed class ScoreBoosts
{
    /// <summary>A search with boosts stops widening its candidates here and scores every eligible item instead.</summary>
    private const int MaxCandidates = 4096;

    private readonly List<(ItemSet Set, float Factor)> _sets = [];

    public bool IsEmpty => _sets.Count == 0;

    public void Clear() => _sets.Clear();

    public void Compile(Catalogue catalogue, Request request)
    {
        foreach (var boost in request.Rules.Boosts) Add(catalogue, boost);
        foreach (var boost in request.Placement?.Boosts ?? []) Add(catalogue, boost);
    }

    /// <summary>How many candidates a search for <paramref name="count"/> boosted items asks for first.</summary>
    public static int FirstWidth(int count) => Math.Max(count, 32) * 2;

    /// <summary>How many it asks for when <paramref name="width"/> candidates were not enough.</summary>
    public static int NextWidth(int width) => width * 4;

    /// <summary>Whether a search of that width takes every item instead.</summary>
    public static bool TakesAll(int width, int items) => width >= items || width > MaxCandidates;

    /// <summary>Boosts the scores of candidates, best first, and orders them by the result.</summary>
    /// <param name="isComplete">Whether there is nothing beyond the candidates.</param>
    /// <returns>
    /// Whether the first <paramref name="count"/> are certain: no item beyond the candidates can come in, even with every boost above 1
    /// applied to it.
    /// </returns>
    public bool Apply(Catalogue catalogue, Span<ScoredItem> candidates, int count, bool isComplete)
    {
        double lift = 1;
        foreach (var (_, factor) in _sets) lift *= Math.Max(factor, 1);
        float lowest = candidates.IsEmpty ? 0 : candidates[^1].Score;
        for (int i = 0; i < candidates.Length; i++)
        {
            float score = candidates[i].Score;
            foreach (var (set, factor) in _sets)
                if (set.Contains(candidates[i].Item)) score = score >= 0 ? score * factor : score / factor;
            candidates[i] = new ScoredItem(candidates[i].Item, score);
        }

        candidates.Sort((a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score)
            : string.CompareOrdinal(catalogue[a.Item]?.Id, catalogue[b.Item]?.Id));
        double bound = lowest >= 0 ? lowest * lift : lowest / lift;
        return isComplete || candidates[Math.Min(count, candidates.Length) - 1].Score > bound;
    }

    private void Add(Catalogue catalogue, Boost boost)
    {
        var set = new ItemSet(0);
        catalogue.Attributes.Compile(ItemAttributes.Translate(boost.Filter!, catalogue), set);
        _sets.Add((set, (float)boost.Factor));
    }
}
