using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Tuning;

namespace Recommender.Benchmarks.Quality;

/// <summary>How good the lists are that a learner makes from a public data set, and what learning cost.</summary>
internal static class QualityVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description =
            "Folder with train.txt[.gz] and test.txt[.gz], or with the CSV of a known data set.",
            Required = true
        };
        var learner = new Option<string>("--learner")
        {
            Description =
            "popularity, ials, …; ease is the oracle for small catalogues (4 · items² bytes, minutes).",
            DefaultValueFactory = _ => "ials"
        };
        var settings = new Option<string?>("--settings") { Description = "Settings as JSON, as a run prints them; in place of --learner." };
        var lambda = new Option<double>("--lambda") { Description = "Regularization of ease.", DefaultValueFactory = _ => 200 };
        var rank = new Option<int?>("--rank") { Description = "Length of factors." };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var tune = new Option<bool>("--tune") { Description = "Search learner and settings on hold-outs of the training part first." };
        var budget = new Option<double>("--budget-seconds") { Description = "What tuning may take.", DefaultValueFactory = _ => 300 };
        var factorsOnly = new Option<bool>("--factors-only") { Description = "Tuning leaves the item–item term out." };
        var state = new Option<FileInfo?>("--state") { Description = "File that tuning keeps its state in and goes on from." };
        var baselines = new Option<bool>("--baselines")
        {
            Description =
            "Prints every single learner's default and tuned figures beside the winner."
        };
        var cold = new Option<bool>("--cold")
        {
            Description =
            "Withholds every tenth item with content and judges how well content finds it."
        };
        var command = new Command("quality", "Trains on a public data set and judges the lists on its test part.") { data, learner,
            settings, lambda, rank, threads, tune, budget, factorsOnly, state, baselines, cold };
        command.SetAction((result, cancellation) =>
        {
            var split = LearningData.Read(result.GetValue(data)!.FullName);
            Console.Error.WriteLine($"{split.Train.UserCount} users, {split.Train.ItemCount} items, {split.Train.Count} training and "
                + $"{split.Test.Columns.Length} test interactions.");
            if (result.GetValue(learner) == "ease")
            {
                JudgeEase(split, result.GetValue(lambda), result.GetValue(threads), cancellation);
                return Task.CompletedTask;
            }

            var chosen = LearnerSettings.FromJson(result.GetValue(settings) ?? $$"""{"learner":"{{result.GetValue(learner)}}"}""");
            if (result.GetValue(rank) is { } r) chosen = chosen.WithRank(r);
            if (result.GetValue(cold))
            {
                Console.WriteLine(JsonSerializer.Serialize(ColdItems.Judge(result.GetValue(data)!.FullName, chosen)));
                return Task.CompletedTask;
            }

            double tuneSeconds = 0;
            if (result.GetValue(tune))
            {
                var options = new TuningOptions
                {
                    BudgetSeconds = result.GetValue(budget),
                    MaxRank = result.GetValue(rank) ?? 128,
                    AllowNeighbourhood = !result.GetValue(factorsOnly),
                    Threads = result.GetValue(threads),
                };
                var splits = LearningData.SearchSplitsOf(result.GetValue(data)!.FullName, split);
                var found = Tune(splits, options, result.GetValue(state)?.FullName, cancellation);
                tuneSeconds = found.SecondsSpent;
                if (result.GetValue(baselines))
                {
                    // The best that each learner alone reached on the hold-outs, judged on the test part like the winner.
                    foreach (var best in found.Trials.GroupBy(t =>
                        (t.Settings.GetType(), t.Settings is PopularitySettings { HalfLife: > 0 })).Select(g => g.MaxBy(t => t.Score)!))
                    {
                        var judged = Evaluation.Run(best.Settings.Train(split.Train, null, cancellation), split, null, cancellation);
                        Console.Error.WriteLine($"{judged.Recall:f4} / {judged.Ndcg:f4}  (hold-out {best.Recall:f4} / {best.Ndcg:f4})  "
                            + $"{best.Settings.ToJson()}");
                    }
                }

                chosen = found.Best!.Settings;
            }

            Judge(split, chosen, tuneSeconds, result.GetValue(threads), cancellation);
            return Task.CompletedTask;
        });
        return command;
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

    private static void Judge(Split split, LearnerSettings settings, double tuneSeconds, int threads, CancellationToken cancellation)
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
        Print(split, result, trainSeconds, clock.Elapsed.TotalSeconds, tuneSeconds, model.Rank, settings.ToJson());
    }

    private static void JudgeEase(Split split, double lambda, int threads, CancellationToken cancellation)
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
        Print(split, result, trainSeconds, clock.Elapsed.TotalSeconds, 0,
            0, $$"""{"learner":"ease","lambda":{{lambda.ToString(CultureInfo.InvariantCulture)}}}""");
    }

    private static void Print(Split split, EvaluationResult result, double trainSeconds, double evaluationSeconds, double tuneSeconds,
        int rank, string settings)
    {
        using var process = Process.GetCurrentProcess();
        Console.Error.WriteLine($"training {trainSeconds:f2} s, evaluation {evaluationSeconds:f2} s, processor "
            + $"{process.TotalProcessorTime.TotalSeconds:f2} s in all; recall {result.RecallInterval.Low:f4} to "
            + $"{result.RecallInterval.High:f4}, MAP {result.Map:f4}, coverage {result.Coverage:f3}, Gini {result.Gini:f3}");
        Console.WriteLine(JsonSerializer.Serialize(new
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
        }));
    }
}
