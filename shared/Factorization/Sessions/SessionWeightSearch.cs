using Recommender.Factorization.Algebra;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions;

/// <summary>
/// Judges weights on cases of which the terms of all items that can reach the judged list are known. A trial then costs milliseconds. The
/// same cases and options give the same weights.
/// </summary>
public sealed class SessionWeightSearch
{
    /// <summary>Items per term that can reach the judged list.</summary>
    internal const int PoolDepth = 100;

    private const int Chunk = 16;

    private readonly SessionSearchOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly IReadOnlyList<SessionWeightCase> _cases;

    internal SessionWeightSearch(SessionModel model, NextItemCase[] cases, SessionSearchOptions options, CancellationToken cancellation)
        : this(FindTerms(model, cases, options.Threads, cancellation), options, cancellation)
    {
    }

    internal SessionWeightSearch(IReadOnlyList<SessionWeightCase> cases, SessionSearchOptions options, CancellationToken cancellation) =>
        (_cases, _options, _cancellation) = (cases, options, cancellation);

    /// <summary>The weights with which the parts of a model answer best.</summary>
    /// <param name="model">Its weights are ignored.</param>
    /// <param name="validation">At least one case that the model was not trained on.</param>
    /// <exception cref="ArgumentException">There is nothing to judge.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was requested.</exception>
    public static SessionWeights Choose(
        SessionModel model, IReadOnlyList<NextItemCase> validation, SessionSearchOptions options, CancellationToken cancellation = default)
    {
        if (validation.Count == 0) throw new ArgumentException("There are no validation cases.", nameof(validation));
        return new SessionWeightSearch(model, CoordinateSearch.Sample(validation, options.MaxCases), options, cancellation).Choose();
    }

    internal SessionWeights Choose() =>
        CoordinateSearch.Improve("blend", new SessionWeights(), ListChanges, Judge, _options.Progress);

    /// <summary>The best of the weights that are allowed.</summary>
    internal SessionWeights Choose(SessionWeights start, Func<SessionWeights, bool> isAllowed) =>
        CoordinateSearch.Improve("blend", start, best => ListChanges(best).Select(values => values.Where(value => isAllowed(value.Item2))),
            Judge, _options.Progress);

    internal NextItemResult Judge(SessionWeights weights)
    {
        var ranks = new int[_cases.Count];
        ParallelRows.Run(ranks.Length, Chunk, _options.Threads, take =>
        {
            while (take() is var (from, to))
                for (int c = from; c < to; c++) ranks[c] = _cases[c].RankWith(weights);
        }, _cancellation);
        return NextItemResult.FromRanks(ranks, _options.K);
    }

    private static SessionWeightCase[] FindTerms(SessionModel model, NextItemCase[] cases, int threads, CancellationToken cancellation)
    {
        var found = new SessionWeightCase[cases.Length];
        ParallelRows.Run(cases.Length, Chunk, threads, take =>
        {
            var scores = new float[Chunk * model.ItemCount];
            while (take() is var (from, to))
            {
                model.Encoder.ScoreMany(cases[from..to].Select(c => c.History).ToArray(), scores);
                for (int c = from; c < to; c++)
                    found[c] = new SessionWeightCase(cases[c].Target,
                        model.FindTerms(cases[c], scores.AsSpan((c - from) * model.ItemCount, model.ItemCount), PoolDepth));
            }
        }, cancellation);
        return found;
    }

    /// <summary>A weight of a term that no case has changes no rank, so it stays as it is.</summary>
    private static IEnumerable<IEnumerable<(string, SessionWeights)>> ListChanges(SessionWeights s)
    {
        double[] shares = [0, 1.5, 3, 5, 7.5, 10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 400];
        double[] recent = [0, .25, .5, 1, 2, 4, 8, 16, 32, 64, 128, 256];
        double[] bonuses = [-2, -1.5, -1, -.5, 0, .5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6];
        (string, SessionWeights)[] alone =
        [
            ("rules alone", new() { Encoder = 0, Rules = 10 }),
            ("neighbours alone", new() { Encoder = 0, Neighbours = 10 }),
            ("model alone", new() { Encoder = 0, Model = 10 }),
            ("recent alone", new() { Encoder = 0, RecentHours = 10 }),
        ];
        IEnumerable<(string, SessionWeights)>[] round =
        [
            CoordinateSearch.Values("encoder", [0, .5, 1], v => s with { Encoder = v }),
            CoordinateSearch.Values("repeats", bonuses, v => s with { RepeatNewest = v, RepeatOlder = v }),
            CoordinateSearch.Values("neighbours", shares, v => s with { Neighbours = v }),
            CoordinateSearch.Values("rules", shares, v => s with { Rules = v }),
            CoordinateSearch.Values("recentHours", recent, v => s with { RecentHours = v }),
            CoordinateSearch.Values("recentDay", recent, v => s with { RecentDay = v }),
            CoordinateSearch.Values("recentWeek", recent, v => s with { RecentWeek = v }),
            CoordinateSearch.Values("model", shares, v => s with { Model = v }),
            CoordinateSearch.Values("repeatNewest", bonuses, v => s with { RepeatNewest = v }),
            CoordinateSearch.Values("repeatOlder", bonuses, v => s with { RepeatOlder = v }),
            CoordinateSearch.Values("popularity", [-.2, -.1, -.05, 0, .05, .1, .2], v => s with { Popularity = v }),
        ];
        // A second round, since the best values depend on each other.
        return round.Append(alone).Concat(round);
    }
}
