using Recommender.Retrieval.Hybrid;
using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class HybridRankingTests
{
    private static readonly HybridCandidate[] s_candidates =
        [new(7, Words: 10, Meaning: .2f), new(3, Words: 0, Meaning: .8f), new(5, Words: 5, Meaning: .7f), new(1, Words: 0, Meaning: .2f)];

    [Fact]
    public void Parts_are_scaled_and_add_up()
    {
        var ranked = HybridRanking.Rank(s_candidates, new(1, 1));
        Assert.Equal([5, 3, 7, 1], ranked.Select(item => item.Item));
        foreach (var item in ranked) Assert.Equal(item.Score, item.Words + item.Meaning + item.Taste, 6);
        Assert.Equal(.5f + (.5f / .6f), ranked[0].Score, 5);
    }

    [Fact]
    public void One_part_alone_keeps_its_order()
    {
        Assert.Equal([7, 5, 1, 3], HybridRanking.Rank(s_candidates, new(1, 0)).Select(item => item.Item));
        Assert.Equal([3, 5, 1, 7], HybridRanking.Rank(s_candidates, new(0, 1)).Select(item => item.Item));
    }

    [Fact]
    public void Nothing_to_rank_is_nothing()
    {
        Assert.Empty(HybridRanking.Rank([], new(1, 1)));
        Assert.Equal(0, HybridRanking.Rank([new(4, 0, .3f)], new(1, 1))[0].Score);
    }
}
