using System.Diagnostics;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Cli.Tests;

public sealed class ToolTests
{
    [Fact]
    public async Task Installs_as_the_tool_recommender_from_a_folder_and_runs()
    {
        using var folder = new TempFolder();
        string project = Path.Combine(DataSets.RepositoryRoot, "services", "Cli", "Cli.csproj"), packages = folder.File("packages");
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await RunAsync(folder, "dotnet", "pack", project, "-c", configuration, "--no-build", "-o", packages, "-nodeReuse:false");

        string sources = folder.Write("nuget.config",
            """<configuration><packageSources><clear /><add key="packed" value="packages" /></packageSources></configuration>""");
        string tools = folder.File("tools");
        await RunAsync(folder, "dotnet", "tool", "install", "Recommender.Cli", "--tool-path", tools, "--configfile", sources);

        string help = await RunAsync(folder, Path.Combine(tools, "recommender"), "--help");
        Assert.All((string[])["import", "demo", "export", "keys", "backup", "restore", "replay"],
            command => Assert.Matches($@"\n  {command} ", help));
        string key = await RunAsync(folder, Path.Combine(tools, "recommender"), "keys", "create", "--id", "shop", "--scopes", "read");
        Assert.StartsWith("rk_shop_", key, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(TempFolder folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Not the user's own folders: a package of this version may lie there from an earlier build.
        start.Environment["NUGET_PACKAGES"] = folder.File("cache");
        start.Environment["DOTNET_CLI_HOME"] = folder.File("home");
        start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{await output}{await error}");
        return await output;
    }
}
