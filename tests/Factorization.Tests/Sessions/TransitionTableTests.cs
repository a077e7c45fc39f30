using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class TransitionTableTests
{
    private const long HalfLife = 60_000;

    private static readonly TransitionSettings s_plain = new() { RowLength = 50 };

    private static readonly TransitionSettings s_decaying = new() { RowLength = 50, HalfLifeMs = HalfLife };

    private readonly record struct Addition(int From, int To, float Weight, long Time);

    private static Addition[] Planted(int count, int items, int seed, long span = 50 * HalfLife)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new Addition(
            random.Next(items), (int)(items * Math.Pow(random.NextDouble(), 2)), .25f + random.NextSingle(), 1_700_000_000_000
                + random.NextInt64(span)))];
    }

    private static TransitionTable Count(TransitionSettings settings, IEnumerable<Addition> additions)
    {
        var table = new TransitionTable(settings);
        foreach (var a in additions) table.Add(a.From, a.To, a.Weight, a.Time);
        return table;
    }

    private static void AssertEqualRows(TransitionTable expected, TransitionTable actual, int items)
    {
        for (int i = 0; i < items; i++)
        {
            var rows = (expected.Row(i).OrderBy(e => e.Item).ToArray(), actual.Row(i).OrderBy(e => e.Item).ToArray());
            Assert.Equal(rows.Item1.Select(e => e.Item), rows.Item2.Select(e => e.Item));
            foreach (var (x, y) in rows.Item1.Zip(rows.Item2)) Assert.Equal(x.Weight, y.Weight, 1e-4f * Math.Max(x.Weight, 1e-3f));
            Assert.Equal(expected.TotalOf(i), actual.TotalOf(i), 1e-4f * Math.Max(expected.TotalOf(i), 1e-3f));
        }
    }

    [Fact]
    public void Weights_decay_relative_to_the_newest_time_of_the_table()
    {
        var table = new TransitionTable(s_decaying);
        table.Add(1, 2, 1, 1_700_000_000_123);
        table.Add(1, 3, 1, 1_700_000_000_123 + HalfLife);
        table.Add(9, 8, 1, 1_700_000_000_123 + (3 * HalfLife));
        Assert.Equal([3, 2], table.Row(1).Select(e => e.Item));
        Assert.Equal(.25f, table.Row(1)[0].Weight, 1e-5f);
        Assert.Equal(.125f, table.Row(1)[1].Weight, 1e-5f);
        Assert.Equal(.375f, table.TotalOf(1), 1e-5f);
        Assert.Equal(1, table.Row(9)[0].Weight, 1e-5f);
    }

    [Fact]
    public void After_is_not_before()
    {
        var table = Count(s_plain, [new(1, 2, 1, 0)]);
        Assert.Single(table.Row(1));
        Assert.Empty(table.Row(2));
    }

    [Fact]
    public void Rows_without_evictions_are_exact_in_any_order_of_arrival()
    {
        var additions = Planted(4000, 40, 1);
        var expected = new double[40, 40];
        long newest = additions.Max(a => a.Time);
        foreach (var a in additions) expected[a.From, a.To] += a.Weight * Math.Pow(2, (a.Time - newest) / (double)HalfLife);
        IEnumerable<Addition>[] orders = [additions, additions.OrderBy(a => a.Time), additions.OrderByDescending(a => a.Time)];
        foreach (var order in orders)
        {
            var table = Count(s_decaying, order);
            for (int i = 0; i < 40; i++)
            {
                Assert.False(table.HasEvicted(i));
                var row = table.Row(i);
                Assert.Equal(Enumerable.Range(0, 40).Count(j => expected[i, j] > 0), row.Length);
                foreach (var e in row) Assert.Equal(expected[i, e.Item], e.Weight, 1e-5 * expected[i, e.Item]);
            }
        }
    }

    [Fact]
    public void A_removal_takes_back_an_addition()
    {
        // Ages of at most three half-lives, so that every entry is far above rounding.
        var additions = Planted(2000, 40, 2, 3 * HalfLife);
        var rest = additions.Where(a => a.To % 3 != 0).Append(new Addition(0, 1, 1, 1_700_000_000_000 + (3 * HalfLife))).ToArray();
        var table = Count(s_decaying, additions.Append(rest[^1]));
        foreach (var a in additions.Where(a => a.To % 3 == 0)) Assert.True(table.Remove(a.From, a.To, a.Weight, a.Time));
        AssertEqualRows(Count(s_decaying, rest), table, 40);
        foreach (var a in rest.Reverse()) Assert.True(table.Remove(a.From, a.To, a.Weight, a.Time));
        Assert.All(Enumerable.Range(0, 40), i => Assert.Empty(table.Row(i)));
    }

    [Fact]
    public void A_removal_from_a_row_that_evicted_asks_for_a_recount()
    {
        var table = new TransitionTable(new TransitionSettings { RowLength = 2 });
        for (int to = 1; to <= 3; to++) table.Add(0, to, 1, 0);
        Assert.True(table.HasEvicted(0));
        Assert.False(table.Remove(0, 3, 1, 0));
        table.Clear(0);
        Assert.Empty(table.Row(0));
        Assert.Equal(0, table.TotalOf(0));
        table.Add(0, 5, 1, 0);
        Assert.False(table.HasEvicted(0));
        Assert.Equal(new TransitionEntry(5, 1), Assert.Single(table.Row(0)));
    }

    [Theory]
    [InlineData(0), InlineData(HalfLife)]
    public void After_evictions_weights_are_certain_and_miss_at_most_the_floor(long halfLife)
    {
        var additions = Planted(20_000, 400, 3);
        var bounded = Count(new TransitionSettings { RowLength = 16, HalfLifeMs = halfLife }, additions.Select(a => a with { From = 0 }));
        var exact = Count(new TransitionSettings { RowLength = 400, HalfLifeMs = halfLife }, additions.Select(a => a with { From = 0 }));
        Assert.True(bounded.HasEvicted(0));
        var row = bounded.Row(0);
        Assert.Equal(16, row.Length);
        Assert.Equal(exact.TotalOf(0), bounded.TotalOf(0), 1e-3f * exact.TotalOf(0));
        var truth = exact.Row(0).ToDictionary(e => e.Item, e => e.Weight);
        // Space-saving: no evicted entry was heavier than the mean of a full row. The error is rounded up to the next fifth of an octave.
        float floor = exact.TotalOf(0) / 16 * 1.15f;
        Assert.All(row, e => Assert.InRange(e.Weight, truth[e.Item] - floor, truth[e.Item] * 1.001f));
        Assert.All(truth.Where(t => row.All(e => e.Item != t.Key)), t => Assert.True(t.Value <= floor));
    }

    [Fact]
    public void A_new_favourite_among_noise_enters_a_full_row()
    {
        var old = Enumerable.Range(0, 8).SelectMany(j => Enumerable.Repeat(new Addition(0, j, 1, 0), 10));
        var table = Count(new TransitionSettings { RowLength = 8 }, old);
        for (int n = 0; n < 100; n++)
        {
            table.Add(0, 100, 1, 0);
            table.Add(0, 200 + n, 1, 0);
        }

        Assert.Equal(100, table.Row(0)[0].Item);
        Assert.True(table.Row(0)[0].Weight > 60);
    }

    [Theory]
    [InlineData(0), InlineData(HalfLife)]
    public void The_first_twenty_of_a_full_row_are_those_of_an_exact_count(long halfLife)
    {
        // Items follow by a power law, as they do in shops; hundreds of them once or twice.
        var random = new Random(7);
        var additions = Enumerable.Range(0, 100_000).Select(n => new Addition(
            random.Next(20), (int)Math.Min(Math.Pow(random.NextDouble(), -.8), 1999), 1f / (1 + random.Next(3)),
            n * HalfLife / 50_000)).ToArray();
        var bounded = Count(new TransitionSettings { RowLength = 50, HalfLifeMs = halfLife }, additions);
        var exact = Count(new TransitionSettings { RowLength = 2000, HalfLifeMs = halfLife }, additions);
        double overlap = Enumerable.Range(0, 20).Average(i =>
        {
            Assert.True(bounded.HasEvicted(i));
            return exact.Row(i).Take(20).Select(e => e.Item).Intersect(bounded.Row(i).Take(20).Select(e => e.Item)).Count() / 20.0;
        });
        Assert.True(overlap >= .95, $"{overlap}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(37)]
    public void A_full_row_evicts_the_lightest_entry_and_of_equal_ones_the_largest_item(int length)
    {
        var table = new TransitionTable(new TransitionSettings { RowLength = length });
        var expected = new Dictionary<int, float>();
        var random = new Random(length);
        for (int n = 0; n < 3000; n++)
        {
            int item = random.Next(0, 2) == 0 ? random.Next(20) : random.Next(TransitionTable.ItemLimit - 60, TransitionTable.ItemLimit);
            table.Add(5, item, 1, 0);
            float floor = 0;
            if (!expected.ContainsKey(item) && expected.Count == length)
            {
                var lightest = expected.MinBy(entry => (entry.Value, -entry.Key));
                expected.Remove(lightest.Key);
                floor = lightest.Value;
            }

            expected[item] = expected.GetValueOrDefault(item, floor) + 1;
            Assert.Equal(expected.Keys.Order(), table.Row(5).Select(entry => entry.Item).Order());
        }
    }

    [Fact]
    public void The_heaviest_survive_eviction()
    {
        // A tail of 2,000 items that follow once or twice, and 20 that follow often.
        var random = new Random(4);
        var additions = Enumerable.Range(0, 4000).Select(n => new Addition(0, 100 + random.Next(2000), 1, n))
            .Concat(Enumerable.Range(0, 20).SelectMany(j => Enumerable.Repeat(new Addition(0, j, 1, 0), 140 + (j * 10)))).ToArray();
        random.Shuffle(additions);
        var row = Count(s_plain, additions).Row(0);
        Assert.True(row.Take(20).Count(e => e.Item < 20) >= 19);
    }

    [Fact]
    public void A_score_is_the_sum_of_its_contributions()
    {
        var settings = s_decaying with { Normalization = .7, Shrinkage = 2, PositionPower = 1.5, HistoryLength = 3 };
        var table = Count(settings, Planted(3000, 40, 5));
        int[] history = [4, 7, 4, 11];
        var scores = new float[40];
        table.Score(history, scores);
        for (int j = 0; j < 40; j++)
        {
            float sum = 0;
            for (int k = 0; k < history.Length; k++) sum += table.Contribution(history[^(k + 1)], k, j);
            Assert.Equal(scores[j], sum, 1e-5f);
        }

        Assert.Equal(0, table.Contribution(4, 3, 0));
    }

    [Fact]
    public void A_normalised_row_sums_to_the_weight_of_its_position()
    {
        var table = Count(s_decaying with { PositionPower = 1 }, Planted(3000, 40, 6));
        var scores = new float[40];
        table.AddRow(5, 1, scores);
        Assert.Equal(.5f, scores.Sum(), 1e-4f);
    }

    [Fact]
    public void Ages_beyond_the_range_of_floats_are_harmless()
    {
        var table = new TransitionTable(new TransitionSettings { HalfLifeMs = 1000 });
        table.Add(1, 2, 1, 0);
        table.Add(3, 4, 1, 1_000_000_000_000);
        var scores = new float[5];
        table.Score([1, 3], scores);
        Assert.All(scores, s => Assert.True(float.IsFinite(s)));
        Assert.Equal(1, scores[4], 1e-5f);
        table.Add(1, 3, 1, 1_000_000_000_000);
        Assert.Equal(3, table.Row(1)[0].Item);
    }

    [Fact]
    public void A_row_of_fifty_takes_at_most_five_hundred_bytes()
    {
        var table = new TransitionTable(s_plain);
        for (int from = 0; from < 1000; from++)
            for (int n = 0; n < 200; n++) table.Add(from, (n * 31) % 97, 1, 0);
        Assert.InRange(table.Bytes / 1000.0, 400, 500);
    }

    [Theory]
    [InlineData(float.NaN), InlineData(0f), InlineData(-1f), InlineData(float.PositiveInfinity)]
    public void A_weight_must_be_a_positive_number(float weight) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TransitionTable(s_plain).Add(1, 2, weight, 0));

    [Fact]
    public void Settings_out_of_range_are_named()
    {
        Assert.Contains("RowLength",
            Assert.Throws<ArgumentException>(() => new TransitionTable(new TransitionSettings { RowLength = 0 })).Message);
        Assert.Contains("HalfLifeMs",
            Assert.Throws<ArgumentException>(() => new TransitionTable(new TransitionSettings { HalfLifeMs = 5 })).Message);
    }

    [Fact]
    public void A_saved_row_loads_bit_for_bit_and_goes_on_as_if_it_had_never_left()
    {
        var settings = s_decaying with { RowLength = 20 };
        var additions = Planted(4_000, 60, 5);
        var kept = Count(settings, additions.Take(3_000));
        var loaded = new TransitionTable(settings);
        for (int i = 0; i < 60; i++) loaded.LoadRow(i, kept.SaveRow(i));
        Assert.True(kept.HasEvicted(0));
        Assert.Equal(kept.NewestMs, loaded.NewestMs);
        foreach (var a in additions.Skip(3_000))
        {
            kept.Add(a.From, a.To, a.Weight, a.Time);
            loaded.Add(a.From, a.To, a.Weight, a.Time);
        }

        for (int i = 0; i < 60; i++) Assert.Equal(kept.SaveRow(i), loaded.SaveRow(i));
    }

    [Fact]
    public void A_saved_row_of_50_takes_at_most_430_bytes_and_a_damaged_one_is_refused()
    {
        var table = Count(s_plain, Enumerable.Range(1, 60).Select(j => new Addition(0, j, j, 0)));
        byte[] saved = table.SaveRow(0);
        Assert.InRange(saved.Length, 1, 430);
        Assert.InRange(table.Bytes, 1, 500);
        Assert.Throws<InvalidDataException>(() => table.LoadRow(0, saved.AsSpan(0, saved.Length - 1)));
        Assert.Throws<InvalidDataException>(() => table.LoadRow(0, []));
        Assert.Throws<InvalidDataException>(() => new TransitionTable(s_plain with { RowLength = 49 }).LoadRow(0, saved));
        table.LoadRow(0, table.SaveRow(77)); // One without entries.
        Assert.False(table.HasRow(0));
    }
}
