using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using RabbitMQ.Client;
using Recommender.Benchmarks.Harness;
using Recommender.Messaging.Embedded;

namespace Recommender.Benchmarks.Running;

/// <summary><c>ingest</c>: events per second that are accepted (answered 202: durable) and stored. Floors are the bare broker and the bare
/// database in the same run.</summary>
internal static class IngestVerb
{
    public static Benchmark Create()
    {
        var mode = BenchmarkOptions.Mode();
        var batch = BenchmarkOptions.Number("--batch", "Events per request.", 500, least: 1, most: 1000);
        // A server accepts far more than it stores in the same time, and the benchmark waits until everything is stored.
        var seconds = BenchmarkOptions.Number("--seconds", "Time of posting.", 10.0, least: .1).WithTiny(.1);
        var connections = BenchmarkOptions.Number("--connections",
            "HTTP connections, each with one request at a time. Default: 16 with batches, 64 with single events.",
            given => given.GetValue(batch) == 1 ? 64 : 16, least: 1, most: 1000);
        var warmUp = BenchmarkOptions.Number("--warm-up-seconds", "Time of posting before the measurement.", 3.0, least: 0).WithTiny(.1);
        var floor = BenchmarkOptions.Number("--floor-seconds", "Time of each floor.", 3.0, least: .1).WithTiny(.2);
        return new Benchmark("ingest", "Throughput from HTTP to the store.", mode, batch, seconds, connections, warmUp, floor)
        {
            Floor = ["floorPublishPerSecond", "floorCopyPerSecond"],
            Measure = (run, cancellation) => RunAsync(run.Get(mode), run.Get(batch), run.Get(seconds), run.Get(connections),
                run.Get(warmUp), run.Get(floor), cancellation),
        };
    }

    private static async Task<object> RunAsync(string mode, int batch, double seconds, int connections, double warmUpSeconds,
        double floorSeconds, CancellationToken cancellation)
    {
        // No training: it would compete for the processors at any moment. `train` measures its cost.
        var settings = new Dictionary<string, string> { ["Trainer__MinimumEvents"] = long.MaxValue.ToString() };
        await using var system = await RunningSystem.StartAsync(mode, settings, withRecommend: false, cancellation);
        Console.Error.WriteLine("Floors…");
        double floorPublish = system.RabbitMq is { } broker
            ? await BarePublishAsync(broker.ConnectionString, batch, Math.Min(connections, 32), floorSeconds, cancellation)
                : await BareJournalAsync(system.ScratchFolder, batch, Math.Min(connections, 32), floorSeconds, cancellation);
        double floorCopy = system.Postgres is { } postgres ? await BareCopyAsync(postgres.ConnectionString, floorSeconds, cancellation)
            : BareInsert(system.ScratchFolder, floorSeconds);

        // The first seconds compile the hot paths.
        var warmUp = new EventLoad(system.IngestPort, batch, connections);
        await warmUp.RunAsync(warmUpSeconds, cancellation);
        await StoredAsync(system, warmUp.Accepted, cancellation);
        var usedBefore = system.ProcessorSeconds();

        Console.Error.WriteLine($"Posting for {seconds} s over {connections} connections…");
        var load = new EventLoad(system.IngestPort, batch, connections, firstWorker: 1000);
        var clock = Stopwatch.StartNew();
        double postedSeconds = await load.RunAsync(seconds, cancellation);
        await StoredAsync(system, warmUp.Accepted + load.Accepted, cancellation);
        double storedSeconds = clock.Elapsed.TotalSeconds;
        long stored = (await system.GetStatusAsync(cancellation)).Events - warmUp.Accepted;
        if (stored != load.Accepted)
            throw new InvalidOperationException($"{load.Accepted} events were answered 202, but {stored} are stored.");
        var used = system.ProcessorSeconds();
        var memory = system.PeakMemory();
        var perEvent = used.ToDictionary(u => u.Key, u => (u.Value - usedBefore[u.Key]) / stored * 1e6);
        var without = await MeasureWithoutTransitionsAsync(mode, batch, seconds, connections, warmUpSeconds, cancellation);
        string trainer = mode == "embedded" ? "Standalone" : "Trainer";
        return new
        {
            mode,
            batch,
            seconds,
            connections,
            acceptedPerSecond = Math.Round(load.Accepted / postedSeconds),
            requestsPerSecond = Math.Round(load.Requests / postedSeconds),
            storedPerSecond = Math.Round(stored / storedSeconds),
            floorPublishPerSecond = Math.Round(floorPublish),
            floorCopyPerSecond = Math.Round(floorCopy),
            peakMemoryBytes = memory.Values.Sum(),
            peakMemoryByService = memory,
            // More stable than rates if other programs share the machine.
            processorMicrosecondsPerEvent = perEvent.ToDictionary(u => u.Key, u => Math.Round(u.Value, 1)),
            transitionUsPerEvent = Math.Round(perEvent[trainer] - without[trainer], 1),
            transitionRedisUsPerEvent = Math.Round(perEvent.GetValueOrDefault("Redis") - without.GetValueOrDefault("Redis"), 1),
            refused = load.Refused,
        };
    }

