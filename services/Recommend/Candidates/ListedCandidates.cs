using Recommender.Recommend.Serving;
using Recommender.Retrieval;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// Candidates that are listed one by one with a score: items of a user's history, or of a row. One thread at a time; results are valid
/// until the next call.
/// </summary>
internal sealed class ListedCandidates(EligibleItems eligible, ScoreBoosts boosts)
{
    private ScoredItem[] _listed = new ScoredItem[64];
    private int _count;

    public void Clear() => _count = 0;

    /// <summary>Lists an item, unless it must not appear. An item is listed once.</summary>
    /// <param name="position">−1 for an item that the catalogue does not have.</param>
    /// <param name="score">Above 0.</param>
    public void Add(Catalogue catalogue, int position, float score)
    {
        if (!catalogue.IsAvailable(position) || !eligible.Contains(position)) return;
        if (_count == _listed.Length) Array.Resize(ref _listed, _count * 2);
        _listed[_count++] = new ScoredItem(position, score);
    }

    /// <summary>The best of the listed items, boosts included; equal scores by item id.</summary>
    public ReadOnlySpan<ScoredItem> Find(Catalogue catalogue, int count)
    {
        var listed = _listed.AsSpan(0, _count);
        boosts.Apply(catalogue, listed, count, isComplete: true);
        return listed[..Math.Min(count, _count)];
    }
}
