using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Recommender.CommandLines;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Cli.Tests;

/// <summary>The import command against a server that fails in every way a server can.</summary>
public sealed class ImportTests : IDisposable
{
    private const int Rows = 1000;

    private readonly TempFolder _folder = new();
    private readonly string _csv;

    public ImportTests()
    {
        // Against time order, with equal times: 10 events a second.
        _csv = _folder.Write("events.csv", "eventId,userId,itemId,type,timestamp,title\n"
            + string.Concat(Enumerable.Range(0, Rows)
            .Select(i => $"e{i},u{i % 7},i{i % 50},view,{1_700_000_000 - i / 10},Item {i % 50}\n")));
    }

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> ExpectedOrder => Enumerable.Range(0, Rows).OrderBy(i => -(i / 10)).Select(i => $"e{i}");

    [Fact]
    public async Task Items_come_first_then_all_events_in_time_order()
    {
        await using var server = await StubServer.StartAsync();

        var (code, output, error) = await RunAsync(server.Address, "--parallel", "1", "--batch-size", "64");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(ExpectedOrder, server.Events.Select(e => e.EventId!));
        Assert.Equal(50, server.Patches.Count);
        Assert.Empty(server.Items);
        var requests = server.Requests.ToList();
        Assert.True(requests.LastIndexOf("PATCH /v1/items") < requests.IndexOf("POST /v1/events"));
        Assert.Contains("Done: 1,000 events and 50 items accepted, 0 rejected, 0 bad rows skipped", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "checkpoint*"));
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
        int items = server.Patches.Count;
        (code, string output, _) = await RunAsync(server.Address, "--parallel", "3", "--batch-size", "30");

        Assert.Equal(0, code);
        Assert.Equal(ExpectedOrder.Order(), server.Events.Select(e => e.EventId!).Order());
        Assert.Equal(items, server.Patches.Count);
        Assert.Contains($"Continuing after 50 items and {sent} events", output, StringComparison.Ordinal);

        // After completion, the next run starts from the beginning.
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
        Assert.Contains("starting from the beginning", output, StringComparison.Ordinal);
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
        Assert.Equal(ExitCode.Interrupted, code);
        Assert.Contains("continues", error, StringComparison.Ordinal);
        Assert.InRange(server.Events.Count(), 1, Rows - 1);

