using System.Diagnostics;
using System.Text.Json.Nodes;
using Recommender.TestKit;

namespace Recommender.Benchmarks.Tests;

/// <summary>The options that every verb shares, and errors in options.</summary>
public sealed class OptionTests
{
    [Theory]
    [InlineData("--items must be a whole number, at least 1; got 0.", "train", "--items", "0")]
    [InlineData("--items must be a whole number, at least 1; got 0.", "train", "--items", "0", "--tiny")]
    [InlineData("--items must be a whole number, at least 1; got many.", "train", "--items", "many")]
    [InlineData("--filter must be between 1E-06 and 1; got 2.", "topk", "--filter", "2")]
    [InlineData("--seconds must be at least 0.1; got NaN.", "ingest", "--seconds", "NaN")]
    [InlineData("--mode must be servers or embedded; got cloud.", "freshness", "--mode", "cloud")]
    [InlineData("--only must be one or more of", "shapes", "--only", "dense", "square")]
    [InlineData("--repeat must be a whole number, at least 1; got 0.", "train", "--repeat", "0")]
    [InlineData("quality needs --data, or --tiny for generated data.", "quality")]
    [InlineData("/nowhere has none of train.txt", "quality", "--data", "/nowhere", "--results", "-")]
    [InlineData("--unknown", "train", "--unknown")]
    public async Task Nonsense_is_one_line_and_an_exit_code(string message, params string[] arguments)
    {
        using var folder = new TempFolder();
        var process = await BenchmarkProcess.RunAsync(folder.Path, arguments);
        Assert.Equal(1, process.ExitCode);
        Assert.Contains(message, Assert.Single(process.Errors));
        Assert.Empty(process.Output);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task Tiny_overrides_sizes_and_keeps_the_rest()
    {
        using var folder = new TempFolder();
        (await BenchmarkProcess.RunAsync(folder.Path, "train", "--tiny", "--data", "/nowhere", "--items", "200000", "--rank", "512",
            "--threads", "1", "--results", folder.Path)).Succeeded();
        var options = BenchmarkProcess.ReadResult(folder.Path)["options"]!;
        Assert.Null(options["data"]);
        Assert.Equal((500, 16, 1), ((int)options["items"]!, (int)options["rank"]!, (int)options["threads"]!));
    }

    [Fact]
    public async Task Repetitions_give_medians_and_their_spread()
    {
        using var folder = new TempFolder();
        var process = await BenchmarkProcess.RunAsync(folder.Path, "train", "--tiny", "--repeat", "3", "--results", folder.Path);
        var figures = process.Succeeded().Figures;
        var result = BenchmarkProcess.ReadResult(folder.Path);
        double[] measured = [.. ((JsonArray)result["runs"]!).Select(run => (double)run!["gigaflops"]!).Order()];
        Assert.Equal(3, measured.Length);
        Assert.Equal(measured[1], (double)figures["gigaflops"]!);
        var spread = result["spread"]!["gigaflops"]!;
        Assert.Equal(("repetitions", 3), ((string)spread["over"]!, (int)spread["count"]!));
        Assert.Equal<double[]>(measured, [(double)spread["min"]!, (double)spread["median"]!, (double)spread["max"]!]);
    }

    [Fact]
    public async Task Results_go_to_the_repository_of_the_current_folder_unless_told_otherwise()
    {
        using var repository = new TempFolder();
        using (var git = Process.Start("git", ["init", "--quiet", repository.Path]))
            await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        string current = Directory.CreateDirectory(Path.Combine(repository.Path, "below")).FullName;
        string results = Path.Combine(repository.Path, "artifacts", "benchmarks");

        (await BenchmarkProcess.RunAsync(current, "train", "--tiny", "--results", "-")).Succeeded();
        Assert.False(Directory.Exists(results));
        (await BenchmarkProcess.RunAsync(current, "train", "--tiny")).Succeeded();
        Assert.Equal("rounds", (string?)BenchmarkProcess.ReadResult(results)["spread"]!["secondsPerEpoch"]!["over"]);
        Assert.Empty(Directory.GetFileSystemEntries(current));
    }
}
