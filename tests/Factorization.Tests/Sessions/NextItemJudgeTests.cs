using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Neighbours;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class NextItemJudgeTests
{
    /// <summary>The same scores for every history.</summary>
    private sealed class Fixed(params float[] scores) : ISessionScorer
    {
        public int ItemCount => scores.Length;

        public void Score(ReadOnlySpan<int> history, Span<float> target) => scores.CopyTo(target);
    }

    [Fact]
    public void Ties_are_ordered_by_item()
    {
        var scorer = new Fixed([.. Enumerable.Range(0, 40).Select(i => i is 5 or 17 or 30 ? 1f : 0f)]);
        Assert.Equal([1, 2, 3, 4, 40],
            NextItemJudge.Rank(scorer, [new([], 5), new([], 17), new([], 30), new([], 0), new([], 39)], true, 1));
    }

    [Fact]
    public void Items_of_the_history_count_only_where_they_may_repeat()
    {
        var scorer = new Fixed(5, 4, 3, 2, 1);
        NextItemCase[] cases = [new([0, 1], 3), new([0, 3], 3)];
        Assert.Equal([4, 4], NextItemJudge.Rank(scorer, cases, repeats: true, threads: 1));
        Assert.Equal([2, 3], NextItemJudge.Rank(scorer, cases, repeats: false, threads: 1));
    }

    [Fact]
    public void Means_are_over_all_cases()
    {
        var result = NextItemResult.FromRanks([1, 3, 11, 2], 10);
        Assert.Equal(.75, result.HitRate);
        Assert.Equal((1 + (1.0 / 3) + .5) / 4, result.Mrr, 1e-12);
        Assert.Equal((1 + .5 + (1 / Math.Log2(3))) / 4, result.Ndcg, 1e-12);
        Assert.Equal(0, NextItemResult.FromRanks([], 10).HitRate);
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_ranks()
    {
        var data = PlantedSessions.Chains(50, 400, 6, 1);
        var cases = PlantedSessions.Cases(data);
        var scorer = new SessionNeighbours(data, new SessionNeighbourSettings());
        Assert.Equal(NextItemJudge.Rank(scorer, cases, true, 1), NextItemJudge.Rank(scorer, cases, true, 3));
    }
}
