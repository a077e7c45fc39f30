using Recommender.Experiments.Exploration;

namespace Recommender.Experiments.Tests;

public sealed class ExplorationTests
{
    /// <summary>By hand: scores 0 and ln 3 at temperature 1 give 1/4 and 3/4.</summary>
    [Fact]
    public void Softmax_agrees_with_a_hand_worked_one()
    {
        var probabilities = new double[2];
        ChoiceDistribution.Softmax([0, Math.Log(3)], 1, probabilities);
        Assert.Equal([0.25, 0.75], probabilities.Select(p => Math.Round(p, 12)));
    }

    /// <summary>By hand: a difference of 1 with a joint deviation of √2 is positive with probability Φ(1/√2) = .7602.</summary>
    [Fact]
    public void Thompson_shares_are_repeatable_and_near_the_normal_ones()
    {
        double[] one = new double[2], other = new double[2];
        ChoiceDistribution.Thompson([1, 0], [1, 1], 5, one);
        ChoiceDistribution.Thompson([1, 0], [1, 1], 5, other);
        Assert.Equal(one, other);
        Assert.InRange(one[0], 0.72, 0.80);
        Assert.Equal(1, one.Sum(), 12);
    }

    /// <summary>Each frequency lies within 3 standard errors of the logged probability.</summary>
    [Fact]
    public void Frequencies_are_the_propensities()
    {
        const int Draws = 100_000;
        double[] softmax = new double[4], thompson = new double[4];
        ChoiceDistribution.Softmax([0.1, 0.3, 0.2, 0.9], 0.5, softmax);
        ChoiceDistribution.Thompson([0.1, 0.3, 0.2, 0.9], [1, 0.2, 0.5, 0.3], 9, thompson);
        var random = new Random(3);
        foreach (double[] probabilities in (double[][])[softmax, thompson])
        {
            var counts = new int[4];
            for (int n = 0; n < Draws; n++) counts[ChoiceDistribution.Draw(probabilities, random.NextDouble())]++;
            for (int n = 0; n < 4; n++)
            {
                double p = probabilities[n], error = Math.Sqrt(p * (1 - p) / Draws);
                Assert.InRange(counts[n] / (double)Draws, p - 3 * error, p + 3 * error);
            }
        }
    }

    [Fact]
    public void Drawing_allocates_nothing()
    {
        double[] scores = [0.1, 0.3, 0.2], probabilities = new double[3];
        Choose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int n = 0; n < 100; n++) Choose();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Choose()
        {
            ChoiceDistribution.Softmax(scores, 0.5, probabilities);
            ChoiceDistribution.Thompson(scores, scores, 1, probabilities);
            ChoiceDistribution.Draw(probabilities, 0.5);
        }
    }

    [Fact]
    public void Rounding_never_draws_an_impossible_candidate() => Assert.Equal(1, ChoiceDistribution.Draw([0, 0.9999999, 0], 0.99999999));
}
