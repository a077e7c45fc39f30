using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Recommender.Contracts;
using Recommender.Standalone.Import;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Standalone.Tests;

/// <summary>The import command against a server that fails in every way a server can.</summary>
public sealed class ImportTests : IDisposable
{
    private const int Rows = 1000;

    private readonly TempFolder folder = new();
    private readonly string csv;

    public ImportTests()
    {
        // Against time order, with equal times: 10 events a second.
        csv = folder.Write("events.csv", "eventId,userId,itemId,type,timestamp,title\n"
            + string.Concat(Enumerable.Range(0, Rows).Select(i => $"e{i},u{i % 7},i{i % 50},view,{1_700_000_000 - i / 10},Item {i % 50}\n")));
    }

    public void Dispose() => folder.Dispose();

    private static IEnumerable<string> ExpectedOrder => Enumerable.Range(0, Rows).OrderBy(i => -(i / 10)).Select(i => $"e{i}");

    [Fact]
    public async Task Items_come_first_then_all_events_in_time_order()
    {
        await using var server = await StubServer.StartAsync();

        var (code, output, error) = await RunAsync(server.Address, "--parallel", "1", "--batch-size", "64");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(ExpectedOrder, server.Events.Select(e => e.EventId!));
        Assert.Equal(50, server.Items.Count);
        var requests = server.Requests.ToList();
        Assert.True(requests.LastIndexOf("POST /v1/items") < requests.IndexOf("POST /v1/events"));
        Assert.Contains("Done: 1,000 events and 50 items accepted, 0 rejected, 0 bad rows skipped", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path, "checkpoint*"));
    }

    [Fact]
    public async Task Several_requests_in_flight_lose_and_double_nothing_and_repeating_sends_the_same_ids()
    {
        await using var server = await StubServer.StartAsync();

        Assert.Equal(0, (await RunAsync(server.Address, "--parallel", "8", "--batch-size", "10")).Code);
        var first = server.Events.ToList();
        server.EventBatches.Clear();
        Assert.Equal(0, (await RunAsync(server.Address, "--parallel", "8", "--batch-size", "17")).Code);

        Assert.Equal(Rows, first.Count);
        Assert.Equal(first.OrderBy(e => e.EventId), server.Events.OrderBy(e => e.EventId));
    }

    [Fact]
    public async Task Waits_as_long_as_the_server_asks()
    {
        await using var server = await StubServer.StartAsync();
        var times = new List<long>();
        server.Intercept = (number, context) =>
        {
            times.Add(Environment.TickCount64);
            if (number > 1) return Task.FromResult(false);
            context.Response.StatusCode = number == 0 ? 503 : 429;
            context.Response.Headers.RetryAfter = number == 0 ? "1" : DateTimeOffset.UtcNow.AddSeconds(2).ToString("R");
            return Task.FromResult(true);
        };

        var (code, output, _) = await RunAsync(server.Address, "--parallel", "1");

        Assert.Equal(0, code);
        Assert.Equal(Rows, server.Events.Count());
        Assert.True(times[1] - times[0] >= 990, "the first pause is the second that was asked for");
        Assert.True(times[2] - times[1] >= 900, "the second pause is until the time that was asked for");
        Assert.Contains("Waiting for", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outlives_a_restart_of_the_server()
    {
        var server = await StubServer.StartAsync();
        int port = new Uri(server.Address).Port;
        var reached = new TaskCompletionSource();
        server.Intercept = async (number, context) =>
        {
            if (number < 4) return false;
            reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { });
            return true;
        };

        var running = RunAsync(server.Address, "--parallel", "2", "--batch-size", "50");
        await reached.Task;
        await server.DisposeAsync();
        await using var restarted = await StubServer.StartAsync(port);
        var (code, _, error) = await running;

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(Rows, server.Events.Concat(restarted.Events).Select(e => e.EventId).Distinct().Count());
        Assert.NotEmpty(restarted.Events);
    }

    [Fact]
    public async Task Gives_up_after_its_patience_and_continues_from_the_checkpoint()
    {
        await using var server = await StubServer.StartAsync();
        server.Intercept = (number, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(number >= 9);
        };
        var (code, _, error) = await RunAsync(server.Address, "--parallel", "1", "--batch-size", "50", "--patience-seconds", "1");
        Assert.Equal(1, code);
        Assert.Contains("could not be reached for 1 s: 503", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
        int sent = server.Events.Count();
        Assert.InRange(sent, 1, Rows - 1);

        server.Intercept = null;
        int items = server.Items.Count;
        (code, string output, _) = await RunAsync(server.Address, "--parallel", "3", "--batch-size", "30");

        Assert.Equal(0, code);
        Assert.Equal(ExpectedOrder.Order(), server.Events.Select(e => e.EventId!).Order());
        Assert.Equal(items, server.Items.Count);
        Assert.Contains($"Continuing after 50 items and {sent} events", output, StringComparison.Ordinal);

        // Finished: the next run begins anew.
        await RunAsync(server.Address);
        Assert.Equal(2 * Rows, server.Events.Count());
    }

    [Fact]
    public async Task A_server_that_lost_what_was_sent_gets_everything()
    {
        await using var server = await StubServer.StartAsync();
        server.Intercept = (number, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(number >= 9);
        };
        Assert.Equal(1, (await RunAsync(server.Address, "--parallel", "1", "--batch-size", "50", "--patience-seconds", "1")).Code);
        Assert.NotEmpty(server.Events);

        // As after its data folder was removed.
        server.EventBatches.Clear();
        server.Intercept = null;
        var (code, output, _) = await RunAsync(server.Address);

        Assert.Equal(0, code);
        Assert.Equal(ExpectedOrder.Order(), server.Events.Select(e => e.EventId!).Order());
        Assert.Contains("beginning anew", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stops_when_asked_and_a_changed_file_begins_anew()
    {
        await using var server = await StubServer.StartAsync();
        using var stop = new CancellationTokenSource();
        server.Intercept = (number, _) =>
        {
            if (number == 6) stop.Cancel();
            return Task.FromResult(false);
        };
        var (code, _, error) = await RunUntilAsync(server.Address, ["--parallel", "1", "--batch-size", "50"], stop.Token);
        Assert.Equal(CommandLine.Interrupted, code);
        Assert.Contains("continues", error, StringComparison.Ordinal);
        Assert.InRange(server.Events.Count(), 1, Rows - 1);

        server.Intercept = null;
        server.EventBatches.Clear();
        File.AppendAllText(csv, "new,u,i,view,1600000000,t\n");
        Assert.Equal(0, (await RunAsync(server.Address)).Code);
        Assert.Equal(Rows + 1, server.Events.Count());
    }

    [Fact]
    public async Task A_broken_checkpoint_is_harmless()
    {
        await using var server = await StubServer.StartAsync();
        folder.Write("checkpoint.json", "{ \"events\": 17");
        Assert.Equal(0, (await RunAsync(server.Address)).Code);
        Assert.Equal(Rows, server.Events.Count());
    }

    [Fact]
    public async Task What_the_server_rejects_is_shown_and_makes_the_exit_code_1()
    {
        await using var server = await StubServer.StartAsync();
        server.Unwanted.UnionWith(Enumerable.Range(0, 12).Select(i => $"e{i}"));

        var (code, output, error) = await RunAsync(server.Address);

        Assert.Equal(1, code);
        Assert.Contains("Done: 988 events and 50 items accepted, 12 rejected", output, StringComparison.Ordinal);
        Assert.Equal(10, error.Split("is not wanted").Length - 1);
        Assert.Contains("rejected e1: eventId is not wanted", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_large_a_batch_is_halved()
    {
        await using var server = await StubServer.StartAsync();
        server.Intercept = (_, context) =>
        {
            context.Response.StatusCode = 413;
            return Task.FromResult(context.Request.ContentLength > 4000);
        };
        Assert.Equal(0, (await RunAsync(server.Address, "--parallel", "1")).Code);
        Assert.Equal(ExpectedOrder, server.Events.Select(e => e.EventId!));
    }

    [Fact]
    public async Task Refusals_of_a_whole_batch_are_counted_one_by_one()
    {
        await using var server = await StubServer.StartAsync();
        server.Intercept = async (_, context) =>
        {
            if (context.Request.Path != "/v1/items") return false;
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("""{"type":"about:blank","detail":"no item is valid","rejected":[{"index":0,"field":"title","error":"is odd"},{"index":1,"field":"title","error":"is odd"}]}""");
            return true;
        };
        var (code, output, error) = await RunAsync(server.Address);
        Assert.Equal(1, code);
        Assert.Contains("1,000 events and 0 items accepted, 50 rejected", output, StringComparison.Ordinal);
        Assert.Contains("title is odd", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_key_ends_the_import_at_once_and_a_given_one_is_sent()
    {
        await using var server = await StubServer.StartAsync();
        server.Intercept = (_, context) =>
        {
            context.Response.StatusCode = 401;
            return Task.FromResult(context.Request.Headers.Authorization != "Bearer secret");
        };
        var (code, _, error) = await RunAsync(server.Address);
        Assert.Equal(1, code);
        Assert.Contains("--key", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
        Assert.Equal(0, (await RunAsync(server.Address, "--key", "secret")).Code);
    }

    [Fact]
    public async Task A_wrong_address_ends_the_import_at_once()
    {
        await using var server = await StubServer.StartAsync();
        var (code, _, error) = await RunAsync(server.Address + "/elsewhere");
        Assert.Equal(1, code);
        Assert.Contains("404", error, StringComparison.Ordinal);
        Assert.Contains("--to", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_there_is_said_within_the_patience()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var (code, _, error) = await RunAsync($"http://127.0.0.1:{port}", "--patience-seconds", "0");
        Assert.Equal(1, code);
        Assert.Contains("Connection refused", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("import", "--preset")]
    [InlineData("import --preset csv --to http://127.0.0.1", "argument")]
    [InlineData("import a.csv --preset csv", "--to")]
    [InlineData("import a.csv --to http://127.0.0.1", "--preset")]
    [InlineData("import a.csv --preset csf --to http://127.0.0.1", "csf")]
    [InlineData("import a.csv --preset csv --to 127.0.0.1", "--to")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --parallel 0", "--parallel")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --batch-size many", "--batch-size")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --colour red", "--colour")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --delimiter ab", "--delimiter")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --start soon", "--start")]
    [InlineData("import a.csv --preset movielens --to http://127.0.0.1 --user-column u", "--user-column")]
    [InlineData("import a.csv --preset movielens --to http://127.0.0.1 --start 2020-01-01", "--start")]
    [InlineData("--port 65536", "--port")]
    [InlineData("--port x", "--port")]
    [InlineData("--demo --no-demo", "--no-demo")]
    [InlineData("frobnicate", "frobnicate")]
    public async Task A_wrong_command_line_is_one_line_and_code_2(string arguments, string expected)
    {
        var (code, output, error) = await RunCommandAsync(arguments.Split(' '), CancellationToken.None);
        Assert.Equal((CommandLine.UsageError, ""), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_missing_or_useless_file_is_one_line_and_code_1()
    {
        string empty = folder.Write("empty.csv", "userId,itemId,timestamp\n,A,1\n");
        foreach (string file in (string[])[folder.File("absent.csv"), empty])
        {
            var (code, _, error) = await RunCommandAsync(["import", file, "--preset", "csv", "--to", "http://127.0.0.1:1", "--checkpoint", folder.File("c.json")], CancellationToken.None);
            Assert.Equal(1, code);
            Assert.Equal(1, error.Count(c => c == '\n'));
        }
    }

    private Task<(int Code, string Output, string Error)> RunAsync(string address, params string[] more) => RunUntilAsync(address, more, TestContext.Current.CancellationToken);

    private Task<(int Code, string Output, string Error)> RunUntilAsync(string address, string[] more, CancellationToken cancellationToken) =>
        RunCommandAsync(["import", csv, "--preset", "csv", "--to", address, "--checkpoint", folder.File("checkpoint.json"), .. more], cancellationToken);

    private static async Task<(int Code, string Output, string Error)> RunCommandAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await CommandLine.RunAsync(arguments, output, error, cancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
