using System.Diagnostics;
using Recommender.Benchmarks.Harness;
using Recommender.FactorStore;
using Recommender.LocalServers;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// <c>serve</c>: the Recommend process over a real Redis and a bare Kestrel endpoint, loaded in turn with the same number of connections.
/// The load generator runs on the same machine and costs both the same processor time.
/// </summary>
internal static class ServeVerb
{
    private const int Rounds = 3;

    public static Benchmark Create()
    {
        var items = BenchmarkOptions.Number("--items", "Items of the catalogue.", 10_000, least: 100).WithTiny(500);
        var rank = BenchmarkOptions.Number("--rank", "Length of a factor.", 64, least: 1, most: 4096).WithTiny(16);
        var seconds = BenchmarkOptions.Number("--seconds", "Time of each measurement.", 10.0, least: .1).WithTiny(.6);
        var users = BenchmarkOptions.Number("--users", "Distinct users that are requested in turn.", 20_000, least: 1).WithTiny(200);
        var connections = BenchmarkOptions.Number("--connections", "Keep-alive connections.", 32, least: 1, most: 1000);
        var rate = BenchmarkOptions.Number("--rate",
            "Requests per second of the latency measurement. Default: 1000, or 500 from 500,000 items.",
            given => given.GetValue(items) >= 500_000 ? 500 : 1000, least: 10).WithTiny(200);
        var warmUp = BenchmarkOptions.Number("--warm-up-seconds", "Least warm-up of each endpoint.", 5.0, least: 0).WithTiny(.3);
        return new Benchmark("serve", "Throughput and latency of Recommend over HTTP, next to a bare endpoint.",
            items, rank, seconds, users, connections, rate, warmUp)
        {
            Floor = ["bareRps", "bareP99Ms", "bareCpuUs"],
            Measure = (run, cancellation) => RunAsync(run, run.Get(items), run.Get(rank), run.Get(seconds), run.Get(users),
                run.Get(connections), run.Get(rate), run.Get(warmUp), cancellation),
        };
    }

    private static async Task<object> RunAsync(BenchmarkRun run, int items, int rank, double seconds, int users, int connections, int rate,
        double warmUpSeconds, CancellationToken cancellation)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"recommender-serve-{Environment.ProcessId}");
        try
        {
            await using var redis = new RedisServer(Path.Combine(folder, "redis"));
            await redis.StartAsync(cancellation);
            var clock = Stopwatch.StartNew();
            await using (var store = FactorStores.Open(redis.ConnectionString)) await ServeData.FillAsync(store, items, rank, users,
                cancellation);
            Log($"Trained and stored {items:N0} items × {rank} and {users:N0} users in {clock.Elapsed.TotalSeconds:0.0} s");

            await using var recommend = await Child.StartAsync(Child.ServiceDll("Recommend"), [],
                ("ConnectionStrings__redis", redis.ConnectionString), ("Logging__LogLevel__Default", "Warning"));
            clock.Restart();
            while ((await recommend.ServingAsync(cancellation)).ModelVersion is null) await Task.Delay(50, cancellation);
            Log($"Served {clock.Elapsed.TotalSeconds:0.0} s after the start: {(await recommend.ServingAsync(cancellation)).IndexKind}");
            await using var bare = await Child.StartAsync(typeof(ServeVerb).Assembly.Location, [BareServer.CommandName]);

            byte[][] requests = [.. Enumerable.Range(0, users)
                .Select(u => LoadGenerator.Get($"/v1/users/{ServeData.UserId(u)}/recommendations"))];
            // The runtime compiles hot methods a second time in the background; the measurement starts after that.
            await WarmUpAsync(bare.Port, requests, connections, warmUpSeconds, cancellation);
            await WarmUpAsync(recommend.Port, requests, connections, warmUpSeconds, cancellation);

            // In turn and in several rounds, so that a busy moment of the machine affects both; the medians are compared.
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

            var transitions = await MeasureTransitionsAsync(recommend, redis, items, requests, connections, seconds, recommendCpu / answers,
                cancellation);
            Log($"Processor time per answer: bare {bareCpu / bareAnswers * 1e6:0.0} us, Recommend {recommendCpu / answers * 1e6:0.0} us, "
                + $"Redis {redisCpu / answers * 1e6:0.0} us");
            var bareLatency = await LoadGenerator.AtRateAsync(bare.Port, requests, connections, rate, seconds, cancellation);
            var latency = await LoadGenerator.AtRateAsync(recommend.Port, requests, connections, rate, seconds, cancellation);
            Log($"At {rate}/s, counted from when each request was due: bare p50 {bareLatency.P50:0.000} p99 {bareLatency.P99:0.000} ms; "
                + $"Recommend p50 {latency.P50:0.000} p99 {latency.P99:0.000} p99.9 {latency.P999:0.000} max {latency.Max:0.000} ms");
            run.RecordRounds("bareRps", bareRps);
            run.RecordRounds("recommendRps", recommendRps);
            run.RecordRounds("ratio", [.. recommendRps.Zip(bareRps, (recommended, bareRate) => recommended / bareRate)]);
            double bareMedian = Median(bareRps), recommendMedian = Median(recommendRps);
            return new
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
                transitionUsPerAnswer = Math.Round(transitions.SecondsPerAnswer * 1e6, 1),
                transitionBytesPerItem = Math.Round(transitions.BytesPerItem, 1),
            };
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The same load when transitions and recent popularity count in every score.</summary>
    /// <param name="plainSeconds">Processor time of an answer without them.</param>
    /// <returns>Processor time that they add to an answer, and memory of the rows per item.</returns>
    private static async Task<(double SecondsPerAnswer, double BytesPerItem)> MeasureTransitionsAsync(Child recommend, RedisServer redis,
        int items, byte[][] requests, int connections, double seconds, double plainSeconds, CancellationToken cancellation)
    {
        await using (var store = FactorStores.Open(redis.ConnectionString))
            await ServeData.FillTransitionsAsync(store, items, cancellation);
        while ((await recommend.ServingAsync(cancellation)).MixNumber is null) await Task.Delay(50, cancellation);
        await LoadGenerator.SaturateAsync(recommend.Port, requests, connections, seconds / Rounds, cancellation);
        var before = await recommend.ServingAsync(cancellation);
        double used = recommend.CpuSeconds;
        await LoadGenerator.SaturateAsync(recommend.Port, requests, connections, seconds, cancellation);
        used = recommend.CpuSeconds - used;
        var after = await recommend.ServingAsync(cancellation);
        long answers = after.Answers - before.Answers;
        return (answers == 0 ? 0 : (used / answers) - plainSeconds, after.TransitionBytes / (double)items);
    }

    /// <summary>Until hot methods have been called often enough to be compiled again, or twelve times as long as wanted.</summary>
    private static async Task WarmUpAsync(int port, byte[][] requests, int connections, double seconds, CancellationToken cancellation)
    {
        const double AnswersPerSecond = 12_000;
        double answers = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < seconds
            || (answers < AnswersPerSecond * seconds && clock.Elapsed.TotalSeconds < 12 * seconds);)
        {
            double part = Math.Min(1, seconds);
            answers += part * await LoadGenerator.SaturateAsync(port, requests, connections, part, cancellation);
        }
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static void Log(string line) => Console.Error.WriteLine(line);
}
