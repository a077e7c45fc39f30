using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Tuning;

namespace Recommender.Benchmarks.Quality;

/// <summary><c>quality</c>: accuracy of the lists of a learner on a public data set, and the cost of training.</summary>
internal static class QualityVerb
{
    public static Benchmark Create()
    {
        var options = new QualityOptions();
        return new Benchmark("quality", "Trains on a public data set and judges the lists on its test part.", options.All)
        {
            Measure = (run, cancellation) => Task.FromResult(Run(options, run, cancellation)),
        };
    }

    private static object Run(QualityOptions options, BenchmarkRun run, CancellationToken cancellation)
    {
        using var tiny = run.IsTiny ? new TinyDataSet() : null;
        string folder = tiny?.Folder ?? run.Get(options.Data)!;
        int threads = run.Get(options.Threads);
        var split = LearningData.Read(folder);
        Console.Error.WriteLine($"{split.Train.UserCount} users, {split.Train.ItemCount} items, {split.Train.Count} training and "
            + $"{split.Test.Columns.Length} test interactions.");
        if (options.IsOracle(run)) return JudgeEase(split, run.Get(options.Lambda), threads, cancellation);
        var chosen = options.Chosen(run);
        if (run.Get(options.Cold)) return JsonSerializer.SerializeToNode(ColdItems.Judge(folder, chosen))!;
        double tuneSeconds = 0;
        if (run.Get(options.Tune))
        {
            var found = Tune(LearningData.SearchSplitsOf(folder, split), new TuningOptions
            {
                BudgetSeconds = run.Get(options.Budget),
                MaxRank = run.Get(options.Rank) ?? 128,
                AllowNeighbourhood = !run.Get(options.FactorsOnly),
                Threads = threads,
            }, run.Get(options.State), cancellation);
            tuneSeconds = found.SecondsSpent;
            if (run.Get(options.Baselines)) LogBaselines(split, found, cancellation);
            chosen = found.Best!.Settings;
        }

        return Judge(split, chosen, tuneSeconds, threads, cancellation);
    }

    /// <summary>The best settings that each learner alone reached on the hold-outs, judged on the test part like the winner.</summary>
    private static void LogBaselines(Split split, TuningState found, CancellationToken cancellation)
    {
        foreach (var best in found.Trials.GroupBy(t => (t.Settings.GetType(), t.Settings is PopularitySettings { HalfLife: > 0 }))
            .Select(g => g.MaxBy(t => t.Score)!))
        {
            var judged = Evaluation.Run(best.Settings.Train(split.Train, null, cancellation), split, null, cancellation);
            Console.Error.WriteLine($"{judged.Recall:f4} / {judged.Ndcg:f4}  (hold-out {best.Recall:f4} / {best.Ndcg:f4})  "
                + $"{best.Settings.ToJson()}");
        }
    }

    private static TuningState Tune(SearchSplits splits, TuningOptions options, string? path, CancellationToken cancellation)
    {
        var resume = path is not null && File.Exists(path) ? TuningState.FromJson(File.ReadAllText(path)) : null;
        var clock = Stopwatch.StartNew();
        return Tuner.Run(splits, options, () => clock.Elapsed.TotalSeconds, resume, state =>
        {
            var trial = state.Finals.Count > 0 ? state.Finals[^1] : state.Trials[^1];
            Console.Error.WriteLine($"{trial.Number,3} {state.SecondsSpent,7:f1} s  {trial.Recall:f4} / {trial.Ndcg:f4}  {trial.Stage}: "
                + $"{trial.Settings.ToJson()}");
            if (path is not null) File.WriteAllText(path, state.ToJson());
        }, cancellation);
    }

    private static object Judge(Split split, LearnerSettings settings, double tuneSeconds, int threads, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var model = settings.Train(split.Train, new TrainOptions
        {
            Threads = threads,
            Progress = p => Console.Error.WriteLine($"epoch {p.Epoch}/{p.Epochs}: {clock.Elapsed.TotalSeconds:f2} s")
        }, cancellation);
        double trainSeconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        var result = Evaluation.Run(model, split, new EvaluationOptions { Threads = threads }, cancellation);
        return Figures(split, result, trainSeconds, clock.Elapsed.TotalSeconds, tuneSeconds, model.Rank, settings.ToJson());
    }

    private static object JudgeEase(Split split, double lambda, int threads, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        int tenth = 0;
        using var ease = Ease.Train(split.Train, lambda, threads, share =>
        {
            cancellation.ThrowIfCancellationRequested();
            if ((int)(10 * share) > tenth)
                Console.Error.WriteLine($"{10 * (tenth = (int)(10 * share))} %: {clock.Elapsed.TotalSeconds:f0} s");
        });
        double trainSeconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        var result = Evaluation.Run(ease.Score, split, new EvaluationOptions { Threads = threads }, cancellation);
        return Figures(split, result, trainSeconds, clock.Elapsed.TotalSeconds, 0,
            0, $$"""{"learner":"ease","lambda":{{lambda.ToString(CultureInfo.InvariantCulture)}}}""");
    }

    private static object Figures(Split split, EvaluationResult result, double trainSeconds, double evaluationSeconds, double tuneSeconds,
        int rank, string settings)
    {
        using var process = Process.GetCurrentProcess();
        Console.Error.WriteLine($"training {trainSeconds:f2} s, evaluation {evaluationSeconds:f2} s, "
            + $"{process.TotalProcessorTime.TotalSeconds:f2} s of processor time in total; recall {result.RecallInterval.Low:f4} to "
            + $"{result.RecallInterval.High:f4}, MAP {result.Map:f4}, coverage {result.Coverage:f3}, Gini {result.Gini:f3}");
        return new
        {
            recallAt20 = Math.Round(result.Recall, 5),
            ndcgAt20 = Math.Round(result.Ndcg, 5),
            trainSeconds = Math.Round(trainSeconds, 2),
            tuneSeconds = Math.Round(tuneSeconds, 1),
            rank,
            settings = JsonDocument.Parse(settings).RootElement,
            users = split.Train.UserCount,
            items = split.Train.ItemCount,
            interactions = split.Train.Count,
            peakMemoryBytes = process.PeakWorkingSet64,
        };
    }
}
