using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Recommender.Factorization;

namespace Recommender.Benchmarks;

/// <summary>How good the lists are that a learner makes from a public data set, and what learning cost.</summary>
internal static class QualityVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder with train.txt[.gz] and test.txt[.gz], or with the CSV of a known data set.", Required = true };
        var learner = new Option<string>("--learner") { Description = "popularity, ials, …", DefaultValueFactory = _ => "ials" };
        var settings = new Option<string?>("--settings") { Description = "Settings as JSON, as a run prints them; in place of --learner." };
        var rank = new Option<int?>("--rank") { Description = "Length of factors." };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("quality", "Trains on a public data set and judges the lists on its test part.") { data, learner, settings, rank, threads };
        command.SetAction((result, cancellation) =>
        {
            Run(result.GetValue(data)!, result.GetValue(learner)!, result.GetValue(settings), result.GetValue(rank), result.GetValue(threads), cancellation);
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Run(DirectoryInfo data, string learner, string? json, int? rank, int threads, CancellationToken cancellation)
    {
        var split = LearningData.Read(data.FullName);
        Console.Error.WriteLine($"{split.Train.UserCount} users, {split.Train.ItemCount} items, {split.Train.Count} training and {split.Test.Columns.Length} test interactions.");
        var settings = LearnerSettings.FromJson(json ?? $$"""{"learner":"{{learner}}"}""");
        if (rank is { } r) settings = settings.WithRank(r);
        var clock = Stopwatch.StartNew();
        var model = settings.Train(split.Train, new TrainOptions { Threads = threads, Progress = p => Console.Error.WriteLine($"epoch {p.Epoch}/{p.Epochs}: {clock.Elapsed.TotalSeconds:f2} s") }, cancellation);
        double trainSeconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        var result = Evaluation.Run(model, split, new EvaluationOptions { Threads = threads }, cancellation);
        double evaluationSeconds = clock.Elapsed.TotalSeconds;
        using var process = Process.GetCurrentProcess();
        Console.Error.WriteLine($"training {trainSeconds:f2} s, evaluation {evaluationSeconds:f2} s, processor {process.TotalProcessorTime.TotalSeconds:f2} s in all; recall {result.RecallInterval.Low:f4} to {result.RecallInterval.High:f4}, MAP {result.Map:f4}, coverage {result.Coverage:f3}, Gini {result.Gini:f3}");
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            recallAt20 = Math.Round(result.Recall, 5),
            ndcgAt20 = Math.Round(result.Ndcg, 5),
            trainSeconds = Math.Round(trainSeconds, 2),
            tuneSeconds = 0.0,
            rank = model.Rank,
            settings = JsonDocument.Parse(settings.ToJson()).RootElement,
            users = split.Train.UserCount,
            items = split.Train.ItemCount,
            interactions = split.Train.Count,
            peakMemoryBytes = process.PeakWorkingSet64,
        }));
    }
}
