using System.Diagnostics;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Ials;

namespace Recommender.Benchmarks.Quality;

/// <summary><c>train</c>: time per epoch of iALS on generated data of any size, next to the peak of its inner loop, and memory.</summary>
internal static class TrainVerb
{
    public static Benchmark Create()
    {
        var data = new BenchmarkOption<string?>("--data", "Folder of a public data set that replaces generated data.").WithTiny(null);
        var users = BenchmarkOptions.Number("--users", "Users of the generated data.", 30_000, least: 1).WithTiny(1_000);
        var items = BenchmarkOptions.Number("--items", "Items of the generated data.", 40_000, least: 1).WithTiny(500);
        var interactions = BenchmarkOptions.Number("--interactions", "Generated interactions, with repeats.", 1_000_000, least: 1)
            .WithTiny(20_000);
        var rank = BenchmarkOptions.Number("--rank", "Length of factors.", 64, least: 1, most: 4096).WithTiny(16);
        var epochs = BenchmarkOptions.Number("--epochs", "Epochs; the figures are those of the fastest.", 3, least: 1).WithTiny(2);
        var threads = BenchmarkOptions.Threads();
        return new Benchmark("train", "Trains iALS on generated, skewed data.", data, users, items, interactions, rank, epochs, threads)
        {
            Floor = ["peakGigaflops"],
            Measure = (run, cancellation) =>
            {
                var clock = Stopwatch.StartNew();
                var matrix = run.Get(data) is { } folder ? LearningData.Read(folder).Train
                    : Generate(run.Get(users), run.Get(items), run.Get(interactions));
                Console.Error.WriteLine($"{matrix.Count} distinct interactions, read and sorted in {clock.Elapsed.TotalSeconds:f1} s.");
                return Task.FromResult(Run(run, matrix, run.Get(rank), run.Get(epochs), run.Get(threads), cancellation));
            },
        };
    }

    private static object Run(BenchmarkRun run, InteractionMatrix matrix, int rank, int epochs, int threads,
        CancellationToken cancellation)
    {
        double peak = PeakGigaflops() * threads;
        Console.Error.WriteLine($"Peak of the inner loop on {threads} threads: {peak:f1} GFLOP/s.");
        var clock = Stopwatch.StartNew();
        var (users, items) = (matrix.UserCount, matrix.ItemCount);
        double operations = 2 * (Operations(matrix.Users, rank) + Operations(matrix.Items, rank))
            + 2.0 * (users + (double)items) * rank * rank * 1.5; // Gram matrices and rotations to their axes.
        var seconds = new List<double>();
        double last = 0;
        using var process = Process.GetCurrentProcess();
        double lastProcessor = process.TotalProcessorTime.TotalSeconds;
        clock.Restart();
        new IalsSettings { Rank = rank, Epochs = epochs }.Train(matrix, new TrainOptions
        {
            Threads = threads,
            Progress = p =>
            {
                seconds.Add(clock.Elapsed.TotalSeconds - last);
                last = clock.Elapsed.TotalSeconds;
                process.Refresh();
                double processor = process.TotalProcessorTime.TotalSeconds - lastProcessor;
                lastProcessor += processor;
                // If processor time is much less than threads × seconds, the machine was busy with something else.
                Console.Error.WriteLine($"epoch {p.Epoch}: {seconds[^1]:f2} s, {processor:f2} s of processor time");
            },
        }, cancellation);
        process.Refresh();
        double best = seconds.Min();
        run.RecordRounds("secondsPerEpoch", seconds);
        FoldIn(matrix, rank);
        return new
        {
            users,
            items,
            interactions = matrix.Count,
            rank,
            threads,
            secondsPerEpoch = Math.Round(best, 3),
            gigaflops = Math.Round(operations / best / 1e9, 1),
            peakGigaflops = Math.Round(peak, 1),
            peakMemoryBytes = process.PeakWorkingSet64,
            bytesPerInteraction = Math.Round(process.PeakWorkingSet64 / (double)matrix.Count, 1),
        };
    }

    /// <summary>Measures the fold-in of 100 events.</summary>
    private static void FoldIn(InteractionMatrix matrix, int rank)
    {
        if (matrix.ItemCount < 200) return;
        var model = new IalsSettings { Rank = rank, Epochs = 1 }.Train(matrix);
        var histories = Enumerable.Range(0, 50).Select(h => Enumerable.Range(0, 100)
            .Select(e => new HistoryEntry((h * 7919 + e * 104_729) % matrix.ItemCount, 1, 1)).ToArray()).ToArray();
        var factor = new float[rank];
        double best = double.MaxValue;
        for (int round = 0; round < 40; round++)
        {
            foreach (var history in histories)
            {
                long begin = Stopwatch.GetTimestamp();
                model.FoldIn(history, factor);
                best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
            }
        }

        Console.Error.WriteLine($"Fold-in of 100 events: {best:f1} µs (best of 2,000).");
    }

    private static double Operations(SparseRows rows, int rank)
    {
        double sum = 0;
        for (int r = 0; r < rows.Count; r++) sum += RidgeSolver.Operations(rows.Length(r), rank);
        return sum;
    }

    /// <summary>Activity of users and popularity of items follow power laws, as in real data.</summary>
    private static InteractionMatrix Generate(int users, int items, int interactions)
    {
        var who = new int[interactions];
        var what = new int[interactions];
        ulong state = 42;
        double Next()
        {
            state = state * 6364136223846793005 + 1442695040888963407;
            return (state >> 11) * (1.0 / (1UL << 53));
        }

        for (int n = 0; n < interactions; n++)
        {
            who[n] = (int)(users * Math.Pow(Next(), 1.7));
            what[n] = (int)(items * Math.Pow(Next(), 2.5));
        }

        return InteractionMatrix.Build(users, items, who, what);
    }

    private static unsafe double PeakGigaflops()
    {
        const int K = 256, Rounds = 200_000;
        var a = GC.AllocateArray<float>(K * Tile.Columns, pinned: true);
        var b = GC.AllocateArray<float>(K * Tile.Columns, pinned: true);
        var c = GC.AllocateArray<float>(Tile.Rows * Tile.Columns, pinned: true);
        fixed (float* pa = a, pb = b, pc = c)
        {
            double best = 0;
            for (int attempt = 0; attempt < 5; attempt++)
            {
                var clock = Stopwatch.StartNew();
                for (int r = 0; r < Rounds / 5; r++) Tile.Run(pa, 1, Tile.Columns, pb, Tile.Columns, K, pc, Tile.Columns, TileStore.Set);
                best = Math.Max(best, Rounds / 5 * 2.0 * K * Tile.Rows * Tile.Columns / clock.Elapsed.TotalSeconds / 1e9);
            }

            return best;
        }
    }
}
