using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Recommender.EndToEnd.Pages;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd;

/// <summary>The documents: every command of a block <c>sh</c> runs as written, every block <c>sh manual</c> parses, every link leads
/// somewhere.</summary>
[Collection(Demonstration.Name)]
public partial class DocumentTests(Demonstration demonstration)
{
    private const int ReadmeMaxLines = 150;
    private const string Benchmarks = "dotnet run -c Release --project tests/Benchmarks -- ";

    /// <summary>Commands that other tests, or the test run itself, cover.</summary>
    private static readonly string[] s_runElsewhere =
    [
        "dotnet run --project AppHost", // AppHostTests
        "dotnet run --project AppHost -- --servers", // AppHostTests, ServersTests
        "infra/test.sh", // this very run
        "infra/install-servers.sh", // called by infra/test.sh
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Root => DataSets.RepositoryRoot;

    public static TheoryData<string> Documents =>
    [
        "README.md", "infra/README.md",
        .. Directory.EnumerateFiles(Path.Combine(Root, "infra", "docs"), "*.md").Order(StringComparer.Ordinal)
            .Select(file => Path.GetRelativePath(Root, file)),
    ];

    [Theory, MemberData(nameof(Documents))]
    public async Task Every_command_of_a_document_runs(string document)
    {
        using var work = new TempFolder();
        var standalone = await demonstration.StartAsync();
        await new Api(standalone.Client).FirstPersonalAsync(TimeSpan.FromSeconds(180), byModel: true);
        await File.WriteAllTextAsync(Path.Combine(work.Path, "orders.csv"),
            "customer,sku,quantity,date\nann,heart-1,2,2026-01-01T10:00:00Z\n", Cancel);
        await RunAsync("gzip -k orders.csv", work.Path);

        foreach (string command in Commands(await ReadAsync(document)).Except(s_runElsewhere))
        {
            string runnable = Runnable(command, standalone.Address.ToString().TrimEnd('/'));
            var (code, output) = await RunAsync(runnable, work.Path);
            Assert.True(code == 0, $"{document}: {command}\nended with {code}:\n{output}");
        }
    }

    /// <summary>Proves that commands are found at all, and that those which run elsewhere are still documented.</summary>
    [Fact]
    public async Task The_readme_is_short_and_shows_how_to_start()
    {
        string readme = await ReadAsync("README.md");
        var commands = Commands(readme).ToList();
        Assert.All(s_runElsewhere, command => Assert.Contains(command, commands));
        Assert.True(commands.Count >= 12, $"Only {commands.Count} commands were found in the README.");
        Assert.InRange(readme.AsSpan().Count('\n'), 1, ReadmeMaxLines);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task Every_manual_block_of_a_document_parses(string document)
    {
        foreach (Match block in ManualBlock().Matches(await ReadAsync(document)))
        {
            string script = block.Groups["text"].Value;
            var (code, output) = await RunAsync($"bash -n <<'BLOCK'\n{script}\nBLOCK", Root);
            Assert.True(code == 0, $"{document}: this block does not parse:\n{script}\n{output}");
            foreach (Match project in ProjectOption().Matches(script))
                Assert.True(Directory.Exists(Path.Combine(Root,
                    project.Groups["path"].Value)), $"{document}: no project {project.Groups["path"].Value}.");
        }
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task Every_link_of_a_document_leads_somewhere(string document)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Root, document))!;
        foreach (Match link in Link().Matches(await ReadAsync(document)))
        {
            string[] parts = link.Groups["target"].Value.Split('#');
            string file = parts[0].Length == 0 ? Path.Combine(Root, document) : Path.Combine(folder, parts[0]);
            Assert.True(File.Exists(file), $"{document} links to {parts[0]}, which does not exist.");
            if (parts.Length == 1) continue;
            var anchors = Heading().Matches(await File.ReadAllTextAsync(file, Cancel)).Select(heading =>
                heading.Groups["text"].Value.Trim().ToLowerInvariant().Replace(' ', '-').Replace(",", "", StringComparison.Ordinal));
            Assert.Contains(parts[1], anchors);
        }
    }

    /// <summary>The command against the running demonstration, with programs that are built already.</summary>
    private static string Runnable(string command, string address)
    {
        string runnable = command
            .Replace("http://127.0.0.1:8080", address, StringComparison.Ordinal)
            .Replace("dotnet run --project services/Cli --", $"dotnet '{ServiceProcess.FindDll("Cli")}'", StringComparison.Ordinal);
        if (runnable.StartsWith(Benchmarks, StringComparison.Ordinal))
            return $"dotnet '{ServiceProcess.FindDll("Benchmarks")}' {runnable[Benchmarks.Length..]} --tiny --results -";
        return runnable.StartsWith("curl ", StringComparison.Ordinal) ? "curl -fsS " + runnable[5..] : runnable;
    }

    private static Task<string> ReadAsync(string document) => File.ReadAllTextAsync(Path.Combine(Root, document), Cancel);

    /// <summary>The commands of the shell blocks; one continues over line ends inside quotes and after a backslash.</summary>
    private static IEnumerable<string> Commands(string document)
    {
        foreach (Match block in ShellBlock().Matches(document))
        {
            var command = new StringBuilder();
            foreach (string line in block.Groups["text"].Value.Split('\n'))
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

    [GeneratedRegex("^```sh\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("^```sh manual\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ManualBlock();

    [GeneratedRegex(@"--project (?<path>[\w/.]+)")]
    private static partial Regex ProjectOption();

    [GeneratedRegex(@"\]\((?!https?:)(?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
