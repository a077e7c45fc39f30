using MathNet.Numerics.LinearAlgebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Tests;

public sealed class CompressedTests
{
    private static readonly InteractionMatrix s_data = TestData.Planted(150, 60, 14, 7, weighted: true);

    private static readonly SumSettings s_long = new()
    {
        First = new IalsSettings { Rank = 8, Epochs = 3, Alpha0 = .05, Lambda = .02 },
        Second = new SpectralSettings { Rank = 7, SpectralShare = .3 },
        Weight = .5,
    };

    [Theory, InlineData(1), InlineData(4), InlineData(9), InlineData(14)]
    public void No_model_of_its_length_has_scores_nearer_to_the_other_learners(int rank)
    {
        var full = Scores(s_long.Train(s_data));
        var singular = full.Svd(computeVectors: false).S;
        double least = singular.Skip(rank).Sum(s => s * s), all = singular.Sum(s => s * s);
        double error = Math.Pow((Scores(new CompressedSettings { Of = s_long, Rank = rank }.Train(s_data)) - full).FrobeniusNorm(), 2);
        Assert.InRange(error, least * (1 - 1e-3) - 1e-6 * all, least * (1 + 1e-3) + 1e-6 * all);
        Assert.True(rank > 9 || least > 1e-4 * all, "Nothing was left out: the test says nothing.");
    }

    [Theory, InlineData(15), InlineData(20)]
    public void At_full_length_and_beyond_nothing_is_lost(int rank)
    {
        var full = Scores(s_long.Train(s_data));
        var model = new CompressedSettings { Of = s_long, Rank = rank }.Train(s_data);
        Assert.Equal(rank, model.Rank);
        Assert.True((Scores(model) - full).FrobeniusNorm() < 1e-4 * full.FrobeniusNorm());
    }

    [Fact]
    public void Axes_that_no_user_has_are_left_out()
    {
        // A learner of rank 3 followed by itself: six numbers on three axes.
        var short3 = new SpectralSettings { Rank = 3, SpectralShare = 1 };
        var twice = new SumSettings { First = short3, Second = short3, Weight = 1 };
        var full = Scores(twice.Train(s_data));
        Assert.True((Scores(new CompressedSettings { Of = twice, Rank = 3 }.Train(s_data))
            - full).FrobeniusNorm() < 1e-3 * full.FrobeniusNorm());
    }

    [Fact]
    public void Only_what_folding_in_needs_is_kept_of_the_other_model()
    {
        var model = (CompressedModel)new CompressedSettings { Of = s_long, Rank = 8 }.Train(s_data);
        var read = (CompressedModel)Model.Read(new MemoryStream(TestData.Bytes(model)));
        foreach (var of in new[] { model.Of, read.Of })
        {
            Assert.True(of.ItemFactors.IsEmpty);
            Assert.True(((SumModel)of).Second.ItemFactors.IsEmpty);
            Assert.Contains("missing", Assert.Throws<InvalidDataException>(() => Model.Read(new MemoryStream(TestData.Bytes(of)))).Message);
        }
    }

    [Fact]
    public void What_cannot_be_compressed_is_refused_by_name()
    {
        Assert.Contains("Of is HybridSettings", Assert.Throws<ArgumentException>(() =>
            new CompressedSettings { Of = new HybridSettings() }.Validate()).Message);
        Assert.Contains("Rank is 0", Assert.Throws<ArgumentException>(() => new CompressedSettings { Rank = 0 }.Validate()).Message);
    }

    private static Matrix<double> Scores(Model model) =>
        Matrix<double>.Build.Dense(s_data.UserCount, s_data.ItemCount, (u, i) => TestData.Score(model, s_data.Users.History(u), i));
}
