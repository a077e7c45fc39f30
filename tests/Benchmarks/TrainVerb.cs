using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Recommender.Factorization;
using Recommender.Factorization.Algebra;

namespace Recommender.Benchmarks;

/// <summary>How fast iALS trains on generated data of any size, against the peak of its own inner loop, and what memory it takes.</summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var users = new Option<int>("--users") { DefaultValueFactory = _ => 30_000 };
        var items = new Option<int>("--items") { DefaultValueFactory = _ => 40_000 };
        var interactions = new Option<int>("--interactions") { DefaultValueFactory = _ => 1_000_000 };
        var rank = new Option<int>("--rank") { DefaultValueFactory = _ => 64 };
        var epochs = new Option<int>("--epochs") { DefaultValueFactory = _ => 3 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("train", "Trains iALS on generated, skewed data.") { users, items, interactions, rank, epochs, threads };
        command.SetAction((result, cancellation) =>
        {
            Run(result.GetValue(users), result.GetValue(items), result.GetValue(interactions), result.GetValue(rank), result.GetValue(epochs), result.GetValue(threads), cancellation);
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Run(int users, int items, int interactions, int rank, int epochs, int threads, CancellationToken cancellation)
    {
        double peak = PeakGigaflops() * threads;
        Console.Error.WriteLine($"Peak of the inner loop on {threads} threads: {peak:f1} GFLOP/s.");
        var clock = Stopwatch.StartNew();
        var matrix = Generate(users, items, interactions);
        Console.Error.WriteLine($"{matrix.Count} distinct interactions, generated and sorted in {clock.Elapsed.TotalSeconds:f1} s.");
        double operations = 2 * (Operations(matrix.Users, rank) + Operations(matrix.Items, rank))
            + 2.0 * (users + (double)items) * rank * rank * 1.5; // Gram matrices and turning to their axes.
        var seconds = new List<double>();
        double last = 0;
        clock.Restart();
        new IalsSettings { Rank = rank, Epochs = epochs }.Train(matrix, new TrainOptions
        {
            Threads = threads,
            Progress = p =>
            {
                seconds.Add(clock.Elapsed.TotalSeconds - last);
                last = clock.Elapsed.TotalSeconds;
                Console.Error.WriteLine($"epoch {p.Epoch}: {seconds[^1]:f2} s");
            },
        }, cancellation);
        using var process = Process.GetCurrentProcess();
        double best = seconds.Min();
        Console.WriteLine(JsonSerializer.Serialize(new
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
        }));
    }

    private static double Operations(SparseRows rows, int rank)
    {
        double sum = 0;
        for (int r = 0; r < rows.Count; r++) sum += RidgeSolver.Operations(rows.Length(r), rank);
        return sum;
    }

    /// <summary>Users' activity and items' popularity both fall off like powers, as in real data.</summary>
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
