using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Ials;

namespace Recommender.Factorization.Tests;

public sealed unsafe class BlockSolverTests
{
    private const int Rank = 272; // Blocks of 64 and a rest.

    /// <summary>Histories of 150 to 300 of 400 items: all are solved in blocks.</summary>
    private static readonly InteractionMatrix s_data = TestData.Planted(300, 400, 300, 1, weighted: true, tastes: 2);

    private static readonly IalsSettings s_settings = new() { Rank = Rank, Alpha0 = .1, Lambda = .02, Epochs = 3 };

    [Fact]
    public void The_loss_never_rises_and_nears_that_of_exact_steps()
    {
        Assert.True(BlockSolver.IsWorthwhile(s_data.Users, Rank));
        var weights = IalsTrainer.ItemWeights(s_data, 0);
        var items = IalsTrainer.Normal(400, Rank, .02, 3);
        var gram = Dense.ToPrincipalAxes(items, 400, Rank, 1, default);
        var exact = new float[300 * Rank];
        IalsTrainer.HalfStep(s_data.Users, items, gram, 400, s_settings, weights, null, exact, 1, default);
        var blocks = IalsTrainer.Normal(300, Rank, .02, 4);
        double before = IalsTrainer.Loss(s_data, s_settings, blocks, items), least = IalsTrainer.Loss(s_data, s_settings, exact, items),
            first = before - least;
        for (int step = 0; step < 8; step++)
        {
            IalsTrainer.HalfStep(s_data.Users, items, gram, 400, s_settings, weights, null, blocks, 1, default, improve: true);
            double after = IalsTrainer.Loss(s_data, s_settings, blocks, items);
            Assert.InRange(after, least * (1 - 1e-6), before * (1 + 1e-6));
            before = after;
        }

        Assert.NotEqual(exact, blocks);
        Assert.True(before - least < .01 * first, $"{first} to {before - least}");
    }

    [Fact]
    public void Training_by_blocks_ends_at_the_loss_of_exact_training()
    {
        var model = IalsTrainer.Train(s_data, s_settings with { Epochs = 8 });
        double byBlocks = IalsTrainer.Loss(s_data, s_settings, IalsTrainer.Users(model, s_data), model.ItemFactors.ToArray());
        Assert.InRange(byBlocks, 0, 1.01 * LossOfExactTraining(8));
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var one = TestData.Bytes(s_settings.Train(s_data, new TrainOptions { Threads = 1 }, TestContext.Current.CancellationToken));
        Assert.Equal(one, TestData.Bytes(s_settings.Train(s_data, new TrainOptions { Threads = 3 },
            TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Short_histories_and_short_factors_are_solved_at_once()
    {
        Assert.False(BlockSolver.IsWorthwhile(s_data.Users, 128));
        Assert.False(BlockSolver.IsWorthwhile(TestData.Planted(300, 400, 20, 1).Users, 512));
        Assert.False(BlockSolver.IsWorthwhile(30, 1024));
        Assert.True(BlockSolver.IsWorthwhile(500, 512));
    }

    private static double LossOfExactTraining(int epochs)
    {
        var weights = IalsTrainer.ItemWeights(s_data, 0);
        var items = IalsTrainer.Normal(400, Rank, .1 / Math.Sqrt(Rank), s_settings.Seed);
        var users = new float[300 * Rank];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            var gram = Dense.ToPrincipalAxes(items, 400, Rank, 1, default);
            IalsTrainer.HalfStep(s_data.Users, items, gram, 400, s_settings, weights, null, users, 1, default);
            gram = Dense.ToPrincipalAxes(users, 300, Rank, 1, default);
            IalsTrainer.HalfStep(s_data.Items, users, gram, 300, s_settings, null, weights, items, 1, default);
        }

        var axes = Dense.ToPrincipalAxes(items, 400, Rank, 1, default);
        IalsTrainer.HalfStep(s_data.Users, items, axes, 400, s_settings, weights, null, users, 1, default);
        return IalsTrainer.Loss(s_data, s_settings, users, items);
    }
}
