using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class TopKTests
{
    [Fact]
    public void Keeps_the_best_by_score_then_by_lower_item_whatever_the_order_of_offers()
    {
        var random = new Random(1);
        for (int round = 0; round < 500; round++)
        {
            int n = random.Next(0, 40), k = random.Next(0, 45);
            // Few distinct scores, so that ties are common.
            var offers = Enumerable.Range(0, n).Select(i => new ScoredItem(i, random.Next(0, 6))).ToArray();
            var expected = offers.OrderByDescending(o => o.Score).ThenBy(o => o.Item).Take(k).ToArray();
            random.Shuffle(offers);

            var storage = new ScoredItem[k];
            var top = new TopK(storage);
            foreach (ScoredItem offer in offers) top.Add(offer.Item, offer.Score);
            int found = top.Finish();

            Assert.Equal(expected, storage[..found]);
        }
    }

    [Fact]
    public void NaN_never_enters_and_infinities_are_ordered()
    {
        var storage = new ScoredItem[4];
        var top = new TopK(storage);
        Assert.False(top.Add(0, float.NaN));
        Assert.True(top.Add(1, float.NegativeInfinity));
        Assert.True(top.Add(2, float.PositiveInfinity));
        Assert.True(top.Add(3, 0));
        Assert.False(top.Add(4, float.NaN));
        Assert.Equal(3, top.Finish());
        Assert.Equal([2, 3, 1], storage[..3].Select(s => s.Item));
    }

    [Fact]
    public void Keeps_nothing_when_k_is_0_even_of_an_infinite_score()
    {
        var top = new TopK([]);
        Assert.False(top.Add(0, float.PositiveInfinity));
        Assert.Equal(0, top.Finish());
    }

    [Fact]
    public void Threshold_is_the_worst_kept_score_once_full()
    {
        var top = new TopK(new ScoredItem[2]);
        top.Add(5, 1);
        Assert.Equal(float.NegativeInfinity, top.Threshold);
        top.Add(6, 3);
        Assert.Equal(1, top.Threshold);
        Assert.True(top.Add(4, 1));
        Assert.False(top.Add(7, 1));
        top.Add(8, 2);
        Assert.Equal(2, top.Threshold);
    }
}
