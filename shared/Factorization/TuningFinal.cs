namespace Recommender.Factorization;

/// <summary>
/// The last choice of a search, among the best of each kind of settings, on splits that the search has not seen. By the hold-outs themselves the
/// luckiest of many trials would win; and what is a hundred trials away from the next kind was fitted to them more than what is ten away.
/// </summary>
internal sealed class TuningFinal(IReadOnlyList<Split> splits, TuningOptions options, Func<double> clock, CancellationToken cancellation)
{
    /// <summary>Share of the budget kept for it.</summary>
    public const double Share = .12;

    private const int MostFinalists = 6, MostOfAKind = 2;

    /// <param name="known">What an earlier, interrupted run has judged already.</param>
    /// <param name="until">Budget in seconds: no finalist is begun after it.</param>
    /// <param name="judged">Is given each finalist as judged here.</param>
    public void Run(IReadOnlyList<Trial> trials, IReadOnlyList<Trial> known, double spent, double until, Action<Trial> judged)
    {
        foreach (var finalist in Finalists(trials))
        {
            var trial = known.FirstOrDefault(t => t.Settings == finalist.Settings);
            if (trial is null)
            {
                if (spent >= until) return;
                trial = Judge(finalist, trials.Count + 1);
            }

            spent += trial.Seconds;
            judged(trial);
        }
    }

    /// <summary>Best first.</summary>
    private static IEnumerable<Trial> Finalists(IReadOnlyList<Trial> trials)
    {
        var best = trials.GroupBy(t => KindOf(t.Settings)).SelectMany(kind => kind.DistinctBy(t => t.Settings).OrderByDescending(t => t.Score).Take(MostOfAKind));
        return best.OrderByDescending(t => t.Score).Take(MostFinalists);
    }

    /// <summary>The learners that settings are made of.</summary>
    private static string KindOf(LearnerSettings settings) => settings switch
    {
        SumSettings sum => $"({KindOf(sum.First)} + {KindOf(sum.Second)})",
        HybridSettings hybrid => $"({KindOf(hybrid.Factors)} + neighbours)",
        _ => settings.GetType().Name,
    };

    private Trial Judge(Trial finalist, int number)
    {
        cancellation.ThrowIfCancellationRequested();
        double begin = clock(), recall = 0, ndcg = 0;
        foreach (var split in splits)
        {
            var model = finalist.Settings.Train(split.Train, new TrainOptions { Threads = options.Threads }, cancellation);
            var result = Evaluation.Run(model, split, new EvaluationOptions { K = options.K, Threads = options.Threads, BootstrapSamples = 0 }, cancellation);
            recall += result.Recall / splits.Count;
            ndcg += result.Ndcg / splits.Count;
        }

        return finalist with { Number = number, Stage = "final", Score = Math.Sqrt(recall * ndcg), Recall = recall, Ndcg = ndcg, Seconds = clock() - begin, Curve = [] };
    }
}