        server.Intercept = null;
        server.EventBatches.Clear();
        File.AppendAllText(_csv, "new,u,i,view,1600000000,t\n");
        Assert.Equal(0, (await RunAsync(server.Address)).Code);
        Assert.Equal(Rows + 1, server.Events.Count());
    }

    [Fact]
    public async Task A_broken_checkpoint_is_harmless()
    {
        await using var server = await StubServer.StartAsync();
        _folder.Write("checkpoint.json", "{ \"events\": 17");
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
            await context.Response.WriteAsync(
                """{"type":"about:blank","detail":"no item is valid","rejected":[{"index":0,"field":"title","error":"is odd"},{"index":1,"field":"title","error":"is odd"}]}""");
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
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --separator a\"b", "--separator")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --delimiter 12345678901234567", "--separator")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --columns user,,time", "--columns")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --columns user,item,User", "--columns")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --encoding utf-9", "--encoding")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --max-bad 101", "--max-bad")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --max-bad few", "--max-bad")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --time-zone Europe/Atlantis", "--time-zone")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --time-zone Europe/London --time-format unix-seconds", "--time-zone")]
    [InlineData("import a.csv --preset movielens --to http://127.0.0.1 --time-zone Europe/London", "--time-zone")]
    [InlineData("import a.csv --preset movielens --to http://127.0.0.1 --columns user,item", "--columns")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --time-format soon", "--time-format")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --time-format dd/MM", "--time-format")]
    [InlineData("import a.csv --preset csv --to http://127.0.0.1 --start soon", "--start")]
    [InlineData("import a.csv --preset movielens --to http://127.0.0.1 --user-column u", "--user-column")]
    [InlineData("import a.csv --preset movielens --to http://127.0.0.1 --start 2020-01-01", "--start")]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("--port 8080", "--port")]
    public async Task A_wrong_command_line_is_one_line_and_code_2(string arguments, string expected)
    {
        var (code, output, error) = await RunCommandAsync(arguments.Split(' '), CancellationToken.None);
        Assert.Equal((ExitCode.UsageError, ""), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public async Task A_missing_or_useless_file_is_one_line_and_code_1()
    {
        const string header = "userId,itemId,timestamp\n";
        (string File, string Expected)[] cases =
        [
            (_folder.File("absent.csv"), "no such file"),
            (_folder.Write("all-bad.csv", header + ",A,1700000000\nu,,1700000000\n"), "all 2 rows are bad"),
            (_folder.Write("no-rows.csv", header), "no rows"),
            (_folder.Write("empty.csv", ""), "empty"),
            (_folder.Write("repeated.csv", "userId,itemId,timestamp,ITEMID\nu,A,1700000000,B\n"), "more than one column"),
            (_folder.Write("open.csv", header + "u,\"A,1700000000\nu,A,1700000000\n"), "line 2: a quote is opened and never closed"),
        ];
        foreach (var (file, expected) in cases)
        {
            await using var server = await StubServer.StartAsync();
            var (code, _, error) = await RunFileAsync(server, file, "--max-bad", "100");
            Assert.Equal((1, 1), (code, error.Count(c => c == '\n')));
            Assert.Contains(expected, error, StringComparison.Ordinal);
            Assert.Empty(server.Requests);
        }
    }

    [Fact]
    public async Task Patches_hold_only_what_the_rows_state_and_a_repeated_import_sends_the_same_change()
    {
        await using var server = await StubServer.StartAsync();
        const string header = "userId,itemId,timestamp,title,category,tags,url\n";
        string file = _folder.Write("orders.csv", header + "u,A,1290000000,Lamp,,,\nu,B,1290000001,Chair,home,,\n");

        Assert.Equal(0, (await RunFileAsync(server, file)).Code);
        var first = server.Patches.ToDictionary(p => p.GetProperty("itemId").GetString()!);
        server.Patches.Clear();
        Assert.Equal(0, (await RunFileAsync(server, file)).Code);
        var again = server.Patches.ToDictionary(p => p.GetProperty("itemId").GetString()!);
        server.Patches.Clear();
        _folder.Write("orders.csv", header + "u,A,1290000000,Lamp,,,\nu,B,1290000001,,garden,,\n");
        Assert.Equal(0, (await RunFileAsync(server, file)).Code);
        var changed = server.Patches.ToDictionary(p => p.GetProperty("itemId").GetString()!);

        Assert.Equal(["itemId", "changeId", "title"], first["A"].EnumerateObject().Select(p => p.Name));
        Assert.Equal(["itemId", "changeId", "title", "categories"], first["B"].EnumerateObject().Select(p => p.Name));
        Assert.Equal(first["A"].GetRawText(), again["A"].GetRawText());
        Assert.Equal(first["B"].GetRawText(), again["B"].GetRawText());
        Assert.Equal(first["A"].GetRawText(), changed["A"].GetRawText());
        Assert.Equal(["itemId", "changeId", "categories"], changed["B"].EnumerateObject().Select(p => p.Name));
        string?[] changeIds = [.. new[] { first["A"], first["B"], changed["B"] }.Select(p => p.GetProperty("changeId").GetString())];
        Assert.Equal(3, changeIds.Distinct().Count());
    }

    [Theory]
    [InlineData("at a line end")]
    [InlineData("in the middle")]
    [InlineData("in the header")]
    [InlineData("before the trailer")]
    [InlineData("within the trailer")]
    [InlineData("within a second member")]
    [InlineData("garbage at the end")]
    [InlineData("wrong checksum")]
    [InlineData("wrong length")]
    [InlineData("wrong data")]
    public async Task A_damaged_gzip_file_sends_nothing(string how)
    {
        await using var server = await StubServer.StartAsync();
        string half = string.Concat(Enumerable.Range(0, 300).Select(i => $"u,k{i},1290000000\n"));
        byte[] whole = Gzip.Pack("userId,itemId,timestamp\n" + half, half);
        int end = Gzip.Pack("userId,itemId,timestamp\n" + half).Length;
        byte[] data = how switch
        {
            "at a line end" => Gzip.PackWithoutEnd("userId,itemId,timestamp\n" + half),
            "in the middle" => whole[..(end / 2)],
            "in the header" => whole[..7],
            "before the trailer" => whole[..^8],
            "within the trailer" => whole[..^1],
            "within a second member" => whole[..(end + 5)],
            "garbage at the end" => [.. whole, .. "garbage"u8],
            "wrong checksum" => With(whole, whole.Length - 8),
            "wrong length" => With(whole, whole.Length - 1),
            _ => With(whole, end / 2),
        };
        string file = _folder.File("damaged.csv.gz");
        await File.WriteAllBytesAsync(file, data, TestContext.Current.CancellationToken);

        var (code, _, error) = await RunFileAsync(server, file);

        Assert.Equal((1, 1), (code, error.Count(c => c == '\n')));
        Assert.Contains("is truncated or damaged", error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);

        static byte[] With(byte[] data, int position)
        {
            byte[] copy = [.. data];
            copy[position] ^= 0x55;
            return copy;
        }
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_send_nothing_and_the_encoding_can_be_named()
    {
        await using var server = await StubServer.StartAsync();
        string file = _folder.File("latin.csv");
        await File.WriteAllBytesAsync(
            file,
            System.Text.Encoding.Latin1.GetBytes(
                "userId,itemId,timestamp,title\nu1,caf\u00e9,1290000000,Am\u00e9lie\nu2,caf\u00e8,1290000000,Plain\n"),
            TestContext.Current.CancellationToken);

        var (code, _, error) = await RunFileAsync(server, file);
        Assert.Equal((1, 1), (code, error.Count(c => c == '\n')));
        Assert.Contains("line 2: the byte 0xE9 is not valid utf-8", error, StringComparison.Ordinal);
        Assert.Contains("--encoding latin1", error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);

        Assert.Equal(0, (await RunFileAsync(server, file, "--encoding", "latin1")).Code);
        Assert.Equal(["caf\u00e9", "caf\u00e8"], server.Events.Select(e => e.ItemId));
        Assert.Equal("Am\u00e9lie", server.Patches.First().GetProperty("title").GetString());
    }

    [Theory]
    [InlineData(99, 1, "1", true)]
    [InlineData(98, 2, "1", false)]
    [InlineData(98, 2, "2", true)]
    [InlineData(5, 5, "1", false)]
    [InlineData(5, 5, "50", true)]
    [InlineData(999, 1, "0", false)]
    public async Task More_bad_rows_than_the_limit_send_nothing(int good, int bad, string limit, bool isSent)
    {
        await using var server = await StubServer.StartAsync();
        string file = _folder.Write("rows.csv", "userId,itemId,value,timestamp\n"
            + string.Concat(Enumerable.Range(0, good).Select(i => $"u,i{i},1,1290000000\n"))
            + string.Concat(Enumerable.Range(0, bad).Select(i => $"u,i{i},many,1290000000\n")));

        var (code, output, error) = await RunFileAsync(server, file, "--max-bad", limit);

        if (isSent)
        {
            Assert.Equal((0, ""), (code, error));
            Assert.Equal(good, server.Events.Count());
            Assert.Contains($"{bad} bad rows skipped", output, StringComparison.Ordinal);
            Assert.Contains($"rows.csv, line {good + 2}: value 'many' is not a number", output, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal((1, 1), (code, error.Count(c => c == '\n')));
            Assert.Contains($"{bad} of {good + bad:N0} rows are bad", error, StringComparison.Ordinal);
            Assert.Contains($"line {good + 2}: value 'many' is not a number", error, StringComparison.Ordinal);
            Assert.Empty(server.Requests);
        }
    }

    [Fact]
    public async Task The_default_limit_of_bad_rows_is_one_percent()
    {
        await using var server = await StubServer.StartAsync();
        string good = string.Concat(Enumerable.Repeat("u,i,1290000000\n", 98));
        string file = _folder.Write("rows.csv", "userId,itemId,timestamp\n" + good + "u,,1290000000\n,i,1290000000\n");
        Assert.Equal(1, (await RunFileAsync(server, file)).Code);
        File.AppendAllText(file, good + "u,i,1290000000\nu,i,1290000000\n");
        Assert.Equal(0, (await RunFileAsync(server, file)).Code);
    }

    [Fact]
    public async Task Stopping_while_files_are_read_sends_nothing()
    {
        await using var server = await StubServer.StartAsync();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var (code, _, error) = await RunUntilAsync(server.Address, [], stop.Token);
        Assert.Equal(ExitCode.Interrupted, code);
        Assert.Contains("Stopped", error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Every_option_of_the_command_is_in_its_help()
    {
        var (code, output, _) = await RunCommandAsync(["import", "--help"], CancellationToken.None);
        Assert.Equal(0, code);
        Assert.All(
            ["--encoding", "--max-bad", "--time-zone", "--time-format", "--columns", "--separator", "--no-quotes", "--start"],
            option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    private Task<(int Code, string Output, string Error)> RunFileAsync(StubServer server, string file, params string[] more) =>
        RunCommandAsync(
            ["import", file, "--preset", "csv", "--to", server.Address, "--checkpoint", _folder.File("checkpoint.json"), .. more],
            TestContext.Current.CancellationToken);

    private Task<(int Code, string Output, string Error)> RunAsync(string address, params string[] more) =>
        RunUntilAsync(address, more, TestContext.Current.CancellationToken);

    private Task<(int Code, string Output, string Error)> RunUntilAsync(string address, string[] more,
        CancellationToken cancellationToken) =>
        RunCommandAsync(["import", _csv, "--preset", "csv", "--to", address, "--checkpoint", _folder.File("checkpoint.json"), .. more],
        cancellationToken);

    private static async Task<(int Code, string Output, string Error)> RunCommandAsync(string[] arguments,
        CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await CommandLine.RunAsync(arguments, output, error, cancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
