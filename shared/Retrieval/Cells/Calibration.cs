namespace Recommender.Retrieval.Cells;

/// <summary>Finds the smallest reach with which sample queries meet the recall target.</summary>
internal static class Calibration
{
    private const int Queries = 400;
    private const int K = 20;

    /// <summary>
    /// Safety margin: by this fraction of (1 − target) the recall of the sample must exceed the target. The recall of 400 queries is an
    /// estimate; its error shrinks as the recall nears 1.
    /// </summary>
    private const double Margin = 0.4;

    /// <summary>The candidates for the reach, ascending.</summary>
    private static readonly float[] s_reaches =
        [0.1f, 0.15f, 0.2f, 0.25f, 0.3f, 0.35f, 0.4f, 0.45f, 0.5f, 0.55f, 0.6f, 0.65f, 0.7f, 0.75f, 0.8f, 0.9f];

    public static float Reach(CellIndex index, CellIndexOptions options)
    {
        if (index.Count == 0) return 1;
        ReadOnlyMemory<float> queries = options.SampleQueries is { } given ? Pick(given, index.Rank) : Generate(index, options.Seed);
        int count = queries.Length / index.Rank;
        // The target must also hold under a filter. Every tenth item serves as one.
        ItemSet part = EveryTenth(index.Count);
        var exact = new ScoredItem[2 * count][];
        Run(count, options.Threads, q =>
        {
            exact[2 * q] = Search(index, queries.Span.Slice(q * index.Rank, index.Rank), null, 1);
            exact[(2 * q) + 1] = Search(index, queries.Span.Slice(q * index.Rank, index.Rank), part, 1);
        });

        double wanted = options.RecallTarget + (Margin * (1 - options.RecallTarget));
        for (int step = 0; step < s_reaches.Length; step++)
        {
            float reach = s_reaches[step];
            var found = new int[2 * count];
            Run(count, options.Threads, q =>
            {
                found[2 * q] = Common(exact[2 * q], Search(index, queries.Span.Slice(q * index.Rank, index.Rank), null, reach));
                found[(2 * q) + 1] = Common(exact[(2 * q) + 1], Search(index, queries.Span.Slice(q * index.Rank, index.Rank), part, reach));
            });
            if (Recall(0) >= wanted && Recall(1) >= wanted)
            {
                // Generated queries only resemble those of users, so one more step is added.
                if (options.SampleQueries is not null) return reach;
                return step + 1 < s_reaches.Length ? s_reaches[step + 1] : 1;
            }

            double Recall(int kind)
            {
                long hits = 0, all = 0;
                for (int i = kind; i < found.Length; i += 2)
                {
                    hits += found[i];
                    all += exact[i].Length;
                }

                return all == 0 ? 1 : (double)hits / all;
            }
        }

        return 1;
    }

    private static void Run(int count, int threads, Action<int> action) =>
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, action);

    private static ScoredItem[] Search(CellIndex index, ReadOnlySpan<float> query, ItemSet? allowed, float reach)
    {
        var results = new ScoredItem[Math.Min(K, index.Count)];
        return results[..index.Search(query, K, new SearchScope(allowed), results, reach, int.MaxValue, out _)];
    }

    private static int Common(ScoredItem[] exact, ScoredItem[] found)
    {
        if (exact.Length == 0) return 0;
        // Any item with the worst exact score is a correct result.
        float worst = exact[^1].Score;
        return found.Count(f => f.Score >= worst);
    }

    /// <summary>An even sample of the given queries.</summary>
    private static float[] Pick(ReadOnlyMemory<float> given, int rank)
    {
        int all = given.Length / rank, count = Math.Min(all, Queries);
        var queries = new float[count * rank];
        for (int q = 0; q < count; q++) given.Span.Slice((int)((long)q * all / count) * rank, rank).CopyTo(queries.AsSpan(q * rank));
        return queries;
    }

    /// <summary>Generates queries as sums of a few items from one to six cells.</summary>
    private static float[] Generate(CellIndex index, int seed)
    {
        var random = new Random(seed);
        var queries = new float[Queries * index.Rank];
        for (int q = 0; q < Queries; q++)
        {
            Span<float> query = queries.AsSpan(q * index.Rank, index.Rank);
            for (int cells = random.Next(1, 7); cells > 0; cells--)
            {
                // Cells are drawn by an item, so that large ones count more.
                ReadOnlySpan<int> items = index.CellItems(index.CellOf(random.Next(index.Count)));
                for (int n = random.Next(1, 5); n > 0; n--)
                {
                    ReadOnlySpan<float> factor = index.Factor(items[random.Next(items.Length)]);
                    double squares = 0;
                    foreach (float value in factor) squares += (double)value * value;
                    if (squares == 0 || !double.IsFinite(squares)) continue;
                    // Popular items occur more often in histories, but without a larger weight.
                    for (int j = 0; j < factor.Length; j++) query[j] += (float)(factor[j] / Math.Sqrt(squares));
                }
            }
        }

        return queries;
    }

    private static ItemSet EveryTenth(int length)
    {
        var set = new ItemSet(length);
        for (int i = 0; i < length; i += 10) set.Add(i);
        return set;
    }
}
