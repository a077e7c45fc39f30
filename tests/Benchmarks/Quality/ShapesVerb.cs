using System.Diagnostics;
using System.Text.Json;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Tuning;

namespace Recommender.Benchmarks.Quality;

/// <summary><c>shapes</c>: the search with a small budget against plain iALS with a full grid, on generated data.</summary>
internal static class ShapesVerb
{
    public static Benchmark Create()
    {
        var budget = BenchmarkOptions.Number("--budget-seconds", "Time limit of the search per data set.", 40.0, least: .1).WithTiny(.5);
        var rank = BenchmarkOptions.Number("--rank", "Largest rank of the search; the rank of plain iALS.", 64, least: 1, most: 4096)
            .WithTiny(8);
        var only = new BenchmarkOption<string[]>(
            "--only", $"Kinds of data: {string.Join("; ", ShapesData.All.Keys)}. Default: all.")
        {
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. ShapesData.All.Keys],
        }.WithTiny([ShapesData.Smallest]);
        only.Validators.Add(result =>
        {
            foreach (string name in result.Tokens.Select(token => token.Value).Where(name => !ShapesData.All.ContainsKey(name)))
                result.AddError($"--only must be one or more of {string.Join("; ", ShapesData.All.Keys)}; got {name}.");
        });
        var seed = BenchmarkOptions.Number("--seed", "Seed of the generated data.", 1, least: 0);
        var searchOnly = new BenchmarkOption<bool>("--search-only", "Leaves plain iALS out.");
        return new Benchmark("shapes", "Compares the search with plain iALS on generated data of several kinds.",
            budget, rank, only, seed, searchOnly)
        {
            Measure = (run, cancellation) => Task.FromResult<object>(run.Get(only).Distinct().ToDictionary(name => name, name =>
                Compare(ShapesData.All[name](run.Get(seed)), run.Get(budget), run.Get(rank), !run.Get(searchOnly), cancellation))),
        };
    }

    private static object Compare(Shape shape, double budget, int rank, bool withPlain, CancellationToken cancellation)
    {
        var train = shape.Split.Train;
        Console.Error.WriteLine($"== {shape.Name}: {train.UserCount} users, {train.ItemCount} items, {train.Count} interactions; "
            + $"{shape.Search.Holdouts.Count} hold-outs of {string.Join(", ", shape.Search.Holdouts.Select(h => h.Test.Columns.Length))}; "
            + $"{shape.Split.Test.Columns.Length} test interactions");
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
        // Standard error of the mean difference over users.
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

    /// <summary>Processor time per processor, so that other load on the machine does not shorten the search.</summary>
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
