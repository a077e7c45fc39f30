using System.Diagnostics;
using System.Numerics.Tensors;
using Recommender.Benchmarks.Harness;
using Recommender.Retrieval;
using Recommender.Retrieval.Cells;
using Recommender.Retrieval.Quantized;

namespace Recommender.Benchmarks.Search;

/// <summary>
/// <c>topk</c>: time per query on one core of each way to find the 20 best items. The floor is the time to read an int8 copy of the factors
/// once. Every time is the median over rounds of the mean over the queries of a round.
/// </summary>
internal static class TopKVerb
{
    private const int K = 20;

    public static Benchmark Create()
    {
        var items = BenchmarkOptions.Number("--items", "Items of the generated catalogue.", 100_000, least: 100).WithTiny(2_000);
        var rank = BenchmarkOptions.Number("--rank", "Length of a factor.", 64, least: 1, most: 4096).WithTiny(16);
        var filter = BenchmarkOptions.Number("--filter", "Share of the items that the filter keeps.", .01, least: 1e-6, most: 1);
        var recall = BenchmarkOptions.Number("--recall", "Recall target of the neighbourhood.", .99, least: .01, most: 1);
        var factors = new BenchmarkOption<string?>("--factors", "Model file that provides the factors.").WithTiny(null);
        var data = new BenchmarkOption<string?>("--data", "Folder of a public data set to train the factors on.").WithTiny(null);
        var warmUp = BenchmarkOptions.Number("--warm-up-seconds", "Warm-up of each way to search.", .5, least: 0).WithTiny(.02);
        return new Benchmark("topk", "Top-20 search: float32 scan, exact int8, neighbourhood, filter.",
            items, rank, filter, recall, factors, data, warmUp)
        {
            Floor = ["floorUs"],
            Measure = (run, _) =>
            {
                TopKData searched = run.Get(factors) is { } path ? TopKData.OfModel(path)
                    : run.Get(data) is { } folder ? TopKData.Trained(folder, run.Get(rank))
                    : TopKData.Generated(run.Get(items), run.Get(rank), keep: !run.IsTiny);
                return Task.FromResult<object>(Run(run, searched, run.Get(filter), run.Get(recall), run.Get(warmUp)));
            },
        };
    }

    private static Figures Run(BenchmarkRun run, TopKData data, double share, double recallTarget, double warmUpSeconds)
    {
        int count = data.Items.Length / data.Rank;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        // Calibrated with half of the users, measured with the other half.
        int half = data.Users.Length / data.Rank / 2 * data.Rank;
        var cells = new CellIndex(data.Items, data.Rank,
            new() { RecallTarget = recallTarget, SampleQueries = data.Users.AsMemory(0, half) });
        double seconds = watch.Elapsed.TotalSeconds;
        long memory = GC.GetTotalMemory(forceFullCollection: true) - before + (4L * data.Items.Length);
        Console.Error.WriteLine($"{cells.Description}, built in {seconds:0.0} s");

        var exact = new ExactIndex(data.Items, data.Rank);
        var int8 = new QuantizedIndex(data.Items, data.Rank);
        float[][] queries = [.. Enumerable.Range(0, Math.Min(500, half / data.Rank))
            .Select(q => data.Users[(half + (q * data.Rank))..(half + ((q + 1) * data.Rank))])];
        ItemSet kept = Filter(count, share);

        var truth = new ScoredItem[queries.Length * K];
        var counts = new int[queries.Length];
        for (int q = 0; q < queries.Length; q++) counts[q] = int8.Search(queries[q], K, default, truth.AsSpan(q * K, K));
        double recall = Recall(cells, queries, null, q => truth.AsSpan(q * K, counts[q]).ToArray());
        double filterRecall = Recall(cells, queries, kept, q => Search(int8, queries[q], kept));

        // Aligned to a cache line, like the rows of the index.
        byte[] pinned = GC.AllocateUninitializedArray<byte>(checked((count * data.Rank) + 64), pinned: true);
        Memory<byte> bytes = pinned.AsMemory(AlignmentOf(pinned), count * data.Rank);
        new Random(1).NextBytes(bytes.Span);
        int few = Math.Clamp(20_000_000 / Math.Max(1, count), 3, 200), many = Math.Min(200, queries.Length);
        var timings = new Timing[]
        {
            new(few, _ => Read(bytes.Span)),
            new(Math.Max(3, few / 4), q => Search(exact, queries[q % queries.Length], null)),
            new(few, q => Search(int8, queries[q % queries.Length], null)),
            new(many, q => Search(cells, queries[q % queries.Length], null)),
            new(many, q => Search(cells, queries[q % queries.Length], kept)),
            new(many, q => Search(int8, queries[q % queries.Length], kept)),
            // The reference for the kernels: the dot product of the runtime, row by row, without selection.
            new(Math.Max(3, few / 4), q => Dots(data, queries[q % queries.Length])),
        };
        // Until the runtime has compiled everything with full optimization, as in a service that has run for a while.
        foreach (Timing timing in timings)
            for (var warming = Stopwatch.StartNew(); warming.Elapsed.TotalSeconds < warmUpSeconds;) timing.Round();
        // In turns, so that a disturbance of the machine affects all of them.
        for (int round = 0; round < 9; round++) foreach (Timing timing in timings) timing.Measure();
        Console.Error.WriteLine($"TensorPrimitives.Dot over all rows: {timings[6].Microseconds} µs");
        var names = new[] { "floorUs", "float32Us", "exactUs", "neighbourhoodUs", "filterUs", "exactFilterUs" };
        foreach (var (name, timing) in names.Zip(timings)) run.RecordRounds(name, timing.Rounds);
        return new Figures(
            count, data.Rank, timings[0].Microseconds, timings[1].Microseconds, timings[2].Microseconds, timings[3].Microseconds,
                Math.Round(recall, 4),
            timings[4].Microseconds, Math.Round(filterRecall, 4), timings[5].Microseconds, Math.Round(seconds, 2), memory);
    }

