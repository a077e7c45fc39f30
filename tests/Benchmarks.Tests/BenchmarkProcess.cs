using System.Diagnostics;
using System.Text.Json.Nodes;
using Recommender.TestKit;

namespace Recommender.Benchmarks.Tests;

/// <summary>A finished run of the benchmark program.</summary>
internal sealed record BenchmarkProcess(int ExitCode, string[] Output, string[] Errors)
{
    /// <summary>The last line of stdout, which must be a JSON object.</summary>
    public JsonObject Figures => Assert.IsType<JsonObject>(JsonNode.Parse(Output[^1]));

    /// <param name="folder">The current folder of the process.</param>
    public static async Task<BenchmarkProcess> RunAsync(string folder, params string[] arguments)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var process = Process.Start(new ProcessStartInfo("dotnet", [ServiceProcess.FindDll("Benchmarks"), .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancel);
            var errors = process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return new BenchmarkProcess(process.ExitCode, Lines(await output), Lines(await errors));
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The one result file in a folder.</summary>
    public static JsonObject ReadResult(string folder) =>
        Assert.IsType<JsonObject>(JsonNode.Parse(File.ReadAllText(Assert.Single(Directory.GetFiles(folder)))));

    /// <summary>Fails with the errors of the process unless it succeeded.</summary>
    public BenchmarkProcess Succeeded()
    {
        Assert.True(ExitCode == 0, $"ended with {ExitCode}:\n{string.Join('\n', Errors)}");
        return this;
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
