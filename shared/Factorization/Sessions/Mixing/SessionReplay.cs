using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>
/// Follows events in time order and asks a <see cref="SessionMix"/> before some of them for the next item, then chooses the weights that
/// would have answered best. It takes no clock: the same events, in the same order, give the same weights. Not safe for concurrent use.
/// </summary>
public sealed class SessionReplay
{
    private readonly SessionReplaySettings _settings;
    private readonly SessionPairs _pairs;
    private readonly TransitionTable _transitions;
    private readonly RecentCounts _recent = SessionMix.CreateRecentCounts();
    private readonly SessionMix _mix;
    private readonly Dictionary<(long Group, bool HasId), List<SessionEvent>> _groups = [];
    private readonly List<PairDelta> _deltas = [];
    private readonly List<SessionWeightCase> _cases = [];
    private readonly int _kept;
    private readonly bool _hasEncoder;
    private long _askable;
    private long _stride = 1;

    /// <param name="encoder">Trained on events before those that are asked about; null: none.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public SessionReplay(SessionReplaySettings settings, SessionEncoder? encoder = null)
    {
        if (settings.Search.MaxCases < 1)
            throw new ArgumentException($"MaxCases is {settings.Search.MaxCases}; it must be 1 or more.", nameof(settings));
        (_settings, _pairs, _transitions) = (settings, new SessionPairs(settings.Pairs), new TransitionTable(settings.Table));
        _mix = new SessionMix(new SessionWeights(), _transitions, _recent, encoder);
        _hasEncoder = encoder is not null;
        _kept = Math.Max(settings.Pairs.Window,
            Math.Max(settings.Table.HistoryLength, encoder?.Settings.HistoryLength ?? 0));
    }

    /// <summary>Questions kept so far.</summary>
    public int CaseCount => _cases.Count;

    /// <summary>The mix as of the newest event, with other weights.</summary>
    public SessionMix MixWith(SessionWeights weights) => _mix.WithWeights(weights);

    /// <summary>Counts an event.</summary>
    /// <param name="group">A session of a user; without session id, all events of a user.</param>
    /// <param name="hasId">Whether the group has a session id. If not, it is cut at gaps.</param>
    /// <param name="added">Not older than any before.</param>
    public void Learn(long group, bool hasId, SessionEvent added)
    {
        if (!_groups.TryGetValue((group, hasId), out var events)) _groups[(group, hasId)] = events = [];
        _deltas.Clear();
        _pairs.Insert(events, hasId, added, _deltas);
        if (events.Count > 2 * _kept) events.RemoveRange(0, events.Count - _kept);
        foreach (var delta in _deltas)
        {
            if (delta.IsAdded) _transitions.Add(delta.Row, delta.Item, delta.Weight, delta.TimeMs);
            else _transitions.Remove(delta.Row, delta.Item, delta.Weight, delta.TimeMs);
        }

        _recent.Add(added.Item, added.Weight, added.OccurredAtMs);
    }

    /// <summary>
    /// Asks for an event before it is learned. It is a question if the session has an event before it and, unless repeats are wanted, not
    /// yet its item. Of more than <see cref="SessionSearchOptions.MaxCases"/> questions every second, fourth … is kept.
    /// </summary>
    /// <param name="model">Called for a question that is kept: scores of the served model for a history, per item. Null: none.</param>
    /// <returns>Whether the question was kept.</returns>
    public bool Ask(long group, bool hasId, SessionEvent next, Func<int[], ReadOnlyMemory<float>>? model = null)
    {
        int[] history = HistoryOf(group, hasId, next.OccurredAtMs);
        return Ask(history, next.Item, model is null ? null : () => model(history));
    }

    /// <summary>The same with a given history.</summary>
    /// <param name="history">Item indices, oldest first.</param>
    public bool Ask(int[] history, int next, Func<ReadOnlyMemory<float>>? model = null)
    {
        bool repeats = _settings.Search.Repeats;
        if (history.Length == 0 || (!repeats && history.Contains(next))) return false;
        if (_askable++ % _stride != 0) return false;
        var terms = _mix.FindTerms(
            new NextItemCase(history, next), model is null ? default : model().Span, SessionWeightSearch.PoolDepth);
        if (!repeats) terms = [.. terms.Where(candidate => candidate.Terms.Repeat == 0)];
        _cases.Add(new SessionWeightCase(next, terms));
        if (_cases.Count > _settings.Search.MaxCases) Thin();
        return true;
    }

