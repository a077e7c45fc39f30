using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Recommender.CommandLines;
using Recommender.Contracts;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Standalone.Tests;

/// <summary>The whole of Standalone, started by its command line inside this process.</summary>
public sealed class HostTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_imported_is_stored_once_however_often()
    {
        var cancellation = TestContext.Current.CancellationToken;
        string csv = _folder.Write("events.csv", "userId,itemId,type,timestamp,title\n"
            + string.Concat(Enumerable.Range(0, 500).Select(i => $"u{i % 20},i{i % 31},view,{1_700_000_000 + i / 3},Item {i % 31}\n")));
        int port = FreePort();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var host = RunAsync(["--data", _folder.File("data"), "--port", $"{port}"], stop.Token);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        // The import waits for the server to come up.
        string[] import = ["import", csv, "--preset", "csv", "--to", $"http://127.0.0.1:{port}", "--checkpoint", _folder.File("c.json")];
        Assert.Equal((0, ""), await CallAsync(import, cancellation));
        await Eventually.EqualAsync((500L, 31L, 20L), CountsAsync);
        Assert.Equal((0, ""), await CallAsync([.. import, "--batch-size", "7"], cancellation));
        Assert.Equal((0, ""), await CallAsync(["import", _folder.Write("one.csv", "userId,itemId,timestamp\nlast,i1,1700000000\n"),
            .. import[2..]], cancellation));
        await Eventually.EqualAsync((501L, 31L, 21L), CountsAsync);
        Assert.Equal((0, ""), await CallAsync(["export", "last", "--from", $"http://127.0.0.1:{port}"], cancellation));

        await Eventually.TrueAsync(async () =>
        {
            var popular = await client.GetFromJsonAsync("v1/items/popular?count=1", ContractsJson.Default.RecommendationResponse,
                cancellation);
            return popular!.Items is [var item] && item.Title!.StartsWith("Item ", StringComparison.Ordinal);
        }, what: "what was imported is popular, with its title");

        var (code, error) = await RunAsync(["--data", _folder.File("data"), "--port", $"{FreePort()}"], cancellation);
        Assert.Equal(1, code);
        Assert.Contains("in use", error, StringComparison.Ordinal);
        (code, error) = await RunAsync(["--data", _folder.File("other"), "--port", $"{port}"], cancellation);
        Assert.Equal(1, code);
        Assert.Contains("--port", error, StringComparison.Ordinal);

        await stop.CancelAsync();
        Assert.Equal((0, ""), await host);

        async Task<(long, long, long)> CountsAsync()
        {
            var status = await client.GetFromJsonAsync("v1/status", ContractsJson.Default.StatusResponse, cancellation);
            return (status!.Events, status.Items, status.Users);
        }
    }

    [Fact]
    public async Task A_repeated_import_undoes_nothing_and_a_changed_row_changes_what_it_states()
    {
        var cancellation = TestContext.Current.CancellationToken;
        const string header = "userId,itemId,timestamp,title,category\n";
        string rows = "u,edited,1700000000,Lamp,home\nu,deleted,1700000000,Chair,home\nu,withdrawn,1700000000,Desk,home\n";
        string csv = _folder.Write("orders.csv", header + rows);
        int port = FreePort();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var host = RunAsync(["--data", _folder.File("data"), "--port", $"{port}"], stop.Token);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        string[] import = ["import", csv, "--preset", "csv", "--to", $"http://127.0.0.1:{port}", "--checkpoint", _folder.File("c.json")];
        Assert.Equal((0, ""), await CallAsync(import, cancellation));
        await Eventually.TrueAsync(async () => await FindAsync("withdrawn") is not null, what: "the items are stored");

        var change = new { title = "Better lamp", tags = (string[])["new"] };
        (await client.PatchAsJsonAsync("v1/items/edited", change, cancellation)).EnsureSuccessStatusCode();
        (await client.DeleteAsync("v1/items/deleted", cancellation)).EnsureSuccessStatusCode();
        (await client.PatchAsJsonAsync("v1/items/withdrawn", new { available = false }, cancellation)).EnsureSuccessStatusCode();
        _folder.Write("orders.csv", header + rows + "u,last,1700000000,Last,\n");
        Assert.Equal((0, ""), await CallAsync(import, cancellation));

        // Changes are applied in their order, so the others are done when the last one is.
        await Eventually.TrueAsync(async () => await FindAsync("last") is not null, what: "the repeated import is applied");
        Assert.Equal("Better lamp", (await FindAsync("edited"))!.Title);
        Assert.Null(await FindAsync("deleted"));
        Assert.False((await FindAsync("withdrawn"))!.Available);

        rows = "u,edited,1700000000,,garden\nu,deleted,1700000000,Stool,\nu,withdrawn,1700000000,Table,\nu,newer,1700000000,Newer,\n";
        _folder.Write("orders.csv", header + rows);
        Assert.Equal((0, ""), await CallAsync(import, cancellation));
        await Eventually.TrueAsync(async () => await FindAsync("newer") is not null, what: "the changed import is applied");
        var edited = (await FindAsync("edited"))!;
        Assert.Equal("Better lamp", edited.Title);
        Assert.Equal(["garden"], edited.Categories);
        Assert.Equal(["new"], edited.Tags);
        Assert.Null(await FindAsync("deleted"));
        var withdrawn = (await FindAsync("withdrawn"))!;
        Assert.Equal(("Table", false), (withdrawn.Title, withdrawn.Available));

        await stop.CancelAsync();
        Assert.Equal((0, ""), await host);

        async Task<Item?> FindAsync(string itemId)
        {
            using var response = await client.GetAsync($"v1/items/{itemId}", cancellation);
            return response.StatusCode == HttpStatusCode.NotFound
                ? null
                : await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(ContractsJson.Default.Item, cancellation);
        }
    }

    [Fact]
    public async Task No_foreign_page_changes_anything_and_HEAD_is_answered_as_GET()
    {
        var cancellation = TestContext.Current.CancellationToken;
        int port = FreePort();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var host = RunAsync(["--data", _folder.File("data"), "--port", $"{port}", "--no-demo"], stop.Token);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await client.GetAsync("health/ready", cancellation)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false; // Not listening yet.
            }
        });

        var api = await client.GetFromJsonAsync<JsonElement>("openapi/v1.json", cancellation);
        int changing = 0;
        foreach (var path in api.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject()
                .Where(operation => operation.Name is "post" or "put" or "patch" or "delete"))
            {
                changing++;
                string target = Regex.Replace(path.Name, @"\{[^}]+\}", "7");
                foreach (var (name, value) in new[] { ("Origin", "https://evil.example"), ("Origin", "null"),
                    ("Sec-Fetch-Site", "cross-site") })
                {
                    using var request = new HttpRequestMessage(new HttpMethod(operation.Name.ToUpperInvariant()), target);
                    request.Headers.TryAddWithoutValidation(name, value);
                    using var response = await client.SendAsync(request, cancellation);
                    Assert.Equal((operation.Name, path.Name, HttpStatusCode.Forbidden), (operation.Name, path.Name, response.StatusCode));
                }
            }
        }

        Assert.True(changing > 10, $"only {changing} operations were found");
        foreach (string path in (string[])["", "app.js", "health/live", "health/ready", "v1/status", "v1/items/popular", "openapi/v1.json"])
        {
            using var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), cancellation);
            Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
        }

        await stop.CancelAsync();
        Assert.Equal((0, ""), await host);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_is_one_line()
    {
        var (code, error) = await RunAsync(["--data", _folder.Write("file", ""), "--port", "0"], TestContext.Current.CancellationToken);
        Assert.Equal(1, code);
        Assert.Contains("--data", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("--port 65536", "--port")]
    [InlineData("--port x", "--port")]
    [InlineData("--demo --no-demo", "--no-demo")]
    [InlineData("import a.csv", "import")]
    public async Task A_wrong_command_line_is_one_line_and_code_2(string arguments, string expected)
    {
        var (code, error) = await RunAsync(arguments.Split(' '), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.UsageError, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    /// <summary>Runs a command of the command line tool.</summary>
    private static async Task<(int Code, string Error)> CallAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await Cli.CommandLine.RunAsync(arguments, output, error, cancellationToken);
        return (code, error.ToString());
    }

    /// <summary>Runs everything until it is stopped.</summary>
    private static async Task<(int Code, string Error)> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await CommandLine.RunAsync(arguments, output, error, cancellationToken);
        return (code, error.ToString());
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
