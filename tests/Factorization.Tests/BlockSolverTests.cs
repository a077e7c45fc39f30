using Recommender.Factorization.Algebra;

namespace Recommender.Factorization.Tests;

public sealed unsafe class BlockSolverTests
{
    private const int Rank = 272; // Blocks of 64 and a rest.

    /// <summary>Histories of 150 to 300 of 400 items: all are solved in blocks.</summary>
    private static readonly InteractionMatrix Data = TestData.Planted(300, 400, 300, 1, weighted: true, tastes: 2);

    private static readonly IalsSettings Settings = new() { Rank = Rank, Alpha0 = .1, Lambda = .02, Epochs = 3 };

    [Fact]
    public void The_loss_never_rises_and_nears_that_of_exact_steps()
    {
        Assert.True(BlockSolver.Pays(Data.Users, Rank));
        var weights = Ials.ItemWeights(Data, 0);
        var items = Ials.Normal(400, Rank, .02, 3);
        var gram = Dense.ToPrincipalAxes(items, 400, Rank, 1, default);
        var exact = new float[300 * Rank];
        Ials.HalfStep(Data.Users, items, gram, 400, Settings, weights, null, exact, 1, default);
        var blocks = Ials.Normal(300, Rank, .02, 4);
        double before = Ials.Loss(Data, Settings, blocks, items), least = Ials.Loss(Data, Settings, exact, items), first = before - least;
        for (int step = 0; step < 8; step++)
        {
            Ials.HalfStep(Data.Users, items, gram, 400, Settings, weights, null, blocks, 1, default, improve: true);
            double after = Ials.Loss(Data, Settings, blocks, items);
            Assert.InRange(after, least * (1 - 1e-6), before * (1 + 1e-6));
            before = after;
        }

        Assert.NotEqual(exact, blocks);
        Assert.True(before - least < .01 * first, $"{first} to {before - least}");
    }

    [Fact]
    public void Training_by_blocks_ends_at_the_loss_of_exact_training()
    {
        var model = Ials.Train(Data, Settings with { Epochs = 8 });
        double byBlocks = Ials.Loss(Data, Settings, Ials.Users(model, Data), model.ItemFactors.ToArray());
        Assert.InRange(byBlocks, 0, 1.01 * LossOfExactTraining(8));
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var one = TestData.Bytes(Settings.Train(Data, new TrainOptions { Threads = 1 }, TestContext.Current.CancellationToken));
        Assert.Equal(one, TestData.Bytes(Settings.Train(Data, new TrainOptions { Threads = 3 }, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Short_histories_and_short_factors_are_solved_at_once()
    {
        Assert.False(BlockSolver.Pays(Data.Users, 128));
        Assert.False(BlockSolver.Pays(TestData.Planted(300, 400, 20, 1).Users, 512));
        Assert.False(BlockSolver.Pays(30, 1024));
        Assert.True(BlockSolver.Pays(500, 512));
    }

    private static double LossOfExactTraining(int epochs)
    {
        var weights = Ials.ItemWeights(Data, 0);
        var items = Ials.Normal(400, Rank, .1 / Math.Sqrt(Rank), Settings.Seed);
        var users = new float[300 * Rank];
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            var gram = Dense.ToPrincipalAxes(items, 400, Rank, 1, default);
            Ials.HalfStep(Data.Users, items, gram, 400, Settings, weights, null, users, 1, default);
            gram = Dense.ToPrincipalAxes(users, 300, Rank, 1, default);
            Ials.HalfStep(Data.Items, users, gram, 300, Settings, null, weights, items, 1, default);
        }

        var axes = Dense.ToPrincipalAxes(items, 400, Rank, 1, default);
        Ials.HalfStep(Data.Users, items, axes, 400, Settings, weights, null, users, 1, default);
        return Ials.Loss(Data, Settings, users, items);
    }
}
