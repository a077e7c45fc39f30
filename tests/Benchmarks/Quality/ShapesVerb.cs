using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Tuning;

namespace Recommender.Benchmarks.Quality;

/// <summary>What the search finds in a small budget against plain iALS with a full grid, on generated data of several kinds.</summary>
internal static class ShapesVerb
{
    public static Command Create()
    {
        var budget = new Option<double>("--budget-seconds")
        {
            Description = "What the search may take per data set.",
            DefaultValueFactory = _ => 40
        };
        var rank = new Option<int>("--rank")
        {
            Description = "Largest rank of the search, and that of plain iALS.",
            DefaultValueFactory = _ => 64
        };
        var only = new Option<string[]>("--only")
        {
            Description = "Kinds of data: " + string.Join("; ", ShapesData.All.Keys)
            + ". All if left out.",
            AllowMultipleArgumentsPerToken = true
        };
        var seed = new Option<int>("--seed") { Description = "Other data of the same kinds.", DefaultValueFactory = _ => 1 };
        var plain = new Option<bool>("--search-only") { Description = "Leaves plain iALS out." };
        var command = new Command("shapes", "Compares the search with plain iALS on dense, sparse, sessions and drifting data.") { budget,
            rank, only, seed, plain };
        command.SetAction((result, cancellation) =>
        {
            var results = new Dictionary<string, object>();
            foreach (string name in result.GetValue(only) is { Length: > 0 } some ? some : ShapesData.All.Keys)
                results[name] = Compare(ShapesData.All[name](result.GetValue(seed)), result.GetValue(budget), result.GetValue(rank),
                    !result.GetValue(plain), cancellation);
            Console.WriteLine(JsonSerializer.Serialize(results));
            return Task.CompletedTask;
        });
        return command;
    }

    private static object Compare(Shape shape, double budget, int rank, bool withPlain, CancellationToken cancellation)
    {
        var train = shape.Split.Train;
        Console.Error.WriteLine($"== {shape.Name}: {train.UserCount} users, {train.ItemCount} items, {train.Count} interactions; "
            + $"{shape.Search.Holdouts.Count} hold-outs of {string.Join(", ", shape.Search.Holdouts.Select(h => h.Test.Columns.Length))}; "
            + $"{shape.Split.Test.Columns.Length} to foretell");
        var options = new TuningOptions { BudgetSeconds = budget, MaxRank = rank };
        var state = Tuner.Run(shape.Search, options, Seconds, cancellation: cancellation);
        foreach (var stage in state.Trials.Concat(state.Finals).GroupBy(t => t.Stage))
        {
            var best = stage.MaxBy(t => t.Score)!;
            Console.Error.WriteLine($"   {stage.Count(),3} trials, {stage.Sum(t => t.Seconds),5:f1} s: {best.Score:f4}  {best.Stage}: "
                + $"{best.Settings.ToJson()}");
        }

        var found = Judge(shape, state.Best!.Settings);
        Console.Error.WriteLine($"   search: {state.Trials.Count} trials, hold-out {state.Best.Score:f4}, test {found.Recall:f4} / "
            + $"{found.Ndcg:f4}: {state.Best.Settings.ToJson()}");
        var popular = Judge(shape, new PopularitySettings());
        var itemItem = Judge(shape, new NeighbourhoodSettings());
        Console.Error.WriteLine($"   popular {popular.Recall:f4} / {popular.Ndcg:f4}, item-item {itemItem.Recall:f4} / {itemItem.Ndcg:f4}");
        if (!withPlain) return Figures(found);
        double begin = Seconds();
        var (settings, score) = PlainIals.Find(shape.Search.Holdouts, rank, line => Console.Error.WriteLine("   " + line), cancellation);
        var plain = Judge(shape, settings);
        // Of the mean over users of the difference.
        double noise = Deviation(found.NdcgByUser.Zip(plain.NdcgByUser, (a, b) => (double)a - b));
        Console.Error.WriteLine($"   plain iALS: hold-out {score:f4}, test {plain.Recall:f4} / {plain.Ndcg:f4}, {Seconds() - begin:f0} s");
        Console.Error.WriteLine($"   search is {100 * (found.Ndcg / plain.Ndcg - 1):f1} % ahead in NDCG, "
            + $"{(found.Ndcg - plain.Ndcg) / noise:f1} standard errors; {100 * (found.Recall / plain.Recall - 1):f1} % in recall");
        return new
        {
            search = Figures(found),
            plain = Figures(plain),
            ndcgGain = Math.Round(found.Ndcg / plain.Ndcg - 1, 4),
            standardErrors = Math.Round((found.Ndcg - plain.Ndcg) / noise, 1),
            searched = Math.Round(state.SecondsSpent, 1),
            settings = JsonDocument.Parse(state.Best.Settings.ToJson()).RootElement,
        };
    }

    /// <summary>Of all processors together, so that a busy machine does not shorten the search.</summary>
    private static double Seconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds / Environment.ProcessorCount;
    }

    private static object Figures(EvaluationResult result) =>
        new { recallAt20 = Math.Round(result.Recall, 5), ndcgAt20 = Math.Round(result.Ndcg, 5), users = result.Users };

    private static EvaluationResult Judge(Shape shape, LearnerSettings settings) =>
        Evaluation.Run(settings.Train(shape.Split.Train), shape.Split, new EvaluationOptions { BootstrapSamples = 0 });

    private static double Deviation(IEnumerable<double> differences)
    {
        var all = differences.ToArray();
        double mean = all.Average();
        return Math.Max(Math.Sqrt(all.Average(d => (d - mean) * (d - mean)) / all.Length), 1e-12);
    }
}