    private static unsafe int AlignmentOf(byte[] pinned)
    {
        fixed (byte* first = pinned) return (int)(-(nint)first & 63);
    }

    private static ScoredItem[] Search(IItemIndex index, float[] query, ItemSet? allowed)
    {
        var results = new ScoredItem[K];
        return results[..index.Search(query, K, new SearchScope(allowed), results)];
    }

    /// <summary>Mean share of the true top 20 that is found; an item with a score as good as the 20th counts as found.</summary>
    private static double Recall(IItemIndex index, float[][] queries, ItemSet? allowed, Func<int, ScoredItem[]> truth)
    {
        long hits = 0, all = 0;
        for (int q = 0; q < queries.Length; q++)
        {
            ScoredItem[] expected = truth(q);
            all += expected.Length;
            if (expected.Length > 0) hits += Search(index, queries[q], allowed).Count(f => f.Score >= expected[^1].Score);
        }

        return all == 0 ? 1 : (double)hits / all;
    }

    private static ItemSet Filter(int count, double share)
    {
        var random = new Random(3);
        var set = new ItemSet(count);
        for (int i = 0; i < count; i++) if (random.NextDouble() < share) set.Add(i);
        return set;
    }

    private static float Dots(TopKData data, float[] query)
    {
        float sum = 0;
        for (int at = 0; at < data.Items.Length; at += data.Rank)
            sum += TensorPrimitives.Dot<float>(query, data.Items.AsSpan(at, data.Rank));
        return sum;
    }

    private static ulong Read(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<System.Numerics.Vector<ulong>> vectors =
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, System.Numerics.Vector<ulong>>(bytes);
        System.Numerics.Vector<ulong> a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i + 4 <= vectors.Length; i += 4)
        {
            a ^= vectors[i];
            b ^= vectors[i + 1];
            c ^= vectors[i + 2];
            d ^= vectors[i + 3];
        }

        for (; i < vectors.Length; i++) a ^= vectors[i];
        return System.Numerics.Vector.Sum(a ^ b ^ c ^ d);
    }

    /// <summary>Times in microseconds per query.</summary>
    internal sealed record Figures(
        int Items, int Rank, double FloorUs, double Float32Us, double ExactUs, double NeighbourhoodUs, double NeighbourhoodRecallAt20,
        double FilterUs, double FilterRecallAt20, double ExactFilterUs, double LoadSeconds, long MemoryBytes);

    private sealed class Timing(int repeats, Func<int, object> action)
    {
        private readonly List<double> _rounds = [];
        private object? _last;

        public IReadOnlyList<double> Rounds => _rounds;

        public double Microseconds => Math.Round(_rounds.Order().ElementAt(_rounds.Count / 2), 1);

        public void Measure() => _rounds.Add(Round());

        public double Round()
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++) _last = action(i);
            GC.KeepAlive(_last);
            return Stopwatch.GetElapsedTime(start).TotalMicroseconds / repeats;
        }
    }
}
