using System.Diagnostics;
using System.Globalization;
using Recommender.Benchmarks.Running;
using Recommender.Encoders.Text;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.LocalServers;
using Recommender.Retrieval.Quantized;

namespace Recommender.Benchmarks.Content;

/// <summary>
/// The Recommend process over a real Redis with generated titles, random content vectors and users: latency of searches with a user, each
/// query once, and of a few queries again and again, whose vectors are cached.
/// </summary>
internal static class SearchLoad
{
    private const int Rank = 64, Users = 1_000, Connections = 8, Repeated = 50, Vocabulary = 20_000;

    public static async Task<object> RunAsync(int items, int rate, double seconds, double warmUpSeconds, CancellationToken cancellation)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"recommender-search-{Environment.ProcessId}");
        try
        {
            await using var redis = new RedisServer(Path.Combine(folder, "redis"));
            await redis.StartAsync(cancellation);
            string[] titles;
            await using (var store = FactorStores.Open(redis.ConnectionString))
            {
                await ServeData.FillAsync(store, items, Rank, Users, cancellation);
                titles = await FillTextsAsync(store, cancellation);
            }

            await using var recommend = await Child.StartAsync(Child.ServiceDll("Recommend"), [],
                ("ConnectionStrings__redis", redis.ConnectionString), ("Logging__LogLevel__Default", "Warning"));
            var watch = Stopwatch.StartNew();
            while ((await recommend.ServingAsync(cancellation)).ModelVersion is null) await Task.Delay(50, cancellation);
            Console.Error.WriteLine($"Served {watch.Elapsed.TotalSeconds:0.0} s after the start");
            long withoutEncoder = recommend.ResidentBytes;
            byte[][] repeated = [.. Enumerable.Range(0, Repeated).Select(n => Request(titles, n, ""))];
            await LoadGenerator.SaturateAsync(recommend.Port, repeated, Connections, warmUpSeconds, cancellation);
            byte[][] distinct = [.. Enumerable.Range(0, (int)(rate * seconds) + rate).Select(n => Request(titles, n, $" no{n}x"))];
            var uncached = await LoadGenerator.AtRateAsync(recommend.Port, distinct, Connections, rate, seconds, cancellation);
            var cached = await LoadGenerator.AtRateAsync(recommend.Port, repeated, Connections, rate, seconds, cancellation);
            return new
            {
                items,
                rateRps = rate,
                p50Ms = Math.Round(uncached.P50, 2),
                p99Ms = Math.Round(uncached.P99, 2),
                cachedP50Ms = Math.Round(cached.P50, 2),
                cachedP99Ms = Math.Round(cached.P99, 2),
                recommendBytes = withoutEncoder,
                encoderBytes = recommend.ResidentBytes - withoutEncoder,
            };
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Two words of a title, and another word.</summary>
    private static byte[] Request(string[] titles, int number, string more)
    {
        string[] words = titles[(int)((long)number * 7919 % titles.Length)].Split(' ');
        string query = Uri.EscapeDataString($"{words[0]} {words[^1]}{more}");
        string user = ServeData.UserId(number % Users);
        return LoadGenerator.Get(string.Create(CultureInfo.InvariantCulture, $"/v1/search?q={query}&userId={user}&count=20"));
    }

    /// <summary>
    /// Gives every item a title of three to seven words, of which few are frequent, and a random vector of the packaged model.
    /// </summary>
    /// <returns>The titles.</returns>
    private static async Task<string[]> FillTextsAsync(IFactorStore store, CancellationToken cancellation)
    {
        var items = new List<ItemRecord>();
        ItemChanges changes;
        long after = 0;
        do
        {
            changes = await store.ReadItemChangesAsync(after, ItemChanges.MaxItems, cancellation);
            items.AddRange(changes.Items);
            after = changes.Sequence;
        }
        while (changes.More);

        using var encoder = TextEncoders.Create(new TextEncoderOptions());
        string model = encoder.Description.Model;
        int dimensions = encoder.Description.Dimensions;
        var random = new Random(1);
        var titles = new List<string>();
        foreach (var chunk in items.Chunk(ItemChanges.MaxItems))
        {
            var titled = chunk.Select(item => item with { Version = 1, Item = item.Item! with { Title = Title(random) } }).ToList();
            titles.AddRange(titled.Select(item => item.Item!.Title!));
            await store.PutItemsAsync(titled, cancellation);
            await store.PutItemVectorsAsync(
                [.. chunk.Select(item => new ItemVectorRecord(item.ItemKey, new(model, RandomVector(random, dimensions))))], cancellation);
        }

        return [.. titles];
    }

    private static string Title(Random random) => string.Join(' ', Enumerable.Range(0, 3 + random.Next(5))
        .Select(_ => Word((int)(Vocabulary * Math.Pow(random.NextDouble(), 3)))));

    /// <summary>A word of three syllables, another one for each number.</summary>
    private static string Word(int number)
    {
        const string Consonants = "bdfgklmnprstvz", Vowels = "aeiou";
        return string.Concat(Enumerable.Range(0, 3).Select(at =>
        {
            int syllable = number / (int)Math.Pow(Consonants.Length * Vowels.Length, at);
            return $"{Consonants[syllable % Consonants.Length]}{Vowels[syllable / Consonants.Length % Vowels.Length]}";
        }));
    }

    private static byte[] RandomVector(Random random, int dimensions)
    {
        float[] vector = [.. Enumerable.Range(0, dimensions).Select(_ => random.NextSingle() - .5f)];
        return VectorBytes.Encode(vector);
    }
}
