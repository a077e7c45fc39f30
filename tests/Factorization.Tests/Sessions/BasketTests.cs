using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Pairs;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Tests.Sessions;

/// <summary>Pairs of baskets, and the order in which they rank items.</summary>
public sealed class BasketTests
{
    private const long Minute = 60_000;

    private static readonly BasketSettings s_settings = new() { Damping = 1, HalfLifeMs = 0, Shrinkage = 1 };

    private static SessionEvent Bought(long minute, int item, long sequence) => new(minute * Minute, sequence, item, 5);

    private static Dictionary<(int Row, int Item), double> Sums(IEnumerable<PairDelta> deltas) => deltas
        .GroupBy(d => (d.Row, d.Item))
        .Select(g => (g.Key, Weight: g.Sum(d => (d.IsAdded ? 1 : -1) * (double)d.Weight)))
        .Where(g => Math.Abs(g.Weight) > 1e-6)
        .ToDictionary(g => g.Key, g => Math.Round(g.Weight, 5));

    private static Dictionary<(int Row, int Item), double> Count(bool hasId, BasketSettings settings, params SessionEvent[] events)
    {
        var deltas = new List<PairDelta>();
        new BasketPairs(settings).Count(events, hasId, deltas);
        return Sums(deltas);
    }

    [Fact]
    public void Each_pair_counts_the_same_in_both_directions_and_less_in_larger_baskets()
    {
        var counts = Count(true, s_settings, Bought(0, 1, 1), Bought(5, 2, 2), Bought(9, 3, 3));
        Assert.Equal(6, counts.Count);
        Assert.Equal((.5, .5), (counts[(1, 2)], counts[(2, 1)]));
        foreach (var pair in new[] { (1, 3), (3, 1), (2, 3), (3, 2) }) Assert.Equal(Math.Round(1.0 / 3, 5), counts[pair]);
    }

    [Fact]
    public void An_item_counts_once_per_basket()
    {
        var once = Count(true, s_settings, Bought(0, 1, 1), Bought(0, 2, 2), Bought(0, 3, 3));
        Assert.Equal(once, Count(true, s_settings, Bought(0, 1, 1), Bought(0, 2, 2), Bought(0, 1, 4), Bought(0, 2, 5), Bought(1, 3, 6)));
    }

    [Fact]
    public void A_longer_gap_ends_a_basket_unless_it_has_an_id()
    {
        Assert.Equal(2, Count(false, s_settings, Bought(0, 1, 1), Bought(30, 2, 2)).Count);
        Assert.Empty(Count(false, s_settings, Bought(0, 1, 1), Bought(31, 2, 2)));
        Assert.Equal(2, Count(true, s_settings, Bought(0, 1, 1), Bought(500, 2, 2)).Count);
    }

    [Fact]
    public void A_purchase_is_paired_with_the_nearest_ones_alone()
    {
        var counts = Count(true, s_settings with { Window = 2 }, Bought(0, 1, 1), Bought(1, 2, 2), Bought(2, 3, 3), Bought(3, 4, 4));
        Assert.DoesNotContain((1, 4), counts.Keys);
        Assert.Equal(counts[(2, 4)], counts[(1, 3)]);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public void Any_order_of_arrival_gives_the_same_pairs(bool hasId)
    {
        var random = new Random(3);
        for (int trial = 0; trial < 50; trial++)
        {
            var events = Enumerable.Range(0, 12).Select(n => Bought(random.Next(120), random.Next(6), n)).ToArray();
            var settings = s_settings with { Window = 4 };
            var expected = Count(hasId, settings, [.. events.Order()]);
            var pairs = new BasketPairs(settings);
            var group = new List<SessionEvent>();
            var deltas = new List<PairDelta>();
            random.Shuffle(events);
            foreach (var added in events) pairs.Insert(group, hasId, added, deltas);
            Assert.Equal(expected.OrderBy(pair => pair.Key), Sums(deltas).OrderBy(pair => pair.Key));
        }
    }

    [Theory]
    [InlineData(0, 2), InlineData(1, 1)]
    public void Popularity_counts_against_an_item_by_the_power(double power, int first)
    {
        // 2 is in every basket, 1 in those of 0 alone, and less often.
        var table = new TransitionTable(s_settings.Rows);
        for (int n = 0; n < 4; n++) Put(table, 0, 2);
        for (int n = 0; n < 3; n++) Put(table, 0, 1);
        for (int n = 3; n < 30; n++) Put(table, n, 2);
        var ranking = new BasketRanking(table, s_settings with { PopularityPower = power });
        Assert.Equal(first, ranking.ScoresOf(0).MaxBy(entry => entry.Weight).Item);
        Assert.All(ranking.ScoresOf(0), entry => Assert.InRange(entry.Weight, 0f, 1f));
    }

    [Fact]
    public void The_score_is_the_weight_of_the_pair_in_relation_to_both_items()
    {
        var table = new TransitionTable(s_settings.Rows);
        for (int n = 0; n < 3; n++) Put(table, 0, 1);
        Put(table, 0, 2);
        Put(table, 1, 3);
        var scores = new BasketRanking(table, s_settings with { PopularityPower = .5 }).ScoresOf(0)
            .ToDictionary(e => e.Item, e => e.Weight);
        // Pairs count 1/2 each; 1 has four of them, 0 has four, 2 has one.
        Assert.Equal(1.5 / Math.Sqrt(3 * 3.0), scores[1], 1e-5);
        Assert.Equal(.5 / Math.Sqrt(3 * 1.5), scores[2], 1e-5);
        Assert.Empty(new BasketRanking(table, s_settings).ScoresOf(9));
    }

    /// <summary>A printer is bought with one of two inks, never with both: they have the same audience, and share no basket.</summary>
    [Fact]
    public void Substitutes_are_not_listed_and_complements_are()
    {
        const int Printer = 0, Ink = 1, OtherInk = 2;
        var table = new TransitionTable(s_settings.Rows);
        for (int n = 0; n < 20; n++) Put(table, Printer, n % 2 == 0 ? Ink : OtherInk);
        var ranking = new BasketRanking(table, new BasketSettings());
        Assert.Equal([Printer], ranking.ScoresOf(Ink).Select(entry => entry.Item));
        Assert.Equal([Ink, OtherInk], ranking.ScoresOf(Printer).Select(entry => entry.Item).Order());

        // One basket with both leaves the other ink far behind.
        Put(table, Ink, OtherInk);
        var scores = ranking.ScoresOf(Ink).ToDictionary(entry => entry.Item, entry => entry.Weight);
        Assert.True(scores[OtherInk] < scores[Printer] / 4);
    }

    [Fact]
    public void Settings_out_of_range_are_refused()
    {
        foreach (var settings in new[]
        {
            s_settings with { GapMs = -1 }, s_settings with { Window = 0 }, s_settings with { Damping = -1 },
            s_settings with { RowLength = 0 },
            s_settings with { HalfLifeMs = 5 }, s_settings with { PopularityPower = 1.1 }, s_settings with { Shrinkage = -1 },
        }) Assert.Throws<ArgumentException>(() => new BasketPairs(settings));
    }

    private static void Put(TransitionTable table, params int[] basket)
    {
        var deltas = new List<PairDelta>();
        new BasketPairs(s_settings).Count([.. basket.Select((item, n) => Bought(0, item, n))], hasId: true, deltas);
        foreach (var delta in deltas) table.Add(delta.Row, delta.Item, delta.Weight, delta.TimeMs);
    }
}