    /// <summary>The same load on a system that keeps no transitions.</summary>
    /// <returns>Processor time per event of each service and server, in microseconds.</returns>
    private static async Task<Dictionary<string, double>> MeasureWithoutTransitionsAsync(string mode, int batch, double seconds,
        int connections, double warmUpSeconds, CancellationToken cancellation)
    {
        Console.Error.WriteLine("Again without transitions…");
        var settings = new Dictionary<string, string>
        {
            ["Trainer__MinimumEvents"] = long.MaxValue.ToString(),
            ["Trainer__TransitionItemsLimit"] = "0",
        };
        await using var system = await RunningSystem.StartAsync(mode, settings, withRecommend: false, cancellation);
        var warmUp = new EventLoad(system.IngestPort, batch, connections);
        await warmUp.RunAsync(warmUpSeconds, cancellation);
        await StoredAsync(system, warmUp.Accepted, cancellation);
        var before = system.ProcessorSeconds();
        var load = new EventLoad(system.IngestPort, batch, connections, firstWorker: 1000);
        await load.RunAsync(seconds, cancellation);
        await StoredAsync(system, warmUp.Accepted + load.Accepted, cancellation);
        return system.ProcessorSeconds().ToDictionary(u => u.Key, u => (u.Value - before[u.Key]) / load.Accepted * 1e6);
    }

    /// <summary>Waits until that many events are stored and folded in. Fails if the number does not change for 30 s.</summary>
    private static async Task StoredAsync(RunningSystem system, long events, CancellationToken cancellation)
    {
        long last = -1;
        var standstill = Stopwatch.StartNew();
        while (true)
        {
            var status = await system.GetStatusAsync(cancellation);
            if (status.Events >= events && status.Watermarks["folded"] >= status.Watermarks["stored"]) return;
            if (status.Events != last) standstill.Restart();
            last = status.Events;
            if (standstill.Elapsed > TimeSpan.FromSeconds(30))
                throw new InvalidOperationException($"{events} events were answered 202, but only {last} are stored, unchanged for 30 s.");
            await Task.Delay(20, cancellation);
        }
    }

