using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Pages;

/// <summary>The host as a user starts it: a real Aspire application with its dashboard.</summary>
public partial class DashboardTests
{
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_default_the_shop_and_the_dashboard_are_there_and_a_SIGTERM_leaves_nothing()
    {
        using var data = new TempFolder();
        int dashboardPort = Ports.Free();
        // The search for settings that would follow the first training takes all cores for minutes, and nobody waits for it here.
        var environment = new Dictionary<string, string?> { ["Trainer__TuneBudgetSeconds"] = "0" };
        await using var host = new ServiceProcess("AppHost", environment,
            ["--data", data.Path, "--port", "{PORT}", "--dashboard-port", $"{dashboardPort}"]);
        host.Launch();
        await Eventually.TrueAsync(() => !host.IsRunning
            || host.Log.Count(line => line.TrimStart().StartsWith("curl ", StringComparison.Ordinal)) == 3, s_startDeadline);
        Assert.True(host.IsRunning, host.LogTail());
        string login = await LoginAsync(host);
        Assert.StartsWith($"http://127.0.0.1:{dashboardPort}/login?t=", login, StringComparison.Ordinal);
        Assert.Contains(host.Log, line => line.Contains($"http://127.0.0.1:{host.Port}", StringComparison.Ordinal));
        // A calm terminal: what it shows is what was written for it.
        Assert.DoesNotContain(host.Log, line => WarningOrError().IsMatch(line));
        using (var client = new HttpClient())
        using (var answer = await client.GetAsync(login, Cancel))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await new Api(host.Client).FirstPersonalAsync(TimeSpan.FromSeconds(60));

        await LeavesNothingAsync(host, [host.Port, dashboardPort]);
        string token = login[(login.IndexOf('=', StringComparison.Ordinal) + 1)..];
        Assert.DoesNotContain(Directory.EnumerateFiles(data.Path, "*", SearchOption.AllDirectories), file =>
            File.ReadAllText(file, Encoding.Latin1).Contains(token, StringComparison.Ordinal));
        // The folder is free for the next one.
        await using var next = new ServiceProcess("Standalone", environment, ["--data", data.Path, "--port", "{PORT}"], host.Port);
        await next.StartAsync();
    }

    [Fact]
    public async Task With_servers_the_dashboard_shows_the_resources_a_trace_across_the_broker_and_metrics()
    {
        Servers.Require([.. RabbitMqServer.RequiredPrograms, .. RedisCompatibleServer.RequiredPrograms, .. PostgresServer.RequiredPrograms,
            "chromium"]);
        using var data = new TempFolder();
        await using var host = new ServiceProcess("AppHost",
            arguments: ["--servers", "--data", data.Path, "--port", "{PORT}", "--dashboard-port", $"{Ports.Free()}"]);
        host.Launch();
        await Eventually.TrueAsync(() => !host.IsRunning || host.Log.Any(line => line.Contains("Ctrl-C", StringComparison.Ordinal)),
            s_startDeadline);
        Assert.True(host.IsRunning, host.LogTail());
        string login = await LoginAsync(host);
        using var answer = await host.Client.PostAsync("/v1/events",
            new StringContent("""{"eventId":"e-1","userId":"ann","itemId":"tea","type":"view"}""", Encoding.UTF8, "application/json"),
                Cancel);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        string trace = answer.Headers.GetValues("traceparent").Single().Split('-')[1];
        await Eventually.EqualAsync(1, () => new Api(host.Client).EventsAsync());

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = Programs.Find("chromium"), Headless = true, Args = PageTests.BrowserFlags });
        var page = await browser.NewPageAsync();
        page.SetDefaultTimeout(60_000);
        await page.GotoAsync(login);
        foreach (string resource in (string[])["console", "ingest", "trainer", "recommend", "insights", "rabbitmq", "redis", "postgres"])
            await Assertions.Expect(page.GetByRole(AriaRole.Row)
                .Filter(new() { Has = page.GetByText(resource, new() { Exact = true }) }).First).ToContainTextAsync("Running");
        await page.GetByText("Management page").First.WaitForAsync();

        // From the HTTP request over the broker to the store, in one trace.
        string dashboard = login[..login.IndexOf("/login", StringComparison.Ordinal)];
        await Eventually.PassesAsync(async () =>
        {
            await page.GotoAsync($"{dashboard}/traces/detail/{trace}");
            var spans = page.GetByRole(AriaRole.Row);
            foreach (string service in (string[])["console", "ingest", "trainer"])
                await Assertions.Expect(spans.Filter(new() { HasText = service }).First).ToBeVisibleAsync(new() { Timeout = 5_000 });
        });

        await page.GotoAsync($"{dashboard}/metrics/resource/trainer");
        await page.GetByText("recommender.events.stored").First.WaitForAsync();

        await LeavesNothingAsync(host, [host.Port, host.Port + 1, host.Port + 2, host.Port + 3]);
    }

    private static async Task<string> LoginAsync(ServiceProcess host)
    {
        await Eventually.TrueAsync(() => host.Log.Any(line => Login().IsMatch(line)));
        return Login().Match(host.Log.First(line => Login().IsMatch(line))).Value;
    }

    /// <summary>
    /// Stops the host, and finds none of its processes, ports and locks afterwards, not even of those that detach themselves.
    /// </summary>
    private static async Task LeavesNothingAsync(ServiceProcess host, int[] ports)
    {
        var processes = ProcessTree.Of(host.ProcessId).Concat(DetachedFrom(host.ProcessId)).ToList();
        Assert.True(processes.Count > 4, $"Only {processes.Count} processes were found.");
        Assert.Equal(0, await host.StopAsync(TimeSpan.FromMinutes(2)));
        Assert.DoesNotContain(processes, ProcessTree.IsAlive);
        Assert.All(ports, port => Assert.True(Ports.IsFree(port), $"Port {port} is in use."));
    }

    /// <summary>dcp leaves the tree of the process that it watches over.</summary>
    private static IEnumerable<ProcessId> DetachedFrom(int owner)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int process)) continue;
            string command;
            try
            {
                command = File.ReadAllText($"{folder}/cmdline").Replace('\0', ' ');
            }
            catch (IOException)
            {
                continue; // It has ended.
            }
            if (!command.Contains($"--monitor {owner} ", StringComparison.Ordinal)) continue;
            foreach (var found in ProcessTree.Of(process)) yield return found;
        }
    }

    [GeneratedRegex(@"http://\S+/login\?t=\S+")]
    private static partial Regex Login();

    [GeneratedRegex("^(warn|fail|crit):")]
    private static partial Regex WarningOrError();
}
