using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// The terms of a score that follow every event: what followed the newest items of a history in sessions, and what is popular now. One
/// thread at a time; memory that later answers use again.
/// </summary>
internal sealed class SessionTerms
{
    /// <summary>Items that have a popularity term: the most popular ones. Others are so far behind that it would not move them.</summary>
    private const int PopularItems = 200;

    private Step[] _newest = [];
    private int _count;
    private ServingTransitions? _transitions;
    private Catalogue? _catalogue;
    private Ranking _trending = Ranking.Empty;
    private ScoreWeights _weights = ScoreWeights.ModelAlone;

    /// <summary>Weights of the answer's kind of request.</summary>
    public ScoreWeights Weights => _weights;

    private ServingTransitions Transitions => _transitions ?? throw new InvalidOperationException("The terms have not begun.");

    public void Clear()
    {
        _count = 0;
        (_transitions, _catalogue, _trending, _weights) = (null, null, Ranking.Empty, ScoreWeights.ModelAlone);
    }

    /// <summary>Starts with a history of no items.</summary>
    /// <returns>False where no transitions are served: then there are no terms.</returns>
    public bool Begin(ServingState state, RequestKind kind)
    {
        if (state.Transitions is not { } transitions) return false;
        (_transitions, _catalogue, _weights) = (transitions, state.Catalogue, transitions.Mix.For(kind));
        _trending = _weights.Popularity > 0 ? state.Catalogue.Trending : Ranking.Empty;
        _count = 0;
        Scratch.EnsureCapacity(ref _newest, transitions.Rows.Settings.HistoryLength);
        return true;
    }

    /// <summary>Notes an item of the history. Of all those noted the newest count.</summary>
    /// <param name="entry">Its index in the history.</param>
    /// <param name="recency">Higher for a newer item.</param>
    public void Note(int entry, int position, long recency)
    {
        int limit = Transitions.Rows.Settings.HistoryLength;
        int at = _count;
        while (at > 0 && _newest[at - 1].Recency < recency) at--;
        if (at == limit) return;
        int kept = Math.Min(_count, limit - 1);
        _newest.AsSpan(at, kept - at).CopyTo(_newest.AsSpan(at + 1));
        _newest[at] = new Step(entry, position, recency, default);
        _count = kept + 1;
    }

    /// <summary>Adds the terms of the history that was noted.</summary>
    /// <returns>False where nothing ever followed an item of the history.</returns>
    public bool AddTo(ItemTerm term)
    {
        if (_weights.Transitions == 0 || _count == 0) return false;
        var (rows, catalogue) = (Transitions.Rows, _catalogue!);
        int positions = catalogue.Count;
        bool isAny = false;
        for (int k = 0; k < _count; k++)
        {
            // Kept for the explanation: the row may be replaced meanwhile.
            var scores = catalogue[_newest[k].Position] is { } followed ? rows.ScoresOf(followed.Key, k) : default;
            _newest[k] = _newest[k] with { Scores = scores };
            isAny |= scores.Count > 0;
            for (int e = 0; e < scores.Count; e++)
            {
                var entry = scores[e];
                int position = catalogue.PositionOfKey(entry.Item);
                if ((uint)position < (uint)positions) term.Add(position, _weights.Transitions * entry.Weight, positions);
            }
        }

        return isAny;
    }

    /// <summary>Adds the popularity of the most popular items.</summary>
    public void AddPopularity(ItemTerm term)
    {
        int positions = _catalogue?.Count ?? 0;
        foreach (var item in _trending.Head(PopularItems))
            if (item.Position < positions) term.Add(item.Position, PopularityOf(item), positions);
    }

    /// <summary>Adds what each item of the history contributes to the score of an item.</summary>
    /// <param name="contributions">By index in the history.</param>
    /// <returns>The contribution of the item's popularity.</returns>
    public float Explain(int position, Span<float> contributions)
    {
        if (_transitions is null || _catalogue![position] is not { } item) return 0;
        for (int k = 0; k < _count; k++)
            contributions[_newest[k].Entry] += _weights.Transitions * _newest[k].Scores.Of(item.Key);
        foreach (var ranked in _trending.Head(PopularItems))
            if (ranked.Position == position) return PopularityOf(ranked);
        return 0;
    }

    private float PopularityOf(RankedItem item) => _weights.Popularity * _trending.ScoreOf(item);

    private readonly record struct Step(int Entry, int Position, long Recency, TransitionScores Scores);
}