    /// <summary>Events per second of publishing the same bodies to a quorum queue with confirms.</summary>
    private static async Task<double> BarePublishAsync(string address, int batch, int channels, double seconds,
        CancellationToken cancellation)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(address) }.CreateConnectionAsync(cancellation);
        await using var admin = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await admin.QueueDeclareAsync("floor", durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellation);
        long published = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, channels).Select(async worker =>
        {
            await using var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
            var bodies = new EventBodies(batch, worker);
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                await channel.BasicPublishAsync("", "floor", mandatory: true, new BasicProperties { Persistent = true }, bodies.Next(),
                    cancellation);
                Interlocked.Add(ref published, batch);
            }
        }));
        double rate = published / clock.Elapsed.TotalSeconds;
        await admin.QueueDeleteAsync("floor", cancellationToken: cancellation);
        return rate;
    }

    /// <summary>Events per second of appending the same bodies to the embedded journal.</summary>
    private static async Task<double> BareJournalAsync(string folder, int batch, int writers, double seconds,
        CancellationToken cancellation)
    {
        await using var journal = await Journal.OpenAsync(Path.Combine(folder, "floor.db"), cancellation);
        long appended = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(worker => Task.Run(async () =>
        {
            var bodies = new EventBodies(batch, worker);
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                await journal.AppendAsync("floor", bodies.Next(), null, cancellation);
                Interlocked.Add(ref appended, batch);
            }
        }, cancellation)));
        return appended / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Rows per second of a binary COPY into a table without indexes, 10,000 rows a transaction.</summary>
    private static async Task<double> BareCopyAsync(string connectionString, double seconds, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation);
        await using (var create = new NpgsqlCommand(
            "CREATE TABLE floor (event_id uuid, user_key int, item_key int, type_id smallint, value real, occurred_at_ms bigint)",
                connection)) await create.ExecuteNonQueryAsync(cancellation);
        long rows = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            await using var writer = await connection.BeginBinaryImportAsync("COPY floor FROM STDIN (FORMAT BINARY)", cancellation);
            for (int i = 0; i < 10_000; i++, rows++)
            {
                await writer.StartRowAsync(cancellation);
                await writer.WriteAsync(Guid.NewGuid(), NpgsqlDbType.Uuid, cancellation);
                await writer.WriteAsync(i, NpgsqlDbType.Integer, cancellation);
                await writer.WriteAsync(i, NpgsqlDbType.Integer, cancellation);
                await writer.WriteAsync((short)1, NpgsqlDbType.Smallint, cancellation);
                await writer.WriteAsync(1f, NpgsqlDbType.Real, cancellation);
                await writer.WriteAsync(rows, NpgsqlDbType.Bigint, cancellation);
            }

            await writer.CompleteAsync(cancellation);
        }

        double rate = rows / clock.Elapsed.TotalSeconds;
        await using (var drop = new NpgsqlCommand("DROP TABLE floor", connection)) await drop.ExecuteNonQueryAsync(cancellation);
        return rate;
    }

    /// <summary>Rows per second of prepared inserts into a SQLite table without indexes, 10,000 rows a transaction.</summary>
    private static double BareInsert(string folder, double seconds)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(folder, "insert.db")}");
        connection.Open();
        Execute("PRAGMA journal_mode = WAL");
        Execute("CREATE TABLE floor (event_id BLOB, user_key INTEGER, item_key INTEGER, type_id INTEGER, value REAL, occurred_at_ms "
            + "INTEGER)");
        long rows = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            using var transaction = connection.BeginTransaction();
            using var insert = connection.CreateCommand();
            insert.Transaction = transaction;
            insert.CommandText = "INSERT INTO floor VALUES ($id, $u, $i, 1, 1.0, $t)";
            var id = insert.Parameters.Add("$id", Microsoft.Data.Sqlite.SqliteType.Blob);
            var user = insert.Parameters.Add("$u", Microsoft.Data.Sqlite.SqliteType.Integer);
            var item = insert.Parameters.Add("$i", Microsoft.Data.Sqlite.SqliteType.Integer);
            var at = insert.Parameters.Add("$t", Microsoft.Data.Sqlite.SqliteType.Integer);
            insert.Prepare();
            for (int i = 0; i < 10_000; i++, rows++)
            {
                (id.Value, user.Value, item.Value, at.Value) = (Guid.NewGuid().ToByteArray(), i, i, rows);
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        return rows / clock.Elapsed.TotalSeconds;

        void Execute(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }
}
