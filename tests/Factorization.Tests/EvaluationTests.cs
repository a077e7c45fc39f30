using Recommender.Benchmarks.Quality;
using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Learners.Spectral;

namespace Recommender.Factorization.Tests;

public sealed class EvaluationTests
{
    /// <summary>Two users, six items; scores fall with the index.</summary>
    private static readonly Split s_byHand = Splits.Make(2, 6, [new(0, 0), new(1, 5)], [new(0, 2), new(0, 5), new(1, 4)]);

    private static void Falling(ReadOnlySpan<HistoryEntry> history, Span<float> scores)
    {
        for (int i = 0; i < scores.Length; i++) scores[i] = -i;
    }

    [Fact]
    public void Metrics_equal_those_worked_by_hand()
    {
        // User 0 sees 1 2 3 (0 is training): item 2 at place 2 is a hit. User 1 sees 0 1 2: no hit.
        var result = Evaluation.Run(Falling, s_byHand, new EvaluationOptions { K = 3 });
        double second = 1 / Math.Log2(3);
        Assert.Equal(2, result.Users);
        Assert.Equal(.5 / 2, result.Recall, 1e-7);
        Assert.Equal(second / (1 + second) / 2, result.Ndcg, 1e-7);
        Assert.Equal(.5 / 2 / 2, result.Map, 1e-7);
        Assert.Equal(.5 / 2, result.Mrr, 1e-7);
        Assert.Equal(.5, result.HitRate, 1e-7);
        Assert.Equal(4 / 6.0, result.Coverage, 1e-7);
        // Shown 1 2 2 1 0 0 times: Gini = Σ(2i − n − 1)x_i / (n Σx) over 0 0 1 1 2 2.
        Assert.Equal((1 * 1 + 3 * 1 - 1 * 0 + 0 + 2 * (3 + 5) - (1 + 3) + 0) / 36.0, result.Gini, .3);
        Assert.Equal(EvaluationResult.GiniOf([1, 2, 2, 1, 0, 0]), result.Gini);
    }

    [Fact]
    public void Gini_is_zero_for_equal_and_near_one_for_single_exposure()
    {
        Assert.Equal(0, EvaluationResult.GiniOf([3, 3, 3]), 1e-12);
        Assert.Equal(2 / 3.0, EvaluationResult.GiniOf([0, 0, 9]), 1e-12);
        Assert.Equal(1 / 3.0, EvaluationResult.GiniOf([0, 1, 1]), 1e-12);
    }

    [Fact]
    public void Ties_go_to_the_lower_index_whatever_the_size()
    {
        foreach (int items in new[] { 5, 40, 2500 })
        {
            var split = Splits.Make(1, items, [new(0, 1)], [new(0, 0), new(0, 2), new(0, items - 1)]);
            var flat = Evaluation.Run((_, s) => s.Fill(3), split, new EvaluationOptions { K = 2 });
            Assert.Equal(2 / 3.0, flat.Recall, 1e-6);
        }
    }

    [Fact]
    public void A_model_is_judged_like_a_scorer_with_the_same_scores()
    {
        var split = Splits.Random(TestData.Planted(101, 1500, 90, 4), .2);
        var model = IalsTrainer.Train(split.Train, new IalsSettings { Rank = 7, Epochs = 2 });
        var batch = Evaluation.Run(model, split, new EvaluationOptions { Threads = 2 });
        var single = Evaluation.Run((history, scores) =>
        {
            for (int i = 0; i < scores.Length; i++) scores[i] = TestData.Score(model, history, i);
        }, split, new EvaluationOptions { Threads = 1 });
        Assert.Equal(single.Recall, batch.Recall, 1e-3);
        Assert.Equal(single.Ndcg, batch.Ndcg, 1e-3);
        Assert.InRange(batch.Recall, .03, 1); // By chance: .013.
        var again = Evaluation.Run(model, split, new EvaluationOptions { Threads = 1 });
        Assert.Equal(again.RecallByUser, batch.RecallByUser);
        Assert.Equal(again.RecallInterval, batch.RecallInterval);
    }

    [Fact]
    public void Intervals_hold_the_mean_and_shrink_with_more_users()
    {
        var few = Splits.Random(TestData.Planted(60, 80, 10, 4), .2);
        var many = Splits.Random(TestData.Planted(2000, 80, 10, 4), .2);
        var options = new EvaluationOptions { K = 5 };
        var a = Evaluation.Run(new PopularitySettings().Train(few.Train), few, options);
        var b = Evaluation.Run(new PopularitySettings().Train(many.Train), many, options);
        Assert.InRange(a.Recall, a.RecallInterval.Low, a.RecallInterval.High);
        Assert.InRange(b.Recall, b.RecallInterval.Low, b.RecallInterval.High);
        Assert.True(b.RecallInterval.High - b.RecallInterval.Low < (a.RecallInterval.High - a.RecallInterval.Low) / 2);
    }

    [Fact]
    public void Popularity_reaches_the_published_digits_on_amazon_electronics()
    {
        var split = TestData.FixedSplit("amazon-electronics-m1");
        var result = Evaluation.Run(new PopularitySettings().Train(split.Train), split);
        Assert.Equal(.0893, result.Recall, .00005);
        Assert.Equal(.0490, result.Ndcg, .00005);
    }

    [Fact]
    public void Ease_reaches_the_published_digits_on_amazon_electronics()
    {
        var split = TestData.FixedSplit("amazon-electronics-m1");
        using var ease = Ease.Train(split.Train, 200, 2);
        var result = Evaluation.Run(ease.Score, split);
        Assert.Equal(.1332, result.Recall, .00005);
        Assert.Equal(.0820, result.Ndcg, .00005);
    }

    [Theory]
    [InlineData("ials", .132), InlineData("neighbourhood", .134), InlineData("ridge", .132)]
    public void Learners_reach_what_they_should_on_amazon_electronics(string learner, double recall)
    {
        var split = TestData.FixedSplit("amazon-electronics-m1");
        LearnerSettings settings = learner switch
        {
            "ials" => new IalsSettings { Rank = 64, Alpha0 = .1, Lambda = .03 },
            "ridge" => new SpectralSettings { Rank = 128, SpectralShare = 0, Alpha0 = .1, Lambda = .03 },
            _ => new NeighbourhoodSettings(),
        };
        Assert.InRange(Evaluation.Run(settings.Train(split.Train), split).Recall, recall, .2);
    }

    [Fact]
    public void Recent_popularity_halves_with_each_half_life()
    {
        TimedEntry[] events = [new(new(0, 0), 0), new(new(1, 0), 0), new(new(0, 1), 10), new(new(0, 2, 4, 0), 10)];
        float[] Of(double halfLife) => new PopularitySettings
        {
            HalfLife =
            halfLife
        }.Train(InteractionMatrix.BuildTimed(2, 3, events)).ItemFactors.ToArray();
        Assert.Equal([1, 1, 0], Of(1));
        Assert.Equal([.5f, 1, 0], Of(.5));
        Assert.Equal([2, 1, 0], Of(0));
        var timeless = InteractionMatrix.Build(2, 3, events.Select(e => e.Entry));
        Assert.Equal([1, .5f, 0], new PopularitySettings { HalfLife = 1 }.Train(timeless).ItemFactors.ToArray());
    }
}
