using System.Buffers;
using System.Numerics.Tensors;
using Recommender.Factorization.Algebra;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Neighbours;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions;

/// <summary>
/// The next item of a session: encoder, counted transitions, neighbour sessions and popularity in one score (<see cref="SessionWeights"/>).
/// Immutable and safe for concurrent use.
/// </summary>
public sealed class SessionModel : ISessionScorer
{
    private readonly float[] _popularity;

    /// <param name="settings">Their weights combine the parts.</param>
    /// <param name="encoder">Trained on the same catalogue as the other parts.</param>
    /// <param name="rules">Counted.</param>
    /// <param name="neighbours">Indexed.</param>
    /// <param name="counts">How often each item occurs.</param>
    public SessionModel(SessionModelSettings settings, SessionEncoder encoder, TransitionRules rules, SessionNeighbours neighbours,
        float[] counts)
    {
        (Settings, Encoder, Rules, Neighbours) = (settings, encoder, rules, neighbours);
        _popularity = [.. counts.Select(c => MathF.Log(1 + c))];
        if (rules.ItemCount != ItemCount || neighbours.ItemCount != ItemCount || counts.Length != ItemCount)
            throw new ArgumentException(
                $"The parts differ in items: {ItemCount}, {rules.ItemCount}, {neighbours.ItemCount} and {counts.Length}.");
    }

    public SessionModelSettings Settings { get; }

    public SessionEncoder Encoder { get; }

    public TransitionRules Rules { get; }

    public SessionNeighbours Neighbours { get; }

    public int ItemCount => Encoder.ItemCount;

    /// <summary>Trains all parts on the same sessions.</summary>
    /// <exception cref="ArgumentException">
    /// No session has two items, or a setting is out of range; the message contains the name.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public static SessionModel Train(
        SessionData data, SessionModelSettings settings, SessionTrainOptions? options = null, CancellationToken cancellation = default)
    {
        settings.Validate();
        var encoder = SessionEncoder.Train(data, settings.Encoder with { Repeats = settings.Repeats }, options, cancellation);
        return new SessionModel(
            settings, encoder, TransitionRules.Count(data, settings.Rules), new SessionNeighbours(data, settings.Neighbours),
            data.CountItems());
    }

    /// <summary>The same parts with other weights.</summary>
    public SessionModel WithWeights(SessionWeights weights) => new(this, Settings with { Weights = weights });

    public void Score(ReadOnlySpan<int> history, Span<float> scores)
    {
        Encoder.Score(history, scores);
        Complete(history, scores);
    }

    public void ScoreMany(ReadOnlySpan<int[]> histories, Span<float> scores)
    {
        Encoder.ScoreMany(histories, scores);
        for (int s = 0; s < histories.Length; s++) Complete(histories[s], scores.Slice(s * ItemCount, ItemCount));
    }

    /// <summary>
    /// What each item of the history adds to the score of <paramref name="item"/>. The rest of the score is
    /// <see cref="PopularityOf"/>, which no history item causes.
    /// </summary>
    /// <returns>The score: the sum of the contributions and the popularity up to rounding.</returns>
    public float Explain(ReadOnlySpan<int> history, int item, Span<float> contributions)
    {
        var weights = Settings.Weights;
        var scratch = new float[ItemCount];
        var part = new float[history.Length];
        float encoded = (float)weights.Encoder;
        float score = PopularityOf(item) + (encoded * Encoder.Explain(history, item, contributions));
        for (int h = 0; h < history.Length; h++) contributions[h] *= encoded;
        Rules.Score(history, scratch);
        float factor = weights.Rules == 0 ? 0 : (float)weights.Rules * Inverse(Sum(scratch));
        for (int h = 0; h < history.Length && factor > 0; h++)
            Contribute(h, factor * Rules.Table.Contribution(history[h], history.Length - 1 - h, item), contributions);
        if (weights.Neighbours > 0)
        {
            Neighbours.Score(history, scratch);
            factor = (float)weights.Neighbours * Inverse(Sum(scratch));
            Neighbours.Explain(history, item, part);
            for (int h = 0; h < part.Length; h++) Contribute(h, factor * part[h], contributions);
        }

        int last = history.LastIndexOf(item);
        if (last >= 0) Contribute(last, (float)(last == history.Length - 1 ? weights.RepeatNewest : weights.RepeatOlder), contributions);
        return score;

        void Contribute(int h, float value, Span<float> target)
        {
            target[h] += value;
            score += value;
        }
    }

    /// <summary>What popularity adds to the score of an item.</summary>
    public float PopularityOf(int item) => (float)(Settings.Weights.Popularity * _popularity[item]);

    /// <summary>Adds all terms but the encoder's to its scores.</summary>
    private void Complete(ReadOnlySpan<int> history, Span<float> scores)
    {
        var weights = Settings.Weights;
        scores = scores[..ItemCount];
        if (weights.Encoder != 1) TensorPrimitives.Multiply(scores, (float)weights.Encoder, scores);
        var rented = ArrayPool<float>.Shared.Rent(ItemCount);
        var term = rented.AsSpan(0, ItemCount);
        if (weights.Rules > 0)
        {
            Rules.Score(history, term);
            Vectors.Add((float)weights.Rules * Inverse(Sum(term)), term, scores);
        }

        if (weights.Neighbours > 0)
        {
            Neighbours.Score(history, term);
            Vectors.Add((float)weights.Neighbours * Inverse(Sum(term)), term, scores);
        }

        ArrayPool<float>.Shared.Return(rented);
        if (weights.Popularity != 0) Vectors.Add((float)weights.Popularity, _popularity, scores);
        for (int h = 0; h < history.Length; h++)
        {
            if (history[(h + 1)..].Contains(history[h])) continue;
            scores[history[h]] += (float)(h == history.Length - 1 ? weights.RepeatNewest : weights.RepeatOlder);
        }
    }

    /// <summary>The terms of the items that can be among the first <paramref name="depth"/> of any term, and of the target.</summary>
    internal (int Item, SessionTerms Terms)[] FindTerms(NextItemCase asked, ReadOnlySpan<float> encoded, int depth)
    {
        var (rules, neighbours) = (new float[ItemCount], new float[ItemCount]);
        Rules.Score(asked.History, rules);
        Neighbours.Score(asked.History, neighbours);
        float rulesFactor = Inverse(Sum(rules)), neighboursFactor = Inverse(Sum(neighbours));
        var items = new SortedSet<int> { asked.Target };
        TopItems.Add(encoded, depth, float.NegativeInfinity, items);
        TopItems.Add(rules, depth, 0, items);
        TopItems.Add(neighbours, depth, 0, items);
        items.UnionWith(asked.History);
        if (!Settings.Repeats) items.RemoveWhere(i => i != asked.Target && asked.History.Contains(i));
        var found = new (int, SessionTerms)[items.Count];
        int n = 0;
        foreach (int i in items)
        {
            int last = Array.LastIndexOf(asked.History, i);
            found[n++] = (i, new SessionTerms(encoded[i], rules[i] * rulesFactor, neighbours[i] * neighboursFactor, _popularity[i],
                last < 0 ? 0 : asked.History.Length - last));
        }

        return found;
    }

    private SessionModel(SessionModel parts, SessionModelSettings settings)
    {
        (Settings, Encoder, Rules, Neighbours) = (settings, parts.Encoder, parts.Rules, parts.Neighbours);
        _popularity = parts._popularity;
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float v in values) sum += v;
        return (float)sum;
    }

    private static float Inverse(float sum) => sum > 0 ? 1 / sum : 0;
}
