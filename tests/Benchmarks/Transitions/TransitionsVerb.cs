using System.Diagnostics;
using Recommender.Benchmarks.Harness;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Benchmarks.Transitions;

/// <summary>
/// <c>transitions</c>: transition rows in process, event by event, as the Trainer keeps them without its store. Sessions run side by side;
/// items are as popular as a power law says.
/// </summary>
internal static class TransitionsVerb
{
    private const int OpenSessions = 20_000, SessionLength = 6;

    public static Benchmark Create()
    {
        var events = BenchmarkOptions.Number("--events", "Events that are counted.", 10_000_000, least: 1_000).WithTiny(20_000);
        var items = BenchmarkOptions.Number("--items", "Items.", 100_000, least: 100).WithTiny(500);
        var rowLength = BenchmarkOptions.Number("--row-length", "Entries of a row at most.", new TransitionSettings().RowLength, least: 1);
        return new Benchmark("transitions", "Time and memory of transition rows, event by event, in process.", events, items, rowLength)
        {
            Measure = (run, cancellation) =>
                Task.FromResult<object>(Run(run.Get(events), run.Get(items), run.Get(rowLength), cancellation)),
        };
    }

    private static object Run(int events, int items, int rowLength, CancellationToken cancellation)
    {
        var table = new TransitionTable(new TransitionSettings { RowLength = rowLength, HalfLifeMs = SessionMix.WeekMs });
        var pairs = new SessionPairs(new SessionPairSettings());
        var open = new List<SessionEvent>[OpenSessions];
        var deltas = new List<PairDelta>();
        var random = new Random(1);
        long additions = 0;
        var clock = Stopwatch.StartNew();
        double before = ProcessorSeconds();
        for (int n = 0; n < events; n++)
        {
            if (n % 1_000_000 == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                Console.Error.WriteLine($"{n:N0} events, {clock.Elapsed.TotalSeconds:0} s, {table.Bytes / 1e6:0} MB");
            }

            ref var session = ref open[random.Next(OpenSessions)];
            if (session is null || session.Count == SessionLength) session = new List<SessionEvent>(SessionLength);
            int item = (int)(items * Math.Pow(random.NextDouble(), 3));
            deltas.Clear();
            pairs.Insert(session, hasId: true, new SessionEvent(n * 10L, n, item, 1), deltas);
            foreach (var delta in deltas) table.Add(delta.Row, delta.Item, delta.Weight, delta.TimeMs);
            additions += deltas.Count;
        }

        double used = ProcessorSeconds() - before;
        int longest = 0, evicting = 0;
        for (int item = 0; item < table.ItemCount; item++)
        {
            longest = Math.Max(longest, table.Row(item).Length);
            if (table.HasEvicted(item)) evicting++;
        }

        return new
        {
            events,
            items,
            seconds = Math.Round(clock.Elapsed.TotalSeconds, 1),
            usPerEvent = Math.Round(used / events * 1e6, 2),
            additionsPerEvent = Math.Round(additions / (double)events, 2),
            rows = table.RowCount,
            longestRow = longest,
            evictingRows = evicting,
            bytes = table.Bytes,
            bytesPerItem = Math.Round(table.Bytes / (double)Math.Max(table.RowCount, 1), 1),
            peakMemoryBytes = Process.GetCurrentProcess().PeakWorkingSet64,
        };
    }

    private static double ProcessorSeconds()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime.TotalSeconds;
    }
}
