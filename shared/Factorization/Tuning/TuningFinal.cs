using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;

namespace Recommender.Factorization.Tuning;

/// <summary>
/// The final of a search: chooses among the best trials of each composition on splits that the search has not used. On the hold-outs, the
/// luckiest of many trials would win, and of two compositions the one fitted to them more. While time remains, the trials that are not
/// clearly behind are evaluated on the next split, and the mean decides (a race: Maron, Moore 1994).
/// </summary>
internal sealed class TuningFinal(IReadOnlyList<Split> splits, TuningOptions options, Func<double> clock, CancellationToken cancellation)
{
    /// <summary>Fraction of the budget for the final.</summary>
    public const double Share = .2;

    private const int MaxFinalists = 4;

    /// <summary>Relative difference to the best score above which a trial leaves the race.</summary>
    private const double Behind = .02;

    /// <param name="known">Trials that an earlier, interrupted run has evaluated.</param>
    /// <param name="spent">Seconds spent so far.</param>
    /// <param name="until">Deadline in seconds. A split is started only if all remaining trials are likely to be evaluated on it by
    /// then.</param>
    /// <param name="progress">Called with all trials evaluated so far, in order.</param>
    public void Run(IReadOnlyList<Trial> trials, IReadOnlyList<Trial> known, double spent, double until,
        Action<IReadOnlyList<Trial>> progress)
    {
        var judged = new List<Trial>();
        var racing = trials.GroupBy(t => t.Settings.Composition).Select(kind => kind.MaxBy(t => t.Score)!).OrderByDescending(t => t.Score)
            .Take(MaxFinalists).ToList();
        double needed = 0;
        for (int split = 0; split < splits.Count && racing.Count > 1 && spent + needed <= until; split++)
        {
            needed = 0;
            foreach (var finalist in racing)
            {
                var trial = known.FirstOrDefault(t => t.Split == split && t.Settings == finalist.Settings);
                if (trial is null)
                {
                    if (split == 0 && spent >= until) return;
                    trial = Judge(finalist, split);
                }

                spent += trial.Seconds;
                needed += trial.Seconds;
                judged.Add(trial);
                progress([.. judged]);
            }

            var means = Means(judged).ToDictionary(t => t.Settings, t => t.Score);
            racing.RemoveAll(t => means[t.Settings] < means.Values.Max() * (1 - Behind));
        }
    }

    /// <summary>The finalists that were evaluated on most splits, with their mean scores.</summary>
    public static IEnumerable<Trial> Means(IEnumerable<Trial> judged)
    {
        var finalists = judged.GroupBy(t => t.Settings).ToArray();
        int most = finalists.Max(f => (int?)f.Count()) ?? 0;
        foreach (var finalist in finalists.Where(f => f.Count() == most))
        {
            double recall = finalist.Average(t => t.Recall), ndcg = finalist.Average(t => t.Ndcg);
            yield return finalist.First() with
            {
                Recall = recall,
                Ndcg = ndcg,
                Score = Math.Sqrt(recall * ndcg),
                Seconds = finalist.Sum(t => t.Seconds)
            };
        }
    }

    private Trial Judge(Trial finalist, int split)
    {
        cancellation.ThrowIfCancellationRequested();
        double begin = clock();
        var model = finalist.Settings.Train(splits[split].Train, new TrainOptions { Threads = options.Threads }, cancellation);
        var result = Evaluation.Run(model, splits[split],
            new EvaluationOptions { K = options.K, Threads = options.Threads, BootstrapSamples = 0 }, cancellation);
        return finalist with
        {
            Stage = $"final, split {split + 1}",
            Score = Math.Sqrt(result.Recall * result.Ndcg),
            Recall = result.Recall,
            Ndcg = result.Ndcg,
            Seconds = clock() - begin,
            Curve = [],
            Split = split,
        };
    }
}
