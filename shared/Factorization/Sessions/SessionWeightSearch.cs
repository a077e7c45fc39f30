using Recommender.Factorization.Algebra;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Sessions;

/// <summary>
/// Judges weights of one <see cref="SessionModel"/>. The terms of all items that can reach the judged list are computed once; a trial then
/// costs milliseconds. The same model, cases and options give the same weights.
/// </summary>
public sealed class SessionWeightSearch
{
    /// <summary>Items per term that can reach the judged list.</summary>
    private const int PoolDepth = 100;

    private readonly NextItemCase[] _cases;
    private readonly SessionSearchOptions _options;
    private readonly (int Item, SessionTerms Terms)[][] _pools;

    internal SessionWeightSearch(SessionModel model, NextItemCase[] cases, SessionSearchOptions options, CancellationToken cancellation)
    {
        (_cases, _options) = (cases, options);
        _pools = new (int, SessionTerms)[cases.Length][];
        Fill(model, cancellation);
    }

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

    internal SessionWeights Choose() => CoordinateSearch.Improve("blend", new SessionWeights(), ListChanges, Judge, _options.Progress);

    private void Fill(SessionModel model, CancellationToken cancellation)
    {
        const int Chunk = 16;
        ParallelRows.Run(_cases.Length, Chunk, _options.Threads, take =>
        {
            var scores = new float[Chunk * model.ItemCount];
            while (take() is var (from, to))
            {
                model.Encoder.ScoreMany(_cases[from..to].Select(c => c.History).ToArray(), scores);
                for (int c = from; c < to; c++)
                    _pools[c] = model.FindTerms(_cases[c], scores.AsSpan((c - from) * model.ItemCount, model.ItemCount), PoolDepth);
            }
        }, cancellation);
    }

    internal NextItemResult Judge(SessionWeights weights)
    {
        var ranks = new int[_cases.Length];
        for (int c = 0; c < ranks.Length; c++)
        {
            int target = _cases[c].Target;
            float own = weights.Combine(_pools[c].First(p => p.Item == target).Terms);
            foreach (var (item, terms) in _pools[c])
            {
                float score = weights.Combine(terms);
                if (score > own || (score == own && item <= target)) ranks[c]++;
            }
        }

        return NextItemResult.FromRanks(ranks, _options.K);
    }

    private static IEnumerable<IEnumerable<(string, SessionWeights)>> ListChanges(SessionWeights s)
    {
        double[] shares = [0, 1.5, 3, 5, 7.5, 10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 400];
        double[] bonuses = [-2, -1.5, -1, -.5, 0, .5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6];
        (string, SessionWeights)[] alone =
        [
            ("rules alone", new() { Encoder = 0, Rules = 10 }),
            ("neighbours alone", new() { Encoder = 0, Neighbours = 10 }),
        ];
        IEnumerable<(string, SessionWeights)>[] round =
        [
            CoordinateSearch.Values("encoder", [0, .5, 1], v => s with { Encoder = v }),
            CoordinateSearch.Values("repeats", bonuses, v => s with { RepeatNewest = v, RepeatOlder = v }),
            CoordinateSearch.Values("neighbours", shares, v => s with { Neighbours = v }),
            CoordinateSearch.Values("rules", shares, v => s with { Rules = v }),
            CoordinateSearch.Values("repeatNewest", bonuses, v => s with { RepeatNewest = v }),
            CoordinateSearch.Values("repeatOlder", bonuses, v => s with { RepeatOlder = v }),
            CoordinateSearch.Values("popularity", [-.2, -.1, -.05, 0, .05, .1, .2], v => s with { Popularity = v }),
        ];
        // A second round, since the best values depend on each other.
        return round.Append(alone).Concat(round);
    }
}
