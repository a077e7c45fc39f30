using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Rp3Beta;

namespace Recommender.Factorization.Tests;

/// <summary>RP3beta beyond what the contract tests ask of every learner.</summary>
public sealed class Rp3BetaTests
{
    // Users 0..2 with items {0, 1}, {0, 1, 2} and {0}.
    private static readonly InteractionMatrix s_data =
        InteractionMatrix.Build(3, 3, [new(0, 0), new(0, 1), new(1, 0), new(1, 1), new(1, 2), new(2, 0)]);

    [Fact]
    public void Strengths_are_those_of_the_formula()
    {
        var settings = new Rp3BetaSettings { Alpha = .5, Beta = .25, NormalizesRows = false };
        var neighbours = ((NeighbourhoodModel)settings.Train(s_data)).Neighbours;
        double Walk(int from, int to, params int[] userLengths) =>
            Math.Pow(s_data.Items.Length(from), -.5) * userLengths.Sum(n => Math.Pow(n, -.5)) / Math.Pow(s_data.Items.Length(to), .25);
        double[] expected = [Walk(0, 1, 2, 3), Walk(0, 2, 3), Walk(1, 0, 2, 3), Walk(1, 2, 3), Walk(2, 0, 3), Walk(2, 1, 3)];
        float[] found = [neighbours.Strength(0, 1), neighbours.Strength(0, 2), neighbours.Strength(1, 0), neighbours.Strength(1, 2),
            neighbours.Strength(2, 0), neighbours.Strength(2, 1)];
        // All are divided by the largest, and written in half precision.
        for (int n = 0; n < found.Length; n++) Assert.Equal(expected[n] / expected.Max(), found[n], 1e-3);
    }

    [Fact]
    public void Normalized_rows_sum_to_one_and_only_the_strongest_stay()
    {
        var neighbours = ((NeighbourhoodModel)new Rp3BetaSettings { Neighbours = 1 }.Train(s_data)).Neighbours;
        Assert.Equal([1], neighbours.Of(0).ToArray());
        for (int item = 0; item < 3; item++) Assert.Equal(1, neighbours.StrengthsOf(item).ToArray().Sum(), 1e-3);
    }

    [Fact]
    public void Is_no_part_of_a_sum_of_factors()
    {
        var parts = new Rp3BetaSettings();
        Assert.Throws<ArgumentException>(new SumSettings { First = parts }.Validate);
        Assert.Throws<ArgumentException>(new HybridSettings { Factors = parts }.Validate);
        Assert.Throws<ArgumentException>(new CompressedSettings { Of = parts }.Validate);
        new RecencySettings { Of = parts }.Validate();
    }

    [Fact]
    public void Settings_out_of_range_are_named()
    {
        foreach (var (settings, name) in new (LearnerSettings, string)[]
        {
            (new Rp3BetaSettings { Neighbours = 0 }, "Neighbours"), (new Rp3BetaSettings { Alpha = -1 }, "Alpha"),
            (new Rp3BetaSettings { Beta = 2 }, "Beta"),
        })
        {
            Assert.Contains(name, Assert.Throws<ArgumentException>(settings.Validate).Message, StringComparison.Ordinal);
        }
    }
}
