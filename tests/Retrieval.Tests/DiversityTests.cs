using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed class DiversityTests
{
    // Three near-copies of one item, and one item of another kind with a lower score.
    private static readonly float[] s_factors = [1, 0, 1, 0.01f, 1, 0.02f, 0, 1];
    private static readonly ScoredItem[] s_candidates = [new(0, 10), new(1, 9.9f), new(2, 9.8f), new(3, 8)];

    [Theory]
    [InlineData(0f, new[] { 0, 1, 2, 3 })]
    [InlineData(0.7f, new[] { 0, 3, 1, 2 })]
    [InlineData(1f, new[] { 0, 3, 2, 1 })]
    public void Takes_a_different_item_earlier_the_more_diversity_is_asked_for(float diversity, int[] order)
    {
        ScoredItem[] items = [.. s_candidates];
        Assert.Equal(4, Diversity.Select(new ExactIndex(s_factors, 2), items, 4, diversity));
        Assert.Equal(order, items.Select(i => i.Item));
    }

    [Fact]
    public void Equals_the_formula_evaluated_naively()
    {
        const int Rank = 7, N = 40;
        var random = new Random(4);
        float[] factors = Data.Factors(Data.Shape.Clustered, 200, Rank, 4);
        var index = new ExactIndex(factors, Rank);
        ScoredItem[] candidates = Reference.Search(index, Data.Normal(random, Rank), N);
        double Cosine(int a, int b)
        {
            double dot = 0, aa = 0, bb = 0;
            for (int j = 0; j < Rank; j++)
            {
                dot += (double)index.Factor(a)[j] * index.Factor(b)[j];
                aa += (double)index.Factor(a)[j] * index.Factor(a)[j];
                bb += (double)index.Factor(b)[j] * index.Factor(b)[j];
            }

            return dot / Math.Sqrt(aa * bb);
        }

        double high = candidates[0].Score, low = candidates[^1].Score;
        List<ScoredItem> left = [.. candidates], expected = [];
        while (expected.Count < 15)
        {
            ScoredItem best = left.MaxBy(c => expected.Count == 0 ? c.Score
                : (0.6 * (c.Score - low) / (high - low)) - (0.4 * expected.Max(e => Cosine(e.Item, c.Item))));
            expected.Add(best);
            left.Remove(best);
        }

        ScoredItem[] actual = [.. candidates];
        Assert.Equal(15, Diversity.Select(index, actual, 15, 0.4f));
        Assert.Equal(expected, actual[..15]);
        Assert.Equal(left, actual[15..]);
    }

    [Fact]
    public void Zero_factors_and_infinite_scores_do_not_break_it()
    {
        var index = new ExactIndex(new float[] { 0, 0, 1, 1, float.PositiveInfinity, 1 }, 2);
        ScoredItem[] items = [new(2, float.PositiveInfinity), new(1, 1), new(0, float.NegativeInfinity)];
        Assert.Equal(3, Diversity.Select(index, items, 10, 0.5f));
        Assert.Equal([0, 1, 2], items.Select(i => i.Item).Order());
        Assert.Equal(0, Diversity.Select(index, [], 10, 0.5f));
        Assert.Throws<ArgumentOutOfRangeException>(() => Diversity.Select(index, items, 1, 1.1f));
        Assert.Throws<ArgumentOutOfRangeException>(() => Diversity.Select(index, items, 1, float.NaN));
    }
}
