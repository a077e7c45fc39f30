using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Recommender.FactorStore;
using Recommender.LocalServers;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// The real Recommend process over a real Redis, and a bare Kestrel endpoint beside it, loaded in turn with the same connections. The
/// load generator runs on the same machine and takes its share of the processors from both alike.
/// </summary>
internal static class ServeVerb
{
    private const int Rounds = 3;

    public static System.CommandLine.Command Create()
    {
        var items = new Option<int>("--items") { DefaultValueFactory = _ => 10_000, Description = "Items of the catalogue." };
        var rank = new Option<int>("--rank") { DefaultValueFactory = _ => 64, Description = "Length of a factor." };
        var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 10, Description = "Time of each measurement." };
        var users = new Option<int>("--users") { DefaultValueFactory = _ => 20_000, Description = "Distinct users asked for in turn." };
        var connections = new Option<int>("--connections") { DefaultValueFactory = _ => 32, Description = "Keep-alive connections." };
        var rate = new Option<int?>("--rate")
        {
            Description =
            "Requests per second of the latency measurement; default 1000, or 500 from 500,000 items on."
        };
        var command = new System.CommandLine.Command("serve",
            "Throughput and latency of Recommend over HTTP, beside a bare endpoint.") { items, rank, seconds, users, connections, rate };
        command.SetAction((result, cancellation) =>
            RunAsync(result.GetValue(items), result.GetValue(rank), result.GetValue(seconds), result.GetValue(users),
            result.GetValue(connections), result.GetValue(rate) ?? (result.GetValue(items) >= 500_000 ? 500 : 1000), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int items, int rank, double seconds, int users, int connections, int rate,
        CancellationToken cancellation)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"recommender-serve-{Environment.ProcessId}");
        try
        {
            await using var redis = new RedisServer(Path.Combine(folder, "redis"));
            await redis.StartAsync(cancellation);
            var clock = Stopwatch.StartNew();
            await using (var store = FactorStores.Open(redis.ConnectionString)) await ServeData.FillAsync(store, items, rank, users,
                cancellation);
            Log($"trained and stored {items:N0} items × {rank} and {users:N0} users in {clock.Elapsed.TotalSeconds:0.0} s");

            await using var recommend = await Child.StartAsync(Child.ServiceDll("Recommend"), [],
                ("ConnectionStrings__redis", redis.ConnectionString), ("Logging__LogLevel__Default", "Warning"));
            clock.Restart();
            while ((await recommend.ServingAsync(cancellation)).ModelVersion is null) await Task.Delay(50, cancellation);
            Log($"served {clock.Elapsed.TotalSeconds:0.0} s after the start: {(await recommend.ServingAsync(cancellation)).IndexKind}");
            await using var bare = await Child.StartAsync(typeof(ServeVerb).Assembly.Location, ["bare"]);

            byte[][] requests = [.. Enumerable.Range(0, users)
                .Select(u => LoadGenerator.Get($"/v1/users/{ServeData.UserId(u)}/recommendations"))];
            // The runtime compiles hot methods a second time in the background; measured is what comes after.
            await WarmUpAsync(bare.Port, requests, connections, cancellation);
            await WarmUpAsync(recommend.Port, requests, connections, cancellation);

            // In turn and several times, so that a busy moment of the machine hits both; the medians are compared.
            var bareRps = new double[Rounds];
            var recommendRps = new double[Rounds];
            long allocated = 0, answers = 0;
            double bareCpu = 0, recommendCpu = 0, redisCpu = 0, bareAnswers = 0;
            for (int round = 0; round < Rounds; round++)
            {
                double bareBefore = bare.CpuSeconds;
                bareRps[round] = await LoadGenerator.SaturateAsync(bare.Port, requests, connections, seconds / Rounds, cancellation);
                bareCpu += bare.CpuSeconds - bareBefore;
                bareAnswers += bareRps[round] * seconds / Rounds;
                var before = await recommend.ServingAsync(cancellation);
                double recommendBefore = recommend.CpuSeconds, redisBefore = Child.CpuSecondsOf(redis.ProcessId!.Value);
                recommendRps[round] = await LoadGenerator.SaturateAsync(recommend.Port, requests, connections, seconds / Rounds,
                    cancellation);
                recommendCpu += recommend.CpuSeconds - recommendBefore;
                redisCpu += Child.CpuSecondsOf(redis.ProcessId!.Value) - redisBefore;
                var after = await recommend.ServingAsync(cancellation);
                allocated += after.AllocatedBytes - before.AllocatedBytes;
                answers += after.Answers - before.Answers;
                Log($"round {round + 1}: bare {bareRps[round]:N0}/s, Recommend {recommendRps[round]:N0}/s");
            }

            Log($"processor time per answer: bare {bareCpu / bareAnswers * 1e6:0.0} us, Recommend {recommendCpu / answers * 1e6:0.0} us, "
                + $"Redis {redisCpu / answers * 1e6:0.0} us");
            var bareLatency = await LoadGenerator.AtRateAsync(bare.Port, requests, connections, rate, seconds, cancellation);
            var latency = await LoadGenerator.AtRateAsync(recommend.Port, requests, connections, rate, seconds, cancellation);
            Log($"at {rate}/s, from when each was due: bare p50 {bareLatency.P50:0.000} p99 {bareLatency.P99:0.000} ms; Recommend p50 "
                + $"{latency.P50:0.000} p99 {latency.P99:0.000} p99.9 {latency.P999:0.000} max {latency.Max:0.000} ms");
            double bareMedian = Median(bareRps), recommendMedian = Median(recommendRps);
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                items,
                rank,
                bareRps = Math.Round(bareMedian),
                recommendRps = Math.Round(recommendMedian),
                ratio = Math.Round(recommendMedian / bareMedian, 3),
                rateRps = rate,
                p50Ms = Math.Round(latency.P50, 3),
                p99Ms = Math.Round(latency.P99, 3),
                bareP99Ms = Math.Round(bareLatency.P99, 3),
                bareCpuUs = Math.Round(bareCpu / bareAnswers * 1e6, 1),
                recommendCpuUs = Math.Round(recommendCpu / answers * 1e6, 1),
                redisCpuUs = Math.Round(redisCpu / answers * 1e6, 1),
                allocatedBytesPerRequest = answers == 0 ? 0 : allocated / answers,
            }));
            return 0;
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WarmUpAsync(int port, byte[][] requests, int connections, CancellationToken cancellation)
    {
        double answers = 0;
        for (int second = 0; second < 5 || (answers < 60_000 && second < 60); second++)
            answers += await LoadGenerator.SaturateAsync(port, requests, connections, 1, cancellation);
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static void Log(string line) => Console.Error.WriteLine(line);
}