    /// <summary>The items of a session before a time, oldest first, as far as any term looks back.</summary>
    public int[] HistoryOf(long group, bool hasId, long beforeMs)
    {
        if (!_groups.TryGetValue((group, hasId), out var events)) return [];
        int first = events.Count;
        long later = beforeMs;
        while (first > 0 && events.Count - first < _kept && (hasId || later - events[first - 1].OccurredAtMs <= _settings.Pairs.GapMs))
            later = events[--first].OccurredAtMs;
        return [.. events.Skip(first).Select(e => e.Item)];
    }

    /// <summary>The weights with which the questions so far are answered best, and how well.</summary>
    /// <exception cref="InvalidOperationException">There are no questions.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public (SessionWeights Weights, NextItemResult Result) ChooseWeights(CancellationToken cancellation = default)
    {
        if (_cases.Count == 0) throw new InvalidOperationException("There are no questions to choose weights by.");
        var search = new SessionWeightSearch(_cases, _settings.Search, cancellation);
        var weights = search.Choose();
        return (weights, search.Judge(weights));
    }

    /// <summary>
    /// The weights that can be served with which the questions so far are answered best. The served model's score alone, unless others are
    /// not below it in hit rate and in mean reciprocal rank.
    /// </summary>
    /// <exception cref="InvalidOperationException">There are no questions.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public ServedWeights ChooseServed(CancellationToken cancellation = default)
    {
        if (_cases.Count == 0) throw new InvalidOperationException("There are no questions to choose weights by.");
        // Models score on scales of their own; the values that are tried are for one whose best scores are about 1.
        double scale = _cases.Average(asked => asked.Pool.Max(candidate => Math.Max(candidate.Terms.Model, 0)));
        if (scale == 0) scale = 1;
        var scaled = _cases.ConvertAll(asked => asked with
        {
            Pool = [.. asked.Pool.Select(candidate =>
                (candidate.Item, candidate.Terms with { Model = (float)(candidate.Terms.Model / scale) }))],
        });
        var search = new SessionWeightSearch(scaled, _settings.Search, cancellation);
        var byModel = search.Choose(new SessionWeights { Encoder = 0, Model = 10 }, w => w.Encoder == 0 && w.Model > 0);
        var choices = new List<SessionWeights> { byModel.DividedBy(byModel.Model / scale) with { Model = 1 } };
        // Where neither helps, as with news, each would only disturb the terms that follow every event.
        choices.Add(search.Choose(new SessionWeights { Encoder = 0, Rules = 10, RecentHours = 1 },
            w => w.Encoder == 0 && w.Model == 0 && w.Rules > 0));
        if (_hasEncoder)
        {
            var byEncoder = search.Choose(new SessionWeights(), w => w.Encoder > 0 && w.Model == 0);
            choices.Add(byEncoder.DividedBy(byEncoder.Encoder));
        }

        var model = Judge(ServedWeights.ModelAlone, cancellation);
        var rules = Judge(new SessionWeights { Encoder = 0, Rules = 1 }, cancellation);
        var best = choices.Select(weights => (Weights: weights, Result: Judge(weights, cancellation)))
            .Where(choice => choice.Result.HitRate >= model.HitRate && choice.Result.Mrr >= model.Mrr)
            .OrderByDescending(choice => CoordinateSearch.Objective(choice.Result)).FirstOrDefault((ServedWeights.ModelAlone, model));
        return new ServedWeights(best.Item1, best.Item2, model, rules);
    }

    /// <summary>How well weights answer the questions so far.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public NextItemResult Judge(SessionWeights weights, CancellationToken cancellation = default) =>
        new SessionWeightSearch(_cases, _settings.Search, cancellation).Judge(weights);

    /// <summary>Keeps every second question, so that they stay evenly chosen.</summary>
    private void Thin()
    {
        for (int n = 0; 2 * n < _cases.Count; n++) _cases[n] = _cases[2 * n];
        _cases.RemoveRange((_cases.Count + 1) / 2, _cases.Count / 2);
        _stride *= 2;
    }
}
