using Recommender.Retrieval.Kernels;
using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class ServingIndexTests
{
    [Fact]
    public void Random_appends_replacements_and_rebuilds_equal_a_brute_force_model()
    {
        // A failure names the seed; RECOMMENDER_TEST_SEED replays it.
        int first = int.TryParse(Environment.GetEnvironmentVariable("RECOMMENDER_TEST_SEED"), out int given) ? given : 0;
        int rounds = given != 0 ? 1 : 25;
        for (int seed = first; seed < first + rounds; seed++) Soak(seed);
    }

    private static void Soak(int seed)
    {
        const int Rank = 6;
        var random = new Random(seed);
        int n = random.Next(0, 300);
        // Every kind of index serves: the full scans, and neighbourhoods in their exact mode.
        var options = new ItemIndexOptions
        {
            LargestScanRows = seed % 2 == 0 ? 1000
            : 50,
            Cells = new() { RecallTarget = 1, Cells = 12, Rounds = 1, Threads = 1 }
        };
        List<float[]> rows = [.. Enumerable.Range(0, n).Select(_ => Data.Normal(random, Rank))];
        var index = new ServingIndex(ItemIndexes.Create(rows.SelectMany(r => r).ToArray(), Rank, options));
        for (int step = 0; step < 300; step++)
        {
            int item = rows.Count == 0 ? -1 : random.Next(rows.Count);
            switch (random.Next(item < 0 ? 1 : 4))
            {
                case 0:
                    rows.Add(Data.Normal(random, Rank));
                    Assert.Equal(rows.Count - 1, index.Append(rows[^1]));
                    break;
                case 1:
                    rows[item] = Data.Normal(random, Rank);
                    index.Put(item, rows[item]);
                    break;
                case 2 when random.Next(10) == 0:
                    index.Rebuild((factors, rank) =>
                    {
                        // Changes that arrive while the new index is being built must not be lost.
                        rows.Add(Data.Normal(random, Rank));
                        index.Append(rows[^1]);
                        rows[item] = Data.Normal(random, Rank);
                        index.Put(item, rows[item]);
                        return ItemIndexes.Create(factors, rank, options);
                    });
                    break;
                default:
                    break;
            }

            float[] query = Data.Normal(random, Rank);
            ItemSet? filter = random.Next(2) == 0 ? null : Data.RandomSet(random, rows.Count, 0.3);
            int[] excluded = [.. Enumerable.Range(0, rows.Count).Where(_ => random.Next(10) == 0)];
            float[] factors = [.. rows.SelectMany(r => r)];
            ScoredItem[] expected = Reference.Search(factors, Rank, query, 10, Kernel.Default, filter, excluded);
            ScoredItem[] actual = Reference.Search(index, query, 10, filter, excluded);
            Assert.True(IndexContract.Same(expected,
                actual), $"RECOMMENDER_TEST_SEED={seed}, step {step}: {IndexContract.Difference(expected, actual)}");
            if (item >= 0) Assert.Equal(rows[item], index.Factor(item).ToArray());
            int[] items = [.. Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(rows.Count + 3))];
            var scores = new float[items.Length];
            index.ScoreKnown(query, items, scores);
            Assert.Equal(items.Select(known => known < rows.Count ? Kernel.Default.Dot(query, rows[known]) : 0), scores);
        }
    }

    [Fact]
    public void Positions_without_a_factor_are_never_found_until_they_get_one()
    {
        const int Rank = 4, Model = 600;
        var random = new Random(4);
        float[] factors = Data.Factors(Data.Shape.Random, Model, Rank, 1);
        var index = new ServingIndex(ItemIndexes.Create(factors, Rank));
        index.Put(Model + 5, Data.Normal(random, Rank));
        Assert.Equal(Model + 6, index.Count);
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal([.. Enumerable.Range(0, Model), Model + 5], Found());
            Assert.False(index.HasFactor(Model + 2));
            Assert.True(index.HasFactor(Model + 5));
            Assert.Throws<ArgumentOutOfRangeException>(() => index.Factor(Model + 2).ToArray());

            index.Rebuild((f, r) => ItemIndexes.Create(f, r));
            Assert.Equal(0, index.AppendedRows);
        }

        Assert.Equal(Model + 6, index.Append(Data.Normal(random, Rank)));
        index.Put(Model + 2, Data.Normal(random, Rank));
        Assert.Equal([.. Enumerable.Range(0, Model), Model + 2, Model + 5, Model + 6], Found());
        index.Put(Model + 2, [1, 2, 3, 4]);
        Assert.Equal([1, 2, 3, 4], index.Factor(Model + 2).ToArray());
        Assert.Equal([.. Enumerable.Range(0, Model), Model + 2, Model + 5, Model + 6], Found());

        IEnumerable<int> Found()
        {
            var results = new ScoredItem[index.Count];
            return results.Take(index.Search(Data.Normal(random, Rank), results.Length, default, results)).Select(r => r.Item).Order()
                .ToArray();
        }
    }

    [Fact]
    public void A_rebuild_is_wanted_once_the_rows_put_in_cost_more_than_they_should()
    {
        float[] factors = Data.Factors(Data.Shape.Random, 40_000, 2, 1);
        var index = new ServingIndex(ItemIndexes.Create(factors, 2));
        for (int i = 0; i < 1250; i++) index.Append([1, 2]);
        Assert.False(index.WantsRebuild);
        index.Append([1, 2]);
        Assert.True(index.WantsRebuild);
        index.Rebuild((f, r) => ItemIndexes.Create(f, r));
        Assert.False(index.WantsRebuild);
    }

    [Fact]
    public async Task Searches_while_items_change_see_each_item_once()
    {
        const int Rank = 4, N = 500;
        float[] factors = Data.Factors(Data.Shape.Random, N, Rank, 1);
        var index = new ServingIndex(ItemIndexes.Create(factors, Rank));
        using var done = new CancellationTokenSource();
        Task searching = Task.Run(() =>
        {
            var results = new ScoredItem[4 * N];
            var random = new Random(2);
            while (!done.IsCancellationRequested)
            {
                int found = index.Search(Data.Normal(random, Rank), results.Length, default, results);
                Assert.Equal(found, results.Take(found).Select(r => r.Item).Distinct().Count());
                Assert.True(found >= N);
            }
        }, TestContext.Current.CancellationToken);
        var writer = new Random(3);
        for (int i = 0; i < 800; i++)
        {
            index.Put(writer.Next(N), Data.Normal(writer, Rank));
            if (i % 2 == 0) index.Append(Data.Normal(writer, Rank));
            if (i % 200 == 0) index.Rebuild((f, r) => ItemIndexes.Create(f, r));
        }

        await done.CancelAsync();
        await searching;
        Assert.Equal(N + 400, index.Count);
    }
}
