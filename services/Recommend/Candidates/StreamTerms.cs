using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.Recommend.Serving;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// The terms of a score that look at the order of a history and follow every event: what followed its newest items in sessions, what is
/// popular now, and the vector of the session. The same sums as <see cref="SessionMix"/>, for a few items instead of all. One thread at a
/// time; memory that later answers use again.
/// </summary>
internal sealed class StreamTerms
{
    private Step[] _newest = [];
    private int[] _oldestFirst = [];
    private float[] _vector = [];
    private float[] _parts = [];
    private int _count, _limit, _rank;
    private float _ruleFactor;
    private ServingTransitions? _transitions;
    private SessionEncoder? _encoder;
    private Catalogue? _catalogue;
    private RecentItems _recent = RecentItems.None;
    private SessionWeights? _weights;

    /// <summary>Of the answer's kind of request; null where no transitions are served.</summary>
    public SessionWeights? Weights => _weights;

    /// <summary>The vector of the session, of the encoder's rank; empty where none is used.</summary>
    public ReadOnlySpan<float> Vector => _vector.AsSpan(0, _rank);

    /// <summary>Whether recent popularity counts after the history that was noted.</summary>
    public bool HasRecent => _count > 0 && !_recent.Items.IsEmpty;

    private ReadOnlySpan<int> History => _oldestFirst.AsSpan(0, _count);

    public void Clear()
    {
        _count = _limit = _rank = 0;
        _ruleFactor = 0;
        (_transitions, _encoder, _catalogue, _recent, _weights) = (null, null, null, RecentItems.None, null);
    }

    /// <summary>Starts with a history of no items.</summary>
    /// <returns>False where no transitions are served: then there are no terms.</returns>
    public bool Begin(ServingState state, RequestKind kind)
    {
        if (state.Transitions is not { } transitions) return false;
        (_transitions, _catalogue, _weights) = (transitions, state.Catalogue, transitions.Mix.For(kind));
        _recent = transitions.RecentFor(kind);
        _encoder = _weights.Encoder > 0 ? state.Model?.Encoder : null;
        _limit = Math.Max(transitions.Rows.Settings.HistoryLength, _encoder?.Settings.HistoryLength ?? 0);
        Scratch.EnsureCapacity(ref _newest, _limit);
        return true;
    }

    /// <summary>Notes an item of the history. Of all those noted the newest count.</summary>
    /// <param name="entry">Its index in the history.</param>
    /// <param name="recency">Higher for a newer item.</param>
    public void Note(int entry, int position, long recency)
    {
        int at = _count;
        while (at > 0 && _newest[at - 1].Recency < recency) at--;
        if (at == _limit) return;
        int kept = Math.Min(_count, _limit - 1);
        _newest.AsSpan(at, kept - at).CopyTo(_newest.AsSpan(at + 1));
        _newest[at] = new Step(entry, position, recency, default);
        _count = kept + 1;
    }

    /// <summary>Computes the vector of the history that was noted.</summary>
    /// <returns>Whether there is one: the encoder counts and knows an item of the history.</returns>
    public bool Encode()
    {
        var oldestFirst = Scratch.EnsureCapacity(ref _oldestFirst, _count);
        for (int k = 0; k < _count; k++) oldestFirst[_count - 1 - k] = _newest[k].Position;
        if (_encoder is null || _count == 0) return false;
        var vector = Scratch.EnsureCapacity(ref _vector, _encoder.Rank);
        _encoder.Encode(oldestFirst, vector);
        if (!vector.ContainsAnyExcept(0f)) return false;
        _rank = _encoder.Rank;
        float weight = (float)_weights!.Encoder;
        if (weight != 1) System.Numerics.Tensors.TensorPrimitives.Multiply(vector, weight, vector);
        return true;
    }

    /// <summary>Adds what followed the history that was noted.</summary>
    /// <returns>False where nothing ever did.</returns>
    public bool AddTransitions(ItemTerm term)
    {
        if (_weights is null || _weights.Rules == 0 || _count == 0) return false;
        var (rows, catalogue) = (_transitions!.Rows, _catalogue!);
        double sum = 0;
        for (int k = 0; k < _count; k++)
        {
            // Kept: the row may be replaced meanwhile.
            var scores = catalogue[_newest[k].Position] is { } followed ? rows.ScoresOf(followed.Key, k) : default;
            _newest[k] = _newest[k] with { Scores = scores };
            sum += scores.Sum;
        }

        if (!(sum > 0)) return false;
        _ruleFactor = (float)(_weights.Rules / sum);
        var positionByKey = catalogue.PositionByKey;
        int positions = catalogue.Count;
        for (int k = 0; k < _count; k++)
        {
            var scores = _newest[k].Scores;
            term.Expect(positions, scores.Count);
            for (int e = 0; e < scores.Count; e++)
            {
                var entry = scores[e];
                int position = entry.Item < positionByKey.Length ? positionByKey[entry.Item] : -1;
                // An item may have come after the positions were counted.
                if ((uint)position < (uint)positions) term.Add(position, _ruleFactor * entry.Weight);
            }
        }

        return true;
    }

    /// <summary>Adds what depends on no row: recent popularity, and the bonus of the history's own items.</summary>
    public void AddRest(ItemTerm term)
    {
        if (_weights is null) return;
        int positions = _catalogue!.Count;
        term.Expect(positions, _recent.Items.Length + _count);
        foreach (var (key, share) in _recent.Items)
        {
            int position = _catalogue.PositionOfKey(key);
            if ((uint)position < (uint)positions) term.Add(position, share);
        }

        for (int k = 0; k < _count; k++)
            if (RepeatOf(k) is not 0 and var bonus) term.Add(_newest[k].Position, bonus);
    }

    /// <summary>Adds what each item of the history contributes to the score of an item.</summary>
    /// <param name="contributions">By index in the history.</param>
    /// <returns>The contribution of the item's recent popularity.</returns>
    public float Explain(int position, Span<float> contributions)
    {
        if (_weights is null || _catalogue![position] is not { } item) return 0;
        bool isEncoded = _rank > 0 && position < _encoder!.ItemCount;
        if (isEncoded)
        {
            var parts = Scratch.EnsureCapacity(ref _parts, _count);
            _encoder!.Explain(History, position, parts);
            for (int k = 0; k < _count; k++) contributions[_newest[k].Entry] += (float)_weights.Encoder * parts[_count - 1 - k];
        }

        for (int k = 0; k < _count; k++)
        {
            contributions[_newest[k].Entry] += _ruleFactor * _newest[k].Scores.Of(item.Key);
            if (_newest[k].Position == position)
                contributions[_newest[k].Entry] += isEncoded ? (float)_weights.RepeatOf(k + 1) : RepeatOf(k);
        }

        return _recent.ShareOf(item.Key);
    }

    /// <summary>What the item at a place of the history adds to its own score.</summary>
    private float RepeatOf(int k)
    {
        double bonus = _weights!.RepeatOf(k + 1);
        if (_rank > 0 && k < _encoder!.Settings.HistoryLength && _newest[k].Position < _encoder.ItemCount)
            bonus += _weights.Encoder * _encoder.RepeatScores.Span[k];
        return (float)bonus;
    }

    private readonly record struct Step(int Entry, int Position, long Recency, TransitionScores Scores);
}
