using System.Globalization;
using Recommender.Factorization.Algebra;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Neighbours;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Sessions;

/// <summary>
/// Finds the settings of a <see cref="SessionModel"/> on validation cases: one setting after another, each with the best values so far.
/// First the parts alone, then the weights of their sum. The objective is the product of hit rate and mean reciprocal rank.
/// </summary>
public sealed class SessionModelSearch
{
    /// <summary>Items per term that can reach the judged list.</summary>
    private const int PoolDepth = 100;

    private readonly SessionData _data;
    private readonly NextItemCase[] _cases;
    private readonly SessionSearchOptions _options;
    private readonly CancellationToken _cancellation;

    private SessionModelSearch(
        SessionData data, IReadOnlyList<NextItemCase> validation, SessionSearchOptions options, CancellationToken cancellation)
    {
        (_data, _options, _cancellation) = (data, options, cancellation);
        _cases = Sample(validation, options.MaxCases);
    }

    /// <param name="data">Sessions to train on; none of the validation targets.</param>
    /// <param name="validation">At least one case.</param>
    /// <exception cref="ArgumentException">There is nothing to learn from or to judge.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public static SessionSearchResult Run(
        SessionData data, IReadOnlyList<NextItemCase> validation, SessionSearchOptions options, CancellationToken cancellation = default)
    {
        if (validation.Count == 0) throw new ArgumentException("There are no validation cases.", nameof(validation));
        options.Start.Validate();
        return new SessionModelSearch(data, validation, options, cancellation).Run();
    }

    private SessionSearchResult Run()
    {
        var start = _options.Start with { Repeats = _options.Repeats };
        var half = Sample(_cases, Math.Max(_cases.Length / 2, 1));
        var rules = Improve("rules", start.Rules, RuleChanges, s => NextItemJudge.Judge(
            TransitionRules.Count(_data, s), half, _options.K, _options.Repeats, _options.Threads, _cancellation));
        var neighbours = Improve("neighbours", start.Neighbours, NeighbourChanges, s => NextItemJudge.Judge(
            new SessionNeighbours(_data, s), half, _options.K, _options.Repeats, _options.Threads, _cancellation));
        var settings = start with { Rules = rules, Neighbours = neighbours, Weights = new SessionWeights() };
        var (counted, nearest) = (TransitionRules.Count(_data, rules), new SessionNeighbours(_data, neighbours));
        settings = settings with { Encoder = ImproveEncoder(start.Encoder with { Repeats = _options.Repeats }, Combine) };

        var model = Combine(settings.Encoder);
        var pools = Pool(model);
        var weights = Improve("blend", settings.Weights, WeightChanges, w => Judge(pools, w));
        var best = model.WithWeights(weights);
        return new SessionSearchResult(
            best.Settings, best, JudgePart(model.Encoder), JudgePart(model.Rules), JudgePart(model.Neighbours), JudgePart(best));

        SessionModel Combine(SessionEncoderSettings encoder) => new(
            settings with { Encoder = encoder },
            SessionEncoder.Train(_data, encoder, new SessionTrainOptions { Threads = _options.Threads }, _cancellation),
            counted, nearest, _data.CountItems());
    }

    /// <summary>The sum of the logarithms of hit rate and reciprocal rank, so that a per cent of either is worth the same.</summary>
    internal static double Objective(NextItemResult result) =>
        Math.Log(Math.Max(result.HitRate, 1e-9)) + Math.Log(Math.Max(result.Mrr, 1e-9));

    private NextItemResult JudgePart(ISessionScorer part) =>
        NextItemJudge.Judge(part, _cases, _options.K, _options.Repeats, _options.Threads, _cancellation);

    /// <summary>Trials are short, and their encoder is judged with the repeat scores it would have in a blend.</summary>
    private SessionEncoderSettings ImproveEncoder(SessionEncoderSettings start, Func<SessionEncoderSettings, SessionModel> train)
    {
        var found = Improve("encoder", start with { Epochs = Math.Min(_options.TrialEpochs, start.Epochs) }, EncoderChanges, s =>
        {
            var pools = Pool(train(s));
            var best = Judge(pools, new SessionWeights());
            for (int bonus = 1; bonus <= 4 && _options.Repeats; bonus++)
            {
                var result = Judge(pools, new SessionWeights { RepeatNewest = bonus, RepeatOlder = bonus });
                if (Objective(result) > Objective(best)) best = result;
            }

            return best;
        });
        return found with { Epochs = start.Epochs };
    }

    private T Improve<T>(
        string part, T start, Func<T, IEnumerable<IEnumerable<(string Name, T Settings)>>> changes, Func<T, NextItemResult> judge)
    {
        var (best, bestResult) = (start, judge(start));
        _options.Progress?.Invoke(new SessionTrial(part, "start", bestResult, true));
        for (int setting = 0; ; setting++)
        {
            // Asked again for each setting, so that its values are combined with the best of those before it.
            var values = changes(best).Skip(setting).FirstOrDefault();
            if (values is null) return best;
            foreach (var (name, candidate) in values)
            {
                if (Equals(candidate, best)) continue;
                var result = judge(candidate);
                bool isBest = Objective(result) > Objective(bestResult);
                if (isBest) (best, bestResult) = (candidate, result);
                _options.Progress?.Invoke(new SessionTrial(part, name, result, isBest));
            }
        }
    }

    private static IEnumerable<IEnumerable<(string, TransitionRuleSettings)>> RuleChanges(TransitionRuleSettings s) =>
    [
        Values("backward", [.3, .6, .9], v => s with { Backward = v }),
        Values("distancePower", [0, .5, 1.5], v => s with { DistancePower = v }),
        Values("normalization", [0, .5, 1], v => s with { Table = s.Table with { Normalization = v } }),
        Values("positionPower", [.7, 1.5, 2], v => s with { Table = s.Table with { PositionPower = v } }),
        Values("halfLife", [.25, .5, 1], v => s with { HalfLife = v }),
    ];

    private static IEnumerable<IEnumerable<(string, SessionNeighbourSettings)>> NeighbourChanges(SessionNeighbourSettings s) =>
    [
        Values("positionDecay", [.4, .55, .85], v => s with { PositionDecay = v }),
        Values("backward", [.6, 1], v => s with { Backward = v }),
        Values("distanceDecay", [.65, .9, 1], v => s with { DistanceDecay = v }),
        Values("lengthPower", [0, .25, .75], v => s with { LengthPower = v }),
        Values("inverseFrequencyPower", [0, 1], v => s with { InverseFrequencyPower = v }),
        Values("matchWeight", [.5, 2, 4], v => s with { MatchWeight = v }),
        Values("halfLife", [.25, .5, 1, 2], v => s with { HalfLife = v }),
        Values("neighbours", [100, 500, 1500], v => s with { Neighbours = (int)v }),
    ];

    private static IEnumerable<IEnumerable<(string, SessionEncoderSettings)>> EncoderChanges(SessionEncoderSettings s) =>
    [
        Values("halfLife", [.4], v => s with { HalfLife = v }),
        Values("dropout", [.25, .5], v => s with { Dropout = v }),
        Values("temperature", [.055, .09, .12], v => s with { Temperature = v }),
    ];

    private static IEnumerable<IEnumerable<(string, SessionWeights)>> WeightChanges(SessionWeights s)
    {
        double[] shares = [0, 1.5, 3, 5, 7.5, 10, 15, 20, 30, 40, 60, 80, 120, 160];
        double[] bonuses = [-2, -1.5, -1, -.5, 0, .5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6];
        (string, SessionWeights)[] alone =
        [
            ("rules alone", new() { Encoder = 0, Rules = 10 }),
            ("neighbours alone", new() { Encoder = 0, Neighbours = 10 }),
        ];
        IEnumerable<(string, SessionWeights)>[] round =
        [
            Values("encoder", [0, .5, 1], v => s with { Encoder = v }),
            Values("repeats", bonuses, v => s with { RepeatNewest = v, RepeatOlder = v }),
            Values("neighbours", shares, v => s with { Neighbours = v }),
            Values("rules", shares, v => s with { Rules = v }),
            Values("repeatNewest", bonuses, v => s with { RepeatNewest = v }),
            Values("repeatOlder", bonuses, v => s with { RepeatOlder = v }),
            Values("popularity", [-.2, -.1, -.05, 0, .05, .1, .2], v => s with { Popularity = v }),
        ];
        // A second round, since the best values depend on each other.
        return round.Append(alone).Concat(round);
    }

    private static (string, T)[] Values<T>(string name, double[] values, Func<double, T> change) =>
        [.. values.Select(v => (string.Create(CultureInfo.InvariantCulture, $"{name}={v}"), change(v)))];

    private (int Item, SessionTerms Terms)[][] Pool(SessionModel model)
    {
        const int Chunk = 16;
        var pools = new (int, SessionTerms)[_cases.Length][];
        ParallelRows.Run(_cases.Length, Chunk, _options.Threads, take =>
        {
            var scores = new float[Chunk * model.ItemCount];
            while (take() is var (from, to))
            {
                model.Encoder.ScoreMany(_cases[from..to].Select(c => c.History).ToArray(), scores);
                for (int c = from; c < to; c++)
                    pools[c] = model.FindTerms(_cases[c], scores.AsSpan((c - from) * model.ItemCount, model.ItemCount), PoolDepth);
            }
        }, _cancellation);
        return pools;
    }

    private NextItemResult Judge((int Item, SessionTerms Terms)[][] pools, SessionWeights weights)
    {
        var ranks = new int[_cases.Length];
        for (int c = 0; c < ranks.Length; c++)
        {
            int target = _cases[c].Target;
            float own = weights.Combine(pools[c].First(p => p.Item == target).Terms);
            foreach (var (item, terms) in pools[c])
            {
                float score = weights.Combine(terms);
                if (score > own || (score == own && item <= target)) ranks[c]++;
            }
        }

        return NextItemResult.FromRanks(ranks, _options.K);
    }

    private static NextItemCase[] Sample(IReadOnlyList<NextItemCase> cases, int most)
    {
        int count = Math.Min(cases.Count, most);
        return [.. Enumerable.Range(0, count).Select(n => cases[(int)((long)n * cases.Count / count)])];
    }
}
