using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Recommender.EndToEnd.Pages;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd;

/// <summary>The README's commands, run as they stand there, against a server with the demonstration.</summary>
[Collection(Demonstration.Name)]
public partial class ReadmeTests(Demonstration demonstration)
{
    /// <summary>Commands that other tests, or the test run itself, cover.</summary>
    private static readonly string[] s_runElsewhere =
    [
        "dotnet run --project AppHost", // AppHostTests
        "dotnet run --project AppHost -- --servers", // AppHostTests, ServersTests
        "infra/test.sh", // this very run
        "infra/install-servers.sh", // called by infra/test.sh
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_command_of_the_readme_runs()
    {
        using var work = new TempFolder();
        var standalone = await demonstration.StartAsync();
        await new Api(standalone.Client).FirstPersonalAsync(TimeSpan.FromSeconds(120));
        await File.WriteAllTextAsync(Path.Combine(work.Path, "orders.csv"),
            "customer,sku,quantity,date\nann,heart-1,2,2026-01-01T10:00:00Z\n", Cancel);
        await RunAsync("gzip -k orders.csv", work.Path);

        var commands = Commands(await File.ReadAllTextAsync(Path.Combine(DataSets.RepositoryRoot, "README.md"), Cancel)).ToList();
        Assert.All(s_runElsewhere, command => Assert.Contains(command, commands));
        int ran = 0;
        foreach (string command in commands.Except(s_runElsewhere)
            .Where(command => !command.StartsWith("dotnet run -c Release --project tests/Benchmarks", StringComparison.Ordinal)))
        {
            string runnable = command
                .Replace("http://127.0.0.1:8080", standalone.Address.ToString().TrimEnd('/'), StringComparison.Ordinal)
                .Replace("dotnet run --project services/Cli --", $"dotnet '{ServiceProcess.FindDll("Cli")}'", StringComparison.Ordinal);
            if (runnable.StartsWith("curl ", StringComparison.Ordinal)) runnable = "curl -fsS " + runnable[5..];
            var (code, output) = await RunAsync(runnable, work.Path);
            Assert.True(code == 0, $"{command}\nended with {code}:\n{output}");
            ran++;
        }

        Assert.True(ran >= 12, $"Only {ran} commands were found in the README.");
    }

    /// <summary>The commands of the shell blocks; one goes on over line ends inside quotes and after a backslash.</summary>
    private static IEnumerable<string> Commands(string readme)
    {
        foreach (Match block in ShellBlock().Matches(readme))
        {
            var command = new StringBuilder();
            foreach (string line in block.Groups[1].Value.Split('\n'))
            {
                command.Append(command.Length == 0 ? "" : "\n").Append(line);
                string soFar = command.ToString();
                if (soFar.Count(c => c == '\'') % 2 == 1 || soFar.EndsWith('\\')) continue;
                if (soFar.Trim().Length > 0) yield return soFar.Trim();
                command.Clear();
            }
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string command, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var error = process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, await output + await error);
    }

    [GeneratedRegex("^```sh\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}
