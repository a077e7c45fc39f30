using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions.Mixing;

/// <summary>
/// The next item of a session while events arrive: transitions and recent popularity as of the newest event, and the encoder of the last
/// training, in one score (<see cref="SessionWeights"/>). An item that is newer than the encoder is scored by the other terms. The score is
/// an exact sum of one contribution per item of the history and of <see cref="PopularityOf"/>. Not safe for concurrent use with changes of
/// its parts.
/// </summary>
public sealed class SessionMix : ISessionScorer
{
    /// <summary>Half-lives of recent popularity, in milliseconds.</summary>
    public const long HoursMs = 3 * 3_600_000L, DayMs = 24 * 3_600_000L, WeekMs = 7 * DayMs;

    /// <summary>The same, shortest first.</summary>
    public static IReadOnlyList<long> HalfLivesMs { get; } = [HoursMs, DayMs, WeekMs];

    private const int Hours = 0, Day = 1, Week = 2;

    private readonly TransitionTable _transitions;
    private readonly RecentCounts _recent;
    private readonly SessionEncoder? _encoder;

    /// <param name="transitions">Is read at each request.</param>
    /// <param name="recent">Made by <see cref="CreateRecentCounts"/>; is read at each request.</param>
    /// <param name="encoder">Null: its term is 0.</param>
    /// <exception cref="ArgumentException">A weight is out of range, or the counts have other half-lives.</exception>
    public SessionMix(SessionWeights weights, TransitionTable transitions, RecentCounts recent, SessionEncoder? encoder = null)
    {
        weights.Validate();
        if (recent.ScaleCount != 3) throw new ArgumentException($"The recent counts have {recent.ScaleCount} half-lives instead of 3.");
        (Weights, _transitions, _recent, _encoder) = (weights, transitions, recent, encoder);
    }

    public SessionWeights Weights { get; }

    /// <summary>One more than the largest item of any part.</summary>
    public int ItemCount => Math.Max(Math.Max(_transitions.ItemCount, _recent.ItemCount), _encoder?.ItemCount ?? 0);

    /// <summary>Empty counts with the half-lives of this class.</summary>
    public static RecentCounts CreateRecentCounts() => new(HoursMs, DayMs, WeekMs);

    /// <summary>The same parts with other weights.</summary>
    public SessionMix WithWeights(SessionWeights weights) => new(weights, _transitions, _recent, _encoder);

    public void Score(ReadOnlySpan<int> history, Span<float> scores)
    {
        scores = scores[..ItemCount];
        scores.Clear();
        if (Weights.Encoder > 0 && _encoder is not null)
        {
            _encoder.Score(history, scores);
            for (int i = 0; i < _encoder.ItemCount; i++) scores[i] *= (float)Weights.Encoder;
        }

        AddTransitions(history, scores);
        AddRecent(scores);
        for (int h = 0; h < history.Length; h++)
            if (RepeatPosition(history, history[h]) == history.Length - h && history[h] < scores.Length)
                scores[history[h]] += (float)Weights.RepeatOf(history.Length - h);
    }

    /// <summary>
    /// What each item of the history adds to the score of <paramref name="item"/>. The rest of the score is
    /// <see cref="PopularityOf"/>, which no history item causes.
    /// </summary>
    /// <returns>The score: the sum of the contributions and the popularity up to rounding.</returns>
    public float Explain(ReadOnlySpan<int> history, int item, Span<float> contributions)
    {
        contributions = contributions[..history.Length];
        contributions.Clear();
        if (Weights.Encoder > 0 && _encoder is not null && item < _encoder.ItemCount)
        {
            _encoder.Explain(history, item, contributions);
            for (int h = 0; h < history.Length; h++) contributions[h] *= (float)Weights.Encoder;
        }

        float factor = (float)Weights.Rules * InverseSum(history);
        for (int h = 0; h < history.Length && factor > 0; h++)
            contributions[h] += factor * _transitions.Contribution(history[h], history.Length - 1 - h, item);
        if (RepeatPosition(history, item) is > 0 and var position) contributions[^position] += (float)Weights.RepeatOf(position);
        float score = PopularityOf(item);
        foreach (float contribution in contributions) score += contribution;
        return score;
    }

    /// <summary>
    /// Adds what transitions contribute to the scores of the items of the history's rows; other scores are not touched. Items beyond the
    /// length are skipped.
    /// </summary>
    public void AddTransitions(ReadOnlySpan<int> history, Span<float> scores)
    {
        float factor = (float)Weights.Rules * InverseSum(history);
        if (factor == 0) return;
        int length = Math.Min(history.Length, _transitions.Settings.HistoryLength);
        for (int k = 0; k < length; k++) _transitions.AddRow(history[^(k + 1)], k, scores, factor);
    }

    /// <summary>What recent popularity adds to the score of an item.</summary>
    public float PopularityOf(int item) => (float)((Weights.RecentHours * _recent.ShareOf(item, Hours))
        + (Weights.RecentDay * _recent.ShareOf(item, Day)) + (Weights.RecentWeek * _recent.ShareOf(item, Week)));

    /// <summary>The terms of the items that can be among the first <paramref name="depth"/> of any term, and of the target.</summary>
    /// <param name="model">Scores of the served model per item; empty: its term is 0.</param>
    internal (int Item, SessionTerms Terms)[] FindTerms(NextItemCase asked, ReadOnlySpan<float> model, int depth)
    {
        int count = Math.Max(Math.Max(ItemCount, asked.Target + 1), model.Length);
        var encoded = new float[count];
        _encoder?.Score(asked.History, encoded);
        var rules = new float[count];
        _transitions.Score(asked.History, rules);
        float inverse = InverseSum(asked.History);
        var items = new SortedSet<int> { asked.Target };
        if (_encoder is not null) TopItems.Add(encoded, depth, float.NegativeInfinity, items);
        TopItems.Add(rules, depth, 0, items);
        TopItems.Add(model, depth, 0, items);
        for (int scale = 0; scale < _recent.ScaleCount; scale++) items.UnionWith(_recent.Top(scale, depth));
        items.UnionWith(asked.History);
        var found = new (int, SessionTerms)[items.Count];
        int n = 0;
        foreach (int item in items)
        {
            found[n++] = (item, new SessionTerms(encoded[item], rules[item] * inverse, Repeat: RepeatPosition(asked.History, item))
            {
                Model = item < model.Length ? model[item] : 0,
                RecentHours = _recent.ShareOf(item, Hours),
                RecentDay = _recent.ShareOf(item, Day),
                RecentWeek = _recent.ShareOf(item, Week),
            });
        }

        return found;
    }

    private void AddRecent(Span<float> scores)
    {
        _recent.AddShares(Hours, (float)Weights.RecentHours, scores);
        _recent.AddShares(Day, (float)Weights.RecentDay, scores);
        _recent.AddShares(Week, (float)Weights.RecentWeek, scores);
    }

    private float InverseSum(ReadOnlySpan<int> history)
    {
        double sum = _transitions.SumOf(history);
        return sum > 0 ? (float)(1 / sum) : 0;
    }

    /// <summary>1-based position of the last occurrence of an item, newest first; 0: none.</summary>
    private static int RepeatPosition(ReadOnlySpan<int> history, int item) =>
        history.LastIndexOf(item) is >= 0 and var at ? history.Length - at : 0;
}
