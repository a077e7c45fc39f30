using Recommender.Factorization.Sessions.Mixing;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class RecentCountsTests
{
    private const long Hour = 3_600_000, Start = 1_400_000_000_000;

    [Fact]
    public void A_count_halves_with_each_half_life_of_event_time()
    {
        var counts = new RecentCounts(Hour, 10 * Hour);
        counts.Add(3, 2, Start);
        counts.Add(1, 1, Start + (2 * Hour));
        Assert.Equal(.5f, counts.CountOf(3, 0), 1e-6f);
        Assert.Equal(2 * MathF.Pow(2, -.2f), counts.CountOf(3, 1), 1e-6f);
        Assert.Equal(.5f / 1.5f, counts.ShareOf(3, 0), 1e-6f);
        Assert.Equal(0, counts.ShareOf(2, 0));
        Assert.Equal(4, counts.ItemCount);
        Assert.Equal(Start + (2 * Hour), counts.NewestMs);
    }

    [Fact]
    public void The_order_of_additions_does_not_matter_over_many_half_lives()
    {
        var random = new Random(1);
        var additions = Enumerable.Range(0, 3000)
            .Select(_ => (Item: random.Next(20), Time: Start + random.NextInt64(500 * Hour))).ToArray();
        var (forward, shuffled) = (new RecentCounts(Hour, 200 * Hour), new RecentCounts(Hour, 200 * Hour));
        foreach (var (item, time) in additions.OrderBy(a => a.Time)) forward.Add(item, 1, time);
        foreach (var (item, time) in additions) shuffled.Add(item, 1, time);
        long newest = additions.Max(a => a.Time);
        for (int item = 0; item < 20; item++)
        {
            double expected = additions.Where(a => a.Item == item).Sum(a => Math.Pow(2, (a.Time - newest) / (double)Hour));
            Assert.Equal(expected, forward.CountOf(item, 0), 1e-4);
            Assert.Equal(forward.ShareOf(item, 0), shuffled.ShareOf(item, 0), 1e-4f);
            Assert.Equal(forward.ShareOf(item, 1), shuffled.ShareOf(item, 1), 1e-4f);
        }

        Assert.Equal(1, Enumerable.Range(0, 20).Sum(i => forward.ShareOf(i, 0)), 1e-4f);
    }

    [Fact]
    public void Shares_of_all_items_and_the_highest_agree_with_each_item()
    {
        var counts = new RecentCounts(Hour);
        for (int item = 0; item < 10; item++) counts.Add(item, 1 + (item * 7 % 10), Start + (item * Hour / 8));
        var scores = new float[12];
        counts.AddShares(0, 3, scores);
        for (int item = 0; item < 12; item++) Assert.Equal(3 * counts.ShareOf(item, 0), scores[item], 1e-6f);
        var best = Enumerable.Range(0, 10).OrderByDescending(i => counts.ShareOf(i, 0)).Take(3).Order();
        Assert.Equal(best, counts.Top(0, 3).Order());
        counts.AddShares(0, 1, new float[2]);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_weight_that_cannot_be_counted_is_refused(float weight) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RecentCounts(Hour).Add(0, weight, Start));
}
