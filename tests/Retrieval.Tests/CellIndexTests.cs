using Recommender.Retrieval.Cells;
using Recommender.Retrieval.Kernels;
using Recommender.Retrieval.Quantized;
using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class CellIndexTests
{
    private const int N = 20_000, Rank = 16, K = 20;
    private static readonly float[] s_factors = Data.Factors(Data.Shape.Clustered, N, Rank, 11);
    private static readonly CellIndex s_index = new(s_factors, Rank, new() { RecallTarget = 0.95, Cells = 200 });
    private static readonly CellIndex s_exact = new(s_factors, Rank, new() { RecallTarget = 1, Cells = 200 });

    [Fact]
    public void Meets_the_recall_target_with_and_without_filters_and_scores_few_rows()
    {
        Assert.True(s_index.Reach < 1);
        var random = new Random(12);
        foreach (double share in new[] { 1, 0.5, 0.1 })
        {
            int hits = 0, all = 0;
            long scored = 0;
            for (int q = 0; q < 200; q++)
            {
                float[] query = User(random);
                ItemSet? allowed = share == 1 ? null : Data.RandomSet(random, N, share);
                ScoredItem[] expected = Reference.Search(s_exact, query, K, allowed);
                var found = new ScoredItem[K];
                Assert.Equal(expected.Length, s_index.Search(query, K, new SearchScope(allowed), found, s_index.Reach, int.MaxValue,
                    out int rows));
                hits += found.Count(f => f.Score >= expected[^1].Score);
                all += expected.Length;
                scored += rows;
            }

            Assert.True(hits >= 0.95 * all, $"share {share}: {hits} of {all}");
            Assert.True(scored < 200L * N / 4, $"share {share}: {scored / 200} rows of {N} per query");
        }
    }

    [Fact]
    public void A_filter_that_leaves_one_in_a_thousand_still_fills_the_answer_exactly_and_scores_only_those()
    {
        var random = new Random(13);
        ItemSet allowed = Data.RandomSet(random, N, 0.002);
        float[] query = User(random);
        var found = new ScoredItem[K];
        Assert.Equal(K, s_index.Search(query, K, new SearchScope(allowed), found, s_index.Reach, int.MaxValue, out int scored));
        Assert.Equal(allowed.Count, scored);
        Assert.Equal(Reference.Search(new ExactIndex(s_factors, Rank), query, K, allowed), found);
    }

    [Fact]
    public void A_filter_that_passes_items_only_of_far_cells_still_fills_the_answer()
    {
        float[] query = User(new Random(14));
        ScoredItem[] all = Reference.Search(s_exact, query, N);
        ItemSet worst = ItemSet.Of(N, [.. all[(N - (N / 10))..].Select(s => s.Item)]);
        Assert.Equal(K, s_index.Search(query, K, new SearchScope(worst), new ScoredItem[K]));
    }

    [Fact]
    public void An_exact_search_does_not_visit_every_cell()
    {
        var random = new Random(15);
        long scored = 0;
        for (int q = 0; q < 20; q++)
        {
            s_exact.Search(User(random), K, default, new ScoredItem[K], 1, int.MaxValue, out int rows);
            scored += rows;
        }

        Assert.True(scored < 20L * N * 3 / 4, $"{scored / 20} rows of {N} per query");
    }

    [Fact]
    public void A_row_budget_ends_the_search_once_the_answer_is_full()
    {
        var found = new ScoredItem[K];
        int largest = Enumerable.Range(0, s_exact.Cells).Max(c => s_exact.CellItems(c).Length);
        Assert.Equal(K, s_exact.Search(User(new Random(16)), K, default, found, 1, 200, out int scored));
        Assert.InRange(scored, 1, 200 + largest);
    }

    [Fact]
    public void The_same_seed_gives_the_same_cells_whatever_the_number_of_threads_and_another_seed_others()
    {
        CellPartition Of(int seed, int threads) => CellPartition.Of(s_factors, Rank, 600, 2, seed, threads, Kernel.Default);
        CellPartition one = Of(1, 1), two = Of(1, 2), other = Of(2, 2);
        Assert.Equal(one.Order, two.Order);
        Assert.Equal(one.Starts, two.Starts);
        Assert.Equal(one.Centres, two.Centres);
        Assert.NotEqual(one.Order, other.Order);
        Assert.Equal(Enumerable.Range(0, N), one.Order.Order());
        // Nearly every row must be nearer to its own centre than to a random one.
        int nearer = 0;
        var random = new Random(1);
        for (int cell = 0; cell < 600; cell++)
        {
            for (int i = one.Starts[cell]; i < one.Starts[cell + 1]; i++)
                if (Distance(one, one.Order[i], cell) < Distance(one, one.Order[i], (cell + random.Next(1, 600)) % 600)) nearer++;
        }

        Assert.True(nearer > 0.97 * N, $"{nearer} of {N}");
    }

    [Fact]
    public void Memory_stays_within_the_bound_promised()
    {
        float[] factors = Data.Factors(Data.Shape.Clustered, 10_000, 64, 17);
        var index = new CellIndex(factors, 64, new() { RecallTarget = 1 });
        Assert.True(index.MemoryBytes + (4L * factors.Length) <= 1.6 * 4 * factors.Length, $"{index.MemoryBytes} bytes beside the factors");
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        Assert.Contains("RecallTarget", Assert.Throws<ArgumentException>(() =>
            new CellIndex(s_factors, Rank, new() { RecallTarget = 0 })).Message);
        Assert.Contains("SampleQueries", Assert.Throws<ArgumentException>(() =>
            new CellIndex(s_factors, Rank, new() { SampleQueries = new float[3] })).Message);
        Assert.Contains("Threads", Assert.Throws<ArgumentException>(() => new CellIndex(s_factors, Rank, new() { Threads = 0 })).Message);
        Assert.Contains("Cells", Assert.Throws<ArgumentException>(() => new CellIndex(s_factors, Rank, new() { Cells = 0 })).Message);
    }

    [Fact]
    public void The_kind_of_index_follows_the_size_of_the_catalogue_and_is_told()
    {
        Assert.IsType<ExactIndex>(ItemIndexes.Create(s_factors.AsMemory(0, 100 * Rank), Rank));
        Assert.IsType<QuantizedIndex>(ItemIndexes.Create(s_factors, Rank));
        IItemIndex cells = ItemIndexes.Create(s_factors, Rank, new() { LargestScanRows = N - 1 });
        Assert.IsType<CellIndex>(cells);
        Assert.Contains("neighbourhood of 78 cells, recall target 0.99", cells.Description);
    }

    [Fact]
    public void A_large_catalogue_is_searched_exactly_where_few_factors_are_long_enough_to_matter()
    {
        var random = new Random(3);
        float[] flat = [.. Enumerable.Range(0, N).SelectMany(_ => Unit(random))];
        float[] skewed = [.. Enumerable.Range(0, N).SelectMany(item => Unit(random).Select(v => v / (1 + (item * 0.05f))))];
        float[] users = [.. Enumerable.Range(0, 50).SelectMany(_ => Unit(random))];
        var options = new ItemIndexOptions { LargestScanRows = N / 10, Cells = new() { SampleQueries = users } };
        Assert.IsType<CellIndex>(ItemIndexes.Create(flat, Rank, options));
        Assert.IsType<QuantizedIndex>(ItemIndexes.Create(skewed, Rank, options));
        // Without users nobody knows.
        Assert.IsType<CellIndex>(ItemIndexes.Create(skewed, Rank, options with { Cells = new() }));
    }

    private static float[] Unit(Random random)
    {
        float[] vector = Data.Normal(random, Rank);
        float norm = MathF.Sqrt(vector.Sum(v => v * v));
        return [.. vector.Select(v => v / norm)];
    }

    private static double Distance(CellPartition partition, int row, int cell)
    {
        double squares = 0;
        for (int j = 0; j < Rank; j++) squares += Math.Pow(s_factors[(row * Rank) + j] - partition.Centres[(cell * Rank) + j], 2);
        return squares;
    }

    /// <summary>A user who likes a few items.</summary>
    private static float[] User(Random random)
    {
        var query = new float[Rank];
        for (int i = 0; i < 3; i++)
        {
            int item = random.Next(N);
            for (int j = 0; j < Rank; j++) query[j] += s_factors[(item * Rank) + j] + (0.05f * (float)Data.Gauss(random));
        }

        return query;
    }
}
