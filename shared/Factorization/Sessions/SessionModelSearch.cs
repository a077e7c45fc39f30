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
    private readonly SessionData _data;
    private readonly NextItemCase[] _cases;
    private readonly SessionSearchOptions _options;
    private readonly CancellationToken _cancellation;

    private SessionModelSearch(
        SessionData data, IReadOnlyList<NextItemCase> validation, SessionSearchOptions options, CancellationToken cancellation)
    {
        (_data, _options, _cancellation) = (data, options, cancellation);
        _cases = CoordinateSearch.Sample(validation, options.MaxCases);
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
        var half = CoordinateSearch.Sample(_cases, Math.Max(_cases.Length / 2, 1));
        var rules = CoordinateSearch.Improve("rules", start.Rules, RuleChanges, s => NextItemJudge.Judge(
            TransitionRules.Count(_data, s), half, _options.K, _options.Repeats, _options.Threads, _cancellation), _options.Progress);
        var neighbours = CoordinateSearch.Improve("neighbours", start.Neighbours, NeighbourChanges, s => NextItemJudge.Judge(
            new SessionNeighbours(_data, s), half, _options.K, _options.Repeats, _options.Threads, _cancellation), _options.Progress);
        var settings = start with { Rules = rules, Neighbours = neighbours, Weights = new SessionWeights() };
        var (counted, nearest) = (TransitionRules.Count(_data, rules), new SessionNeighbours(_data, neighbours));
        settings = settings with { Encoder = ImproveEncoder(start.Encoder with { Repeats = _options.Repeats }, Combine) };

        var model = Combine(settings.Encoder);
        var weights = new SessionWeightSearch(model, _cases, _options, _cancellation).Choose();
        var best = model.WithWeights(weights);
        return new SessionSearchResult(
            best.Settings, best, JudgePart(model.Encoder), JudgePart(model.Rules), JudgePart(model.Neighbours), JudgePart(best));

        SessionModel Combine(SessionEncoderSettings encoder) => new(
            settings with { Encoder = encoder },
            SessionEncoder.Train(_data, encoder, new SessionTrainOptions { Threads = _options.Threads }, _cancellation),
            counted, nearest, _data.CountItems());
    }

    private NextItemResult JudgePart(ISessionScorer part) =>
        NextItemJudge.Judge(part, _cases, _options.K, _options.Repeats, _options.Threads, _cancellation);

    /// <summary>Trials are short, and their encoder is judged with the repeat scores it would have in a blend.</summary>
    private SessionEncoderSettings ImproveEncoder(SessionEncoderSettings start, Func<SessionEncoderSettings, SessionModel> train)
    {
        var trial = start with { Epochs = Math.Min(_options.TrialEpochs, start.Epochs) };
        var found = CoordinateSearch.Improve("encoder", trial, EncoderChanges, s =>
        {
            var search = new SessionWeightSearch(train(s), _cases, _options, _cancellation);
            var best = search.Judge(new SessionWeights());
            for (int bonus = 1; bonus <= 4 && _options.Repeats; bonus++)
            {
                var result = search.Judge(new SessionWeights { RepeatNewest = bonus, RepeatOlder = bonus });
                if (CoordinateSearch.Objective(result) > CoordinateSearch.Objective(best)) best = result;
            }

            return best;
        }, _options.Progress);
        return found with { Epochs = start.Epochs };
    }

    private static IEnumerable<IEnumerable<(string, TransitionRuleSettings)>> RuleChanges(TransitionRuleSettings s) =>
    [
        CoordinateSearch.Values("backward", [.3, .6, .9], v => s with { Backward = v }),
        CoordinateSearch.Values("distancePower", [0, .5, 1.5], v => s with { DistancePower = v }),
        CoordinateSearch.Values("normalization", [0, .5, 1], v => s with { Table = s.Table with { Normalization = v } }),
        CoordinateSearch.Values("positionPower", [.7, 1.5, 2], v => s with { Table = s.Table with { PositionPower = v } }),
        CoordinateSearch.Values("halfLife", [.25, .5, 1], v => s with { HalfLife = v }),
    ];

    private static IEnumerable<IEnumerable<(string, SessionNeighbourSettings)>> NeighbourChanges(SessionNeighbourSettings s) =>
    [
        CoordinateSearch.Values("positionDecay", [.4, .55, .85], v => s with { PositionDecay = v }),
        CoordinateSearch.Values("backward", [.6, 1], v => s with { Backward = v }),
        CoordinateSearch.Values("distanceDecay", [.65, .9, 1], v => s with { DistanceDecay = v }),
        CoordinateSearch.Values("lengthPower", [0, .25, .75], v => s with { LengthPower = v }),
        CoordinateSearch.Values("inverseFrequencyPower", [0, 1], v => s with { InverseFrequencyPower = v }),
        CoordinateSearch.Values("matchWeight", [.5, 2, 4], v => s with { MatchWeight = v }),
        CoordinateSearch.Values("halfLife", [.25, .5, 1, 2], v => s with { HalfLife = v }),
        CoordinateSearch.Values("neighbours", [100, 500, 1500], v => s with { Neighbours = (int)v }),
    ];

    private static IEnumerable<IEnumerable<(string, SessionEncoderSettings)>> EncoderChanges(SessionEncoderSettings s) =>
    [
        CoordinateSearch.Values("halfLife", [.4], v => s with { HalfLife = v }),
        CoordinateSearch.Values("dropout", [.25, .5], v => s with { Dropout = v }),
        CoordinateSearch.Values("temperature", [.055, .09, .12], v => s with { Temperature = v }),
    ];
}
