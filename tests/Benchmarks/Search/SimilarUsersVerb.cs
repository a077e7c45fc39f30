using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Numerics.Tensors;
using Recommender.Benchmarks.Harness;
using Recommender.Benchmarks.Running;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.LocalServers;
using Recommender.Retrieval;

namespace Recommender.Benchmarks.Search;

/// <summary>
/// <c>similar-users</c>: the Recommend process over a real Redis with generated users. Measures build time and memory of the user index,
/// recall of the exact nearest twenty, and latency of sequential HTTP requests.
/// </summary>
internal static class SimilarUsersVerb
{
    private const int K = 20, Items = 1000, RecallQueries = 50, Requests = 400;

    public static Benchmark Create()
    {
        var users = BenchmarkOptions.Number("--users", "Users with a factor.", 1_000_000, least: RecallQueries).WithTiny(2_000);
        var rank = BenchmarkOptions.Number("--rank", "Length of a factor.", 64, least: 1, most: 4096).WithTiny(16);
        return new Benchmark("similar-users", "Similar users: index build time, memory, recall and latency.", users, rank)
        {
            Measure = (run, cancellation) => RunAsync(run.Get(users), run.Get(rank), cancellation),
        };
    }

    private static async Task<object> RunAsync(int users, int rank, CancellationToken cancellation)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"recommender-similar-{Environment.ProcessId}");
        try
        {
            await using var redis = new RedisServer(Path.Combine(folder, "redis"));
            await redis.StartAsync(cancellation);
            var clock = Stopwatch.StartNew();
            float[] factors;
            await using (var store = FactorStores.Open(redis.ConnectionString)) factors = await FillAsync(store, users, rank, cancellation);
            Console.Error.WriteLine($"Stored {users:N0} users in {clock.Elapsed.TotalSeconds:0.0} s");
            await using var recommend =
                await Child.StartAsync(Child.ServiceDll("Recommend"), [], ("ConnectionStrings__redis", redis.ConnectionString),
                ("Logging__LogLevel__Default", "Warning"));
            while ((await recommend.ServingAsync(cancellation)).ModelVersion is null) await Task.Delay(50, cancellation);
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{recommend.Port}") };

            long memoryBefore = recommend.ResidentBytes;
            (double recommendCpu, double redisCpu) = (recommend.CpuSeconds, Child.CpuSecondsOf(redis.ProcessId!.Value));
            clock.Restart();
            while (await FindAsync(client, 0, cancellation) is null) await Task.Delay(20, cancellation);
            double buildSeconds = clock.Elapsed.TotalSeconds;
            (recommendCpu, redisCpu) = (recommend.CpuSeconds - recommendCpu, Child.CpuSecondsOf(redis.ProcessId!.Value) - redisCpu);
            long memory = recommend.ResidentBytes - memoryBefore;

            double recall = 0;
            for (int query = 0; query < RecallQueries; query++)
            {
                int user = (int)((long)query * users / RecallQueries);
                recall += Nearest(factors, rank, user).Intersect((await FindAsync(client, user, cancellation))!)
                    .Count() / (double)K / RecallQueries;
            }

            var times = new double[Requests];
            for (int request = 0; request < Requests; request++)
            {
                long started = Stopwatch.GetTimestamp();
                await FindAsync(client, (int)((long)request * users / Requests), cancellation);
                times[request] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            }

            Array.Sort(times);
            return new
            {
                users,
                rank,
                recall20 = Math.Round(recall, 4),
                buildSeconds = Math.Round(buildSeconds, 2),
                buildRecommendCpuSeconds = Math.Round(recommendCpu, 2),
                buildRedisCpuSeconds = Math.Round(redisCpu, 2),
                bytesPerUser = memory / users,
                p50Us = Math.Round(times[Requests / 2]),
                p99Us = Math.Round(times[Requests * 99 / 100]),
            };
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Stores a small model, and users around up to 5,000 tastes with factors of different lengths.</summary>
    private static async Task<float[]> FillAsync(IFactorStore store, int users, int rank, CancellationToken cancellation)
    {
        await ServeData.FillAsync(store, Items, rank, 1, cancellation);
        await store.DeleteUsersAsync([UserRef.User(ServeData.UserId(0))], cancellation);
        float[] factors = new float[checked(users * rank)];
        float[][] tastes = [.. Enumerable.Range(0, Math.Clamp(users / 200, 10, 5000))
            .Select(taste => Normal(new Random(-taste - 1), rank))];
        foreach (int[] chunk in Enumerable.Range(0, users).Chunk(20_000))
        {
            Parallel.ForEach(chunk, user =>
            {
                var random = new Random(user);
                float[] own = Normal(random, rank), taste = tastes[random.Next(tastes.Length)];
                float share = 0.2f + random.NextSingle(), length = 0.1f + random.NextSingle();
                for (int j = 0; j < rank; j++) factors[(user * rank) + j] = length * (taste[j] + (share * own[j]));
            });
            await store.PutUsersAsync([.. chunk.Select(user => new UserState
            {
                User = UserRef.User(ServeData.UserId(user)),
                Revision = 1,
                ModelVersion = 1,
                Factor = factors.AsMemory(user * rank, rank),
                History = new[] { new HistoryRecord(1 + (user % Items), 1, 1, 1_600_000_000) },
            })], cancellation);
        }

        return factors;
    }

    private static IEnumerable<string> Nearest(float[] factors, int rank, int user)
    {
        float[] query = factors[(user * rank)..((user + 1) * rank)];
        var best = new ScoredItem[K];
        var top = new TopK(best);
        for (int other = 0; other < factors.Length / rank; other++)
            if (other != user) top.Add(other, TensorPrimitives.CosineSimilarity<float>(query, factors.AsSpan(other * rank, rank)));
        top.Finish();
        return best.Select(item => ServeData.UserId(item.Item));
    }

    /// <summary>The ids of the similar users; null while the index is being built.</summary>
    private static async Task<IReadOnlyList<string>?> FindAsync(HttpClient client, int user, CancellationToken cancellation)
    {
        using var response =
            await client.GetAsync(new Uri($"/v1/users/{ServeData.UserId(user)}/similar?count={K.ToString(CultureInfo.InvariantCulture)}",
            UriKind.Relative), cancellation);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable) return null;
        var body = await response.EnsureSuccessStatusCode()
            .Content.ReadFromJsonAsync(ContractsJson.Default.SimilarUsersResponse, cancellation);
        return [.. body!.Users.Select(found => found.UserId)];
    }

    private static float[] Normal(Random random, int length)
    {
        var numbers = new float[length];
        for (int j = 0; j < length; j++)
            numbers[j] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return numbers;
    }
}
