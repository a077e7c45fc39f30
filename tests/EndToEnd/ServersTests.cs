using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using RabbitMQ.Client;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(Servers))]

namespace Recommender.EndToEnd;

/// <summary>Ingest, Trainer, Recommend and Console as processes over RabbitMQ, Redis and PostgreSQL.</summary>
public class ServersTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_lost_or_counted_twice_when_processes_and_servers_are_killed_during_an_import()
    {
        string source = Path.Combine(DataSets.Find("online-retail-uci"), "online_retail.csv.gz");
        using var folder = new TempFolder();
        const int rows = 100_000;
        string slice = Path.Combine(folder.Path, "slice.csv.gz");
        long expected = await CutAsync(source, slice, rows);

        await using var shop = await Topology.StartAsync(servers);
        // Small requests, one after another, so that the import lasts over all of the faults.
        await using var import = Import(slice, shop.Console.Address, Path.Combine(folder.Path, "checkpoint"), "--batch-size", "100", "--parallel", "1");
        import.Launch();
        long total = 0;
        List<(string What, Func<Task> Happens)> faults =
        [
            ("kill RabbitMQ", async () => { await shop.RabbitMq.KillAsync(); await shop.RabbitMq.StartAsync(Cancel); }),
            ("kill Trainer", async () => { await shop.Trainer.KillAsync(); await shop.Trainer.StartAsync(); }),
            ("kill Redis", async () => { await shop.Redis.KillAsync(); await shop.Redis.StartAsync(Cancel); }),
            ("kill Recommend", async () => { await shop.Recommend.KillAsync(); await shop.Recommend.StartAsync(); }),
            ("kill Ingest", async () => { await shop.Ingest.KillAsync(); await shop.Ingest.StartAsync(); }),
            ("kill PostgreSQL", async () => { await shop.Postgres.KillAsync(); await shop.Postgres.StartAsync(Cancel); }),
        ];
        for (int i = 0; i < faults.Count; i++)
        {
            // Each fault in the middle of the work: when its share of the events has been stored.
            long share = expected * (i + 1) / (faults.Count + 2);
            await Eventually.TrueAsync(async () => (total = await shop.Api.EventsAsync()) >= share || !import.IsRunning, TimeSpan.FromMinutes(3), $"{share} events stored before: {faults[i].What}");
            TestContext.Current.TestOutputHelper?.WriteLine($"{faults[i].What} at {total} of {expected} events, import {(import.IsRunning ? "running" : "done")}");
            await faults[i].Happens();
        }
        // The import rides over short outages by itself; one that gave up is started again and goes on where it was.
        for (int again = 0; await import.WaitForExitAsync(Cancel) != 0 && again < 10; again++) import.Launch();
        Assert.Equal(0, await import.WaitForExitAsync(Cancel));

        await Eventually.EqualAsync(expected, shop.Api.EventsAsync, TimeSpan.FromMinutes(3));
        await Eventually.TrueAsync(async () => await shop.Api.TryGetAsync("/v1/status") is { } status
            && status.GetProperty("watermarks").GetProperty("folded").GetInt64() >= status.GetProperty("watermarks").GetProperty("stored").GetInt64(), TimeSpan.FromMinutes(2), "folded catches up");

        // Once more changes nothing: every event has the id it had before.
        await using var repeat = Import(slice, shop.Console.Address, Path.Combine(folder.Path, "another checkpoint"));
        repeat.Launch();
        Assert.Equal(0, await repeat.WaitForExitAsync(Cancel));
        await shop.DrainedAsync();
        Assert.Equal(expected, await shop.Api.EventsAsync());
    }

    [Fact]
    public async Task A_foreign_AMQP_producer_counts_and_what_it_sends_wrong_is_kept_with_the_reason()
    {
        await using var shop = await Topology.StartAsync(servers);
        await using var connection = await new ConnectionFactory { Uri = new Uri(shop.RabbitMq.ConnectionString) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancel);
        var json = new BasicProperties { ContentType = "application/json", Persistent = true };
        foreach (var body in (string[])
        [
            """{"eventId":"f-1","userId":"ann","itemId":"tea","type":"view"}""",
            """[{"eventId":"f-2","userId":"ann","itemId":"cake","type":"purchase"},{"eventId":"f-3","itemId":"cake","type":"view"}]""",
            "not json",
        ])
        {
            await channel.BasicPublishAsync("interactions", "", mandatory: true, json, Encoding.UTF8.GetBytes(body), Cancel);
        }
        await Eventually.EqualAsync(2, shop.Api.EventsAsync);
        await Eventually.TrueAsync(async () => (await shop.Api.HistoryAsync("ann")).Count == 2);
        await Eventually.TrueAsync(async () => (await shop.Api.GetAsync("/v1/deadletters")).GetProperty("total").GetInt64() == 2);
        var reasons = (await shop.Api.GetAsync("/v1/deadletters")).GetProperty("letters").EnumerateArray().Select(letter => letter.GetProperty("reason").GetString()).ToList();
        Assert.Contains(reasons, reason => reason!.Contains("userId", StringComparison.Ordinal));
        Assert.Equal(2, reasons.Count);
    }

    [Fact]
    public async Task A_new_event_changes_the_next_answer_without_training()
    {
        await using var shop = await Topology.StartAsync(servers);
        for (int user = 0; user < 40; user++)
        {
            await shop.Api.SendAsync(Enumerable.Range(0, 12).Select(i => new { eventId = $"{user}-{i}", userId = $"u{user}", itemId = $"{(user % 2 == 0 ? "tea" : "tool")}-{(user + i * 3) % 20}", type = "purchase", occurredAt = DateTimeOffset.UtcNow.AddDays(-i) }));
        }
        await Eventually.EqualAsync(480, shop.Api.EventsAsync);
        await shop.Api.PostAsync("/v1/models", "{}");
        await Eventually.TrueAsync(async () => (await shop.Api.TryGetAsync("/v1/status"))?.TryGetProperty("releasedVersion", out _) ?? false, TimeSpan.FromMinutes(2), "a model is released");
        await Eventually.TrueAsync(async () => (await shop.Api.GetAsync("/v1/users/u0/recommendations")).GetProperty("source").GetString() == "personal", what: "personal answers");
        long version = (await shop.Api.GetAsync("/v1/status")).GetProperty("releasedVersion").GetInt64();

        var clock = Stopwatch.StartNew();
        await shop.Api.SendAsync(new { eventId = "new", userId = "newcomer", itemId = "tool-1", type = "purchase" });
        await Eventually.TrueAsync(async () =>
        {
            var answer = await shop.Api.GetAsync("/v1/users/newcomer/recommendations?count=5");
            return answer.GetProperty("source").GetString() == "personal"
                && answer.GetProperty("items").EnumerateArray().All(item => item.GetProperty("itemId").GetString()!.StartsWith("tool-", StringComparison.Ordinal));
        }, what: "the newcomer gets tools");
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] the next answer reflected the event {clock.Elapsed.TotalMilliseconds:0} ms after it was sent");
        Assert.Equal(version, (await shop.Api.GetAsync("/v1/status")).GetProperty("releasedVersion").GetInt64());
    }

    private static ServiceProcess Import(string file, Uri to, string checkpoint, params string[] more) => new("Standalone",
        arguments: ["import", file, "--preset", "online-retail", "--to", to.ToString().TrimEnd('/'), "--checkpoint", checkpoint, .. more]);

    /// <summary>Copies the first rows and returns how many of them have a customer, which is how many events they make.</summary>
    private static async Task<long> CutAsync(string source, string target, int rows)
    {
        long withCustomer = 0;
        using var reader = new StreamReader(new GZipStream(File.OpenRead(source), CompressionMode.Decompress));
        await using var writer = new StreamWriter(new GZipStream(File.Create(target), CompressionLevel.Fastest));
        string header = (await reader.ReadLineAsync(Cancel))!;
        await writer.WriteLineAsync(header);
        int customer = Array.FindIndex(header.Split(','), name => name.Trim('"').Replace(" ", "", StringComparison.Ordinal).Equals("CustomerID", StringComparison.OrdinalIgnoreCase));
        Assert.True(customer >= 0, header);
        int fromEnd = header.Split(',').Length - customer;
        for (int i = 0; i < rows && await reader.ReadLineAsync(Cancel) is { } line; i++)
        {
            await writer.WriteLineAsync(line);
            // Counted from the end, because only the description before it may hold a comma.
            var cells = line.Split(',');
            if (cells[^fromEnd].Trim('"').Length > 0 && double.TryParse(cells[^fromEnd].Trim('"'), CultureInfo.InvariantCulture, out _)) withCustomer++;
        }
        return withCustomer;
    }
}
