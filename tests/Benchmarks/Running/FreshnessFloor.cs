using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// The time from a durable event to a durable effect without the product, on an idle machine: a message through a quorum queue, one row
/// committed to PostgreSQL, one value written to Redis and read back; in embedded mode two commits to SQLite.
/// </summary>
internal static class FreshnessFloor
{
    /// <returns>Milliseconds, ascending.</returns>
    public static async Task<double[]> MeasureAsync(RunningSystem system, int rounds, CancellationToken cancellation)
    {
        double[] times = system.RabbitMq is null ? Embedded(system.ScratchFolder, rounds)
            : await ServersAsync(system, rounds, cancellation);
        Array.Sort(times);
        return times;
    }

    private static async Task<double[]> ServersAsync(RunningSystem system, int rounds, CancellationToken cancellation)
    {
        await using var connection = await new ConnectionFactory
        {
            Uri =
            new Uri(system.RabbitMq!.ConnectionString)
        }.CreateConnectionAsync(cancellation);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.QueueDeclareAsync("freshness-floor", durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellation);
        using var arrived = new SemaphoreSlim(0);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, _) =>
        {
            arrived.Release();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync("freshness-floor", autoAck: true, consumer, cancellation);

        await using var postgres = new NpgsqlConnection(system.Postgres!.ConnectionString);
        await postgres.OpenAsync(cancellation);
        await using (var create = new NpgsqlCommand("CREATE TABLE freshness_floor (id int)", postgres)) await create.ExecuteNonQueryAsync(
            cancellation);
        await using var insert = new NpgsqlCommand("INSERT INTO freshness_floor VALUES (1)", postgres);
        await insert.PrepareAsync(cancellation);

        using var redis = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await redis.ConnectAsync("127.0.0.1", system.Redis!.Port, cancellation);
        await redis.SendAsync(Encoding.ASCII.GetBytes($"AUTH {system.Redis.ConnectionString.Split("password=")[1]}\r\n"), cancellation);
        byte[] set = Encoding.ASCII.GetBytes("SET freshness-floor x\r\nGET freshness-floor\r\n"), answer = new byte[256];

        double[] times = new double[rounds];
        for (int i = -20; i < rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await channel.BasicPublishAsync("", "freshness-floor", mandatory: true, new BasicProperties { Persistent = true },
                new byte[200], cancellation);
            await arrived.WaitAsync(cancellation);
            await insert.ExecuteNonQueryAsync(cancellation);
            await redis.SendAsync(set, cancellation);
            // The first round also reads the answer to AUTH.
            for (string text = ""; !text.EndsWith("x\r\n", StringComparison.Ordinal);)
                text += Encoding.ASCII.GetString(answer, 0, await redis.ReceiveAsync(answer, cancellation));
            if (i >= 0) times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return times;
    }

    private static double[] Embedded(string folder, int rounds)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "freshness-floor.db")}");
        connection.Open();
        foreach (string sql in new[] { "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
            "CREATE TABLE freshness_floor (id INTEGER)" })
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO freshness_floor VALUES (1)";
        double[] times = new double[rounds];
        for (int i = -20; i < rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            insert.ExecuteNonQuery();
            insert.ExecuteNonQuery();
            if (i >= 0) times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return times;
    }
}
