using System.Globalization;
using System.IO.Compression;
using Recommender.TestKit;
using Xunit;

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
        await using var import = Import(slice, shop.Console.Address, Path.Combine(folder.Path, "checkpoint"), "--batch-size", "100",
            "--parallel", "1");
        import.Launch();
        long total = 0;
        List<(string What, Func<Task> Happens)> faults =
        [
            ("kill Ingest", async () => { await shop.Ingest.KillAsync(); await shop.Ingest.StartAsync(); }),
            ("kill RabbitMQ", async () => { await shop.RabbitMq.KillAsync(); await shop.RabbitMq.StartAsync(Cancel); }),
            ("kill Trainer", async () => { await shop.Trainer.KillAsync(); await shop.Trainer.StartAsync(); }),
            ("kill Redis", async () => { await shop.Redis.KillAsync(); await shop.Redis.StartAsync(Cancel); }),
            ("kill Recommend", async () => { await shop.Recommend.KillAsync(); await shop.Recommend.StartAsync(); }),
            ("kill PostgreSQL", async () => { await shop.Postgres.KillAsync(); await shop.Postgres.StartAsync(Cancel); }),
        ];
        for (int i = 0; i < faults.Count; i++)
        {
            // Each fault in the middle of the work: when its share of the first half of the events has been stored.
            long share = expected * (i + 1) / (2 * (faults.Count + 1));
            await Eventually.TrueAsync(async () =>
            {
                if (!import.IsRunning) await GoOnAsync(import);
                return (total = await shop.Api.EventsAsync()) >= share;
            }, TimeSpan.FromMinutes(3), $"{share} events stored before: {faults[i].What}");
            TestContext.Current.TestOutputHelper?.WriteLine($"{faults[i].What} at {total} of {expected} events, import "
                + $"{(import.IsRunning ? "running" : "done")}");
            await faults[i].Happens();
        }
        await Eventually.TrueAsync(async () => !import.IsRunning && await GoOnAsync(import), TimeSpan.FromMinutes(5), "the import ends");

        await Eventually.EqualAsync(expected, shop.Api.EventsAsync, TimeSpan.FromMinutes(3));
        await Eventually.TrueAsync(async () => await shop.Api.TryGetAsync("/v1/status") is { } status
            && status.GetProperty("watermarks").GetProperty("folded").GetInt64() >= status.GetProperty("watermarks").GetProperty("stored")
            .GetInt64(), TimeSpan.FromMinutes(2), "folded catches up");

        // Once more changes nothing: every event has the id it had before.
        await using var repeat = Import(slice, shop.Console.Address, Path.Combine(folder.Path, "another checkpoint"));
        repeat.Launch();
        Assert.Equal(0, await repeat.WaitForExitAsync(Cancel));
        await shop.DrainedAsync();
        Assert.Equal(expected, await shop.Api.EventsAsync());
    }

    /// <summary>The import rides over short outages by itself; one that gave up is started again and goes on where it was. True once it is
    /// through.</summary>
    private static async Task<bool> GoOnAsync(ServiceProcess import)
    {
        if (await import.WaitForExitAsync(Cancel) == 0) return true;
        TestContext.Current.TestOutputHelper?.WriteLine($"import started again after: {import.LogTail(3)}");
        import.Launch();
        return false;
    }

    private static ServiceProcess Import(string file, Uri to, string checkpoint, params string[] more) => new("Cli",
        arguments: ["import", file, "--preset", "online-retail", "--to", to.ToString().TrimEnd('/'), "--checkpoint", checkpoint, .. more]);

    /// <summary>Copies the first rows and returns how many of them have a customer, which is how many events they make.</summary>
    private static async Task<long> CutAsync(string source, string target, int rows)
    {
        long withCustomer = 0;
        using var reader = new StreamReader(new GZipStream(File.OpenRead(source), CompressionMode.Decompress));
        await using var writer = new StreamWriter(new GZipStream(File.Create(target), CompressionLevel.Fastest));
        string header = (await reader.ReadLineAsync(Cancel))!;
        await writer.WriteLineAsync(header);
        int customer = Array.FindIndex(header.Split(','),
            name => name.Trim('"').Replace(" ", "", StringComparison.Ordinal).Equals("CustomerID", StringComparison.OrdinalIgnoreCase));
        Assert.True(customer >= 0, header);
        int fromEnd = header.Split(',').Length - customer;
        for (int i = 0; i < rows && await reader.ReadLineAsync(Cancel) is { } line; i++)
        {
            await writer.WriteLineAsync(line);
            // Counted from the end, because only the description before it may hold a comma.
            var cells = line.Split(',');
            if (cells[^fromEnd].Trim('"').Length > 0 && double.TryParse(cells[^fromEnd].Trim('"'), CultureInfo.InvariantCulture, out _))
                withCustomer++;
        }
        return withCustomer;
    }
}
