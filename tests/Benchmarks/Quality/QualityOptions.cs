using System.CommandLine;
using System.Text.Json;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Learners;

namespace Recommender.Benchmarks.Quality;

/// <summary>The options of <c>quality</c>.</summary>
internal sealed class QualityOptions
{
    private const string Oracle = "ease";

    public BenchmarkOption<string?> Data { get; } = new BenchmarkOption<string?>(
        "--data", "Folder with train.txt[.gz] and test.txt[.gz], or with the CSV of a known data set.")
    {
        IsRequiredUnlessTiny = true,
    }.WithTiny(null);

    public BenchmarkOption<string> Learner { get; } = new(
        "--learner", "popularity, ials, …; ease is an oracle for small catalogues (4 · items² bytes, minutes).")
    {
        DefaultValueFactory = _ => "ials",
    };

    public BenchmarkOption<string?> Settings { get; } = new("--settings", "Settings as JSON, as printed by a run. Replaces --learner.");

    public BenchmarkOption<double> Lambda { get; } = BenchmarkOptions.Number("--lambda", "Regularization of ease.", 200.0, least: 0);

    public BenchmarkOption<int?> Rank { get; } =
        BenchmarkOptions.OptionalNumber("--rank", "Length of factors; with --tune the largest one.", least: 1, most: 4096).WithTiny(8);

    public BenchmarkOption<int> Threads { get; } = BenchmarkOptions.Threads();

    public BenchmarkOption<bool> Tune { get; } = new("--tune", "First searches learner and settings on hold-outs of the training part.");

    public BenchmarkOption<double> Budget { get; } =
        BenchmarkOptions.Number("--budget-seconds", "Time limit of the search.", 300.0, least: .1).WithTiny(1);

    public BenchmarkOption<bool> FactorsOnly { get; } = new("--factors-only", "Excludes the item–item term from the search.");

    public BenchmarkOption<string?> State { get; } = new BenchmarkOption<string?>(
        "--state", "File that stores the state of the search; a later search resumes from it.").WithTiny(null);

    public BenchmarkOption<bool> Baselines { get; } = new(
        "--baselines", "Also prints the test figures of the best settings of each learner alone.");

    public BenchmarkOption<bool> Cold { get; } = new(
        "--cold", "Withholds every tenth item with content and measures how well content finds it.");

    public Option[] All => [Data, Learner, Settings, Lambda, Rank, Threads, Tune, Budget, FactorsOnly, State, Baselines, Cold];

    public bool IsOracle(BenchmarkRun run) => run.Get(Settings) is null && run.Get(Learner) == Oracle;

    /// <exception cref="JsonException">The learner or the settings are unknown.</exception>
    public LearnerSettings Chosen(BenchmarkRun run)
    {
        var chosen = LearnerSettings.FromJson(run.Get(Settings) ?? $"{{\"learner\":{JsonSerializer.Serialize(run.Get(Learner))}}}");
        return run.Get(Rank) is { } rank ? chosen.WithRank(rank) : chosen;
    }
}
