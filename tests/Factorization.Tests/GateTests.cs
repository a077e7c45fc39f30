using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners.Ials;

namespace Recommender.Factorization.Tests;

public sealed class GateTests
{
    private static EvaluationResult Result(double ndcg, double recall = .2, int users = 100) =>
        new() { K = 20, Users = users, Ndcg = ndcg, Recall = recall };

    [Theory]
    [InlineData(.10, .10, true), InlineData(.0981, .10, true), InlineData(.0979, .10, false), InlineData(.2, .10, true)]
    public void A_model_may_be_worse_by_the_tolerance_and_no_more(double candidate, double serving, bool released)
    {
        var decision = ReleaseGate.Decide(Result(candidate), Result(serving), Result(.01), tolerance: .02);
        Assert.Equal(released, decision.Release);
        Assert.StartsWith(released ? "Released" : "Rejected", decision.Reason);
    }

    [Fact]
    public void Worse_recall_rejects_too_and_the_reason_has_the_numbers()
    {
        var decision = ReleaseGate.Decide(Result(.1, .15), Result(.1, .2), Result(.01));
        Assert.False(decision.Release);
        Assert.Contains("Recall@20 0.1500", decision.Reason);
        Assert.Contains("0.2000", decision.Reason);
    }

    [Fact]
    public void What_popularity_does_as_well_is_not_released_unless_it_is_popularity()
    {
        Assert.False(ReleaseGate.Decide(Result(.05), null, Result(.05)).Release);
        Assert.True(ReleaseGate.Decide(Result(.05), null, Result(.05), candidateIsPopularity: true).Release);
        Assert.True(ReleaseGate.Decide(Result(.051), null, Result(.05)).Release);
    }

    [Fact]
    public void Without_a_holdout_only_a_first_model_passes()
    {
        Assert.True(ReleaseGate.Decide(Result(0, users: 0), null, Result(0, users: 0)).Release);
        Assert.False(ReleaseGate.Decide(Result(0, users: 0), Result(0, users: 0), Result(0, users: 0)).Release);
    }

    [Fact]
    public void Results_of_different_holdouts_are_not_compared()
    {
        Assert.Throws<ArgumentException>(() => ReleaseGate.Decide(Result(.1), Result(.1, users: 99), Result(.05)));
    }

    [Fact]
    public void Distributions_drift_from_nothing_to_all()
    {
        Assert.Equal(0, Drift.Distribution([1, 2, 3], [10, 20, 30]), 1e-7);
        Assert.Equal(1, Drift.Distribution([1, 0], [0, 5]), 1e-7);
        Assert.InRange(Drift.Distribution([1, 1], [1, 2]), .05, .3);
        Assert.Equal(1, Drift.Distribution([0, 0], [1, 0]));
        Assert.Equal(0, Drift.Distribution([0, 0], [0, 0]));
    }

    [Fact]
    public void What_chance_makes_of_few_events_is_no_drift()
    {
        var random = new Random(5);
        double[] Sample(int events, int cells, int from = 0)
        {
            var counts = new double[cells];
            for (int e = 0; e < events; e++) counts[from + random.Next(cells - from)]++;
            return counts;
        }

        var before = Sample(20_000, 50);
        Assert.InRange(Drift.Distribution(before, Sample(100, 50)), .2, .5);
        Assert.InRange(Enumerable.Range(0, 20).Average(_ => Drift.BeyondChance(before, Sample(100, 50))), 0, .18);
        Assert.InRange(Drift.BeyondChance(before, Sample(100, 50, from: 25)), .4, .7);
        Assert.Equal(1, Drift.BeyondChance([0, 0], [1, 0]));
    }

    [Fact]
    public void Factors_of_like_data_drift_less_than_those_of_other_data()
    {
        var settings = new IalsSettings { Rank = 8, Epochs = 4, Alpha0 = .1, Lambda = .02 };
        var pairs = Enumerable.Range(0, 60).Select(i => (i, i)).ToArray();
        var model = settings.Train(TestData.Planted(300, 60, 12, 1));
        var like = settings.Train(TestData.Planted(300, 60, 12, 2));
        var other = settings.Train(TestData.Planted(300, 60, 12, 1, tastes: 7));
        Assert.Equal(0, Drift.Factors(model, model, pairs));
        Assert.True(Drift.Factors(model, like, pairs) < Drift.Factors(model, other, pairs) - .1);
    }
}
