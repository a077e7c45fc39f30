using System.Text.Json.Nodes;
using Recommender.Benchmarks.Harness;
using Recommender.TestKit;

namespace Recommender.Benchmarks.Tests;

/// <summary>Every verb as a process of its own with <c>--tiny</c>, so that no verb stops working unnoticed.</summary>
public sealed class VerbTests
{
    public static TheoryData<string> Runs => [.. TinyRun.All.Select(run => run.ToString())];

    [Fact]
    public void Every_verb_is_run_here()
    {
        var verbs = Verbs.All().ToList();
        Assert.All(verbs, verb => Assert.IsType<Benchmark>(verb));
        Assert.Equal(verbs.Select(verb => verb.Name).Order(), TinyRun.All.Select(run => run.Verb).Distinct().Order());
    }

    [Theory, MemberData(nameof(Runs))]
    public async Task A_verb_prints_its_figures_and_writes_them_to_a_file(string name)
    {
        var run = TinyRun.All.Single(run => run.ToString() == name);
        Servers.Require(run.Programs);
        using var results = new TempFolder();
        string[] arguments = run.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var process = await BenchmarkProcess.RunAsync(results.Path, [run.Verb, .. arguments, "--tiny", "--results", results.Path]);

        var figures = process.Succeeded().Figures;
        Assert.Equal(run.Figures.Split(' ').Order(), figures.Select(figure => figure.Key).Order());
        var result = BenchmarkProcess.ReadResult(results.Path);
        Assert.Equal(run.Verb, (string?)result["verb"]);
        Assert.True((bool)result["options"]!["tiny"]!);
        Assert.True(JsonNode.DeepEquals(figures, result["figures"]), $"The file has other figures than stdout: {result["figures"]}");
        Assert.All((JsonObject)result["floor"]!, floor => Assert.True(JsonNode.DeepEquals(figures[floor.Key], floor.Value), floor.Key));
        Assert.All((JsonObject)result["spread"]!, spread => Assert.True(figures.ContainsKey(spread.Key), spread.Key));
        AssertOrigin(result);
    }

    /// <summary>The commit of this repository, where there is one, and the machine.</summary>
    private static void AssertOrigin(JsonObject result)
    {
        if (Path.Exists(Path.Combine(DataSets.RepositoryRoot, ".git")))
        {
            Assert.Matches("^[0-9a-f]{40}", (string?)result["commit"]);
            Assert.NotNull(result["dirty"]);
        }

        foreach (string property in new[] { "cpu", "kernel", "os", "dotnet" }) Assert.NotEmpty((string?)result[property] ?? "");
        Assert.Equal(Environment.ProcessorCount, (int)result["cores"]!);
        Assert.True((long)result["memoryBytes"]! > 0);
        Assert.Equal(DateTime.UtcNow, (DateTime)result["dateUtc"]!, TimeSpan.FromHours(1));
    }
}
