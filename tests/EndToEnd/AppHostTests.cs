using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd;

/// <summary>The host program itself: `dotnet run --project AppHost`.</summary>
public partial class AppHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--bogus")]
    [InlineData("--port", "0x1")]
    [InlineData("--port", "70000")]
    [InlineData("--data")]
    public async Task What_it_does_not_understand_gives_one_line_and_exit_code_2(params string[] arguments)
    {
        await using var host = new ServiceProcess("AppHost", arguments: arguments);
        host.Launch();
        Assert.Equal(2, await host.WaitForExitAsync(Cancel));
        await Eventually.TrueAsync(() => host.Log.Count > 0);
        Assert.Single(host.Log);
    }

    [Fact]
    public async Task A_port_in_use_is_named_and_nothing_is_started()
    {
        using var data = new TempFolder();
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, Ports.Free());
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var host = new ServiceProcess("AppHost", arguments: ["--data", data.Path, "--port", $"{port}"]);
        host.Launch();
        Assert.Equal(1, await host.WaitForExitAsync(Cancel));
        await Eventually.TrueAsync(() => host.Log.Count > 0);
        Assert.Contains($"Port {port}", Assert.Single(host.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_Aspire_it_shows_the_address_and_what_to_try_and_stops_on_SIGTERM()
    {
        using var data = new TempFolder();
        await using var host = new ServiceProcess("AppHost", arguments: ["--plain", "--data", data.Path, "--port", "{PORT}"]);
        host.Launch();
        await Eventually.TrueAsync(() => host.Log.Count(line => line.TrimStart().StartsWith("curl ", StringComparison.Ordinal)) == 3,
            TimeSpan.FromSeconds(90));
        Assert.Contains(host.Log, line => line.Contains($"http://127.0.0.1:{host.Port}", StringComparison.Ordinal));
        Assert.DoesNotContain("Aspire", await File.ReadAllTextAsync($"/proc/{host.ProcessId}/maps", Cancel), StringComparison.Ordinal);
        var processes = ProcessTree.Of(host.ProcessId);
        Assert.True(processes.Count > 1);
        await host.StopAsync();
        Assert.DoesNotContain(processes, ProcessTree.IsAlive);
    }

    [Fact]
    public async Task With_servers_and_without_Aspire_it_restarts_what_is_killed_and_leaves_no_process_however_it_ends()
    {
        Servers.Require([.. RabbitMqServer.RequiredPrograms, .. RedisCompatibleServer.RequiredPrograms,
            .. PostgresServer.RequiredPrograms]);
        using var data = new TempFolder();
        await using var host = new ServiceProcess("AppHost", arguments: ["--plain", "--servers", "--data", data.Path, "--port", "{PORT}"]);
        host.Launch();
        await Eventually.TrueAsync(() => !host.IsRunning
            || host.Log.Any(line => line.Contains("Ctrl-C", StringComparison.Ordinal)), TimeSpan.FromMinutes(3));
        Assert.True(host.IsRunning, host.LogTail());
        var api = new Api(host.Client);
        await api.SendAsync(new { eventId = "e-1", userId = "ann", itemId = "tea", type = "view" });
        await Eventually.EqualAsync(1, () => api.EventsAsync());

        foreach (var name in (string[])["trainer", "recommend", "redis", "rabbitmq"])
        {
            int process = int.Parse(ProcessOf().Match(host.Log.First(line => Regex.IsMatch(line, $@"^\s+{name}\s"))).Groups[1].Value,
                CultureInfo.InvariantCulture);
            await ProcessTree.KillAsync(process);
            await Eventually.TrueAsync(() => host.Log.Any(line => line.StartsWith(name, StringComparison.Ordinal)
                && line.Contains("runs again", StringComparison.Ordinal)), TimeSpan.FromMinutes(2));
        }

        await api.SendAsync(new { eventId = "e-2", userId = "ann", itemId = "cake", type = "view" });
        await Eventually.EqualAsync(2, () => api.EventsAsync());
        await Eventually.TrueAsync(async () => (await api.HistoryAsync("ann")).Count == 2);

        // Killed itself, the host takes everything with it, and starts again on the same data.
        var processes = ProcessTree.Of(host.ProcessId);
        ProcessTree.Signal(host.ProcessId, ProcessTree.SigKill);
        Assert.True(await ProcessTree.WaitForEndAsync(processes, TimeSpan.FromSeconds(30)), "children outlived the killed host");
        await host.WaitForExitAsync(Cancel);
        int before = host.Log.Count;
        host.Launch();
        await Eventually.TrueAsync(() => !host.IsRunning
            || host.Log.Skip(before).Any(line => line.Contains("Ctrl-C", StringComparison.Ordinal)), TimeSpan.FromMinutes(3));
        Assert.True(host.IsRunning, host.LogTail());
        Assert.Equal(2, await api.EventsAsync());

        processes = ProcessTree.Of(host.ProcessId);
        Assert.Equal(0, await host.StopAsync(TimeSpan.FromMinutes(2)));
        Assert.DoesNotContain(processes, ProcessTree.IsAlive);
    }

    [GeneratedRegex("process ([0-9]+)")]
    private static partial Regex ProcessOf();
}
