using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Ials;

namespace Recommender.Factorization.Tests;

public sealed class IalsTests
{
    [Fact]
    public void On_a_checkerboard_the_missing_square_comes_first()
    {
        var board = TestData.Checkerboard();
        var model = IalsTrainer.Train(board, new IalsSettings { Rank = 2, Alpha0 = .1, Lambda = .001 });
        for (int u = 0; u < board.UserCount; u++)
        {
            var history = board.Users.History(u);
            var scores = Enumerable.Range(0, board.ItemCount).Select(i => TestData.Score(model, history, i)).ToArray();
            int best = Enumerable.Range(0, board.ItemCount).Except(board.Users.Row(u).ToArray()).MaxBy(i => scores[i]);
            Assert.Equal(u, best);
            Assert.InRange(scores[u], .5, 1.1);
            Assert.InRange(scores[(u + 1) % board.ItemCount], -.2, .2);
        }
    }

    [Theory]
    [InlineData(1, 0), InlineData(1, .4), InlineData(.5, 0), InlineData(0, .2)]
    public void The_loss_never_rises_after_a_half_step(double nu, double damping)
    {
        var data = TestData.Planted(80, 50, 12, 1, weighted: true);
        var settings = new IalsSettings { Rank = 9, Alpha0 = .1, Lambda = .02, Nu = nu, Damping = damping };
        var weights = IalsTrainer.ItemWeights(data, damping);
        var items = IalsTrainer.Normal(50, 9, .1, 3);
        var users = IalsTrainer.Normal(80, 9, .1, 4);
        double before = IalsTrainer.Loss(data, settings, users, items), first = before;
        for (int epoch = 0; epoch < 6; epoch++)
        {
            // The loss is equal in any axes if both sides are rotated; the side that is solved again need not be.
            var gram = Dense.ToPrincipalAxes(items, 50, 9, 1, default);
            IalsTrainer.HalfStep(data.Users, items, gram, 50, settings, weights, null, users, 1, default);
            double after = IalsTrainer.Loss(data, settings, users, items);
            Assert.True(after <= before * (1 + 1e-6), $"Users, epoch {epoch}: {before} to {after}.");
            before = after;
            gram = Dense.ToPrincipalAxes(users, 80, 9, 1, default);
            IalsTrainer.HalfStep(data.Items, users, gram, 80, settings, null, weights, items, 1, default);
            after = IalsTrainer.Loss(data, settings, users, items);
            Assert.True(after <= before * (1 + 1e-6), $"Items, epoch {epoch}: {before} to {after}.");
            before = after;
        }

        Assert.True(before < .8 * first);
    }

    [Fact]
    public void A_half_step_is_the_minimum_of_the_loss_in_every_direction()
    {
        var data = TestData.Planted(30, 20, 8, 1, weighted: true);
        var settings = new IalsSettings { Rank = 4, Alpha0 = .2, Lambda = .05, Damping = .3, Epochs = 2 };
        var model = IalsTrainer.Train(data, settings);
        var users = IalsTrainer.Users(model, data);
        var items = model.ItemFactors.ToArray();
        double least = IalsTrainer.Loss(data, settings, users, items);
        for (int at = 0; at < users.Length; at += 3)
        {
            foreach (float step in new[] { -.01f, .01f })
            {
                users[at] += step;
                Assert.True(IalsTrainer.Loss(data, settings, users, items) > least);
                users[at] -= step;
            }
        }
    }

    [Fact]
    public void Folding_in_equals_one_more_half_step()
    {
        var data = TestData.Planted(70, 40, 30, 2, weighted: true); // More and fewer entries than the rank.
        var model = IalsTrainer.Train(data, new IalsSettings { Rank = 18, Epochs = 3, Damping = .2 });
        var users = IalsTrainer.Users(model, data, threads: 2);
        var factor = new float[18];
        for (int u = 0; u < 70; u++)
        {
            model.FoldIn(data.Users.History(u), factor);
            Assert.Equal(users[(u * 18)..((u + 1) * 18)], factor);
        }
    }

    [Fact]
    public void A_negative_lowers_the_score_of_the_item_and_its_like()
    {
        var board = TestData.Checkerboard();
        var model = IalsTrainer.Train(board, new IalsSettings { Rank = 6, Alpha0 = .1, Lambda = .01 });
        HistoryEntry[] liked = [new(0, 1, 1), new(2, 1, 1)];
        HistoryEntry[] disliked = [.. liked, new(4, 5, 0)];
        Assert.True(TestData.Score(model, disliked, 4) < TestData.Score(model, liked, 4));
        Assert.True(TestData.Score(model, disliked, 6) < TestData.Score(model, liked, 6));
    }

    [Fact]
    public void A_heavier_weight_raises_the_score_of_the_item_and_its_like()
    {
        var board = TestData.Checkerboard();
        var model = IalsTrainer.Train(board, new IalsSettings { Rank = 6, Alpha0 = .1, Lambda = .01 });
        Assert.True(TestData.Score(model, [new(0, 4, 1), new(1, 1, 1)], 6) > TestData.Score(model, [new(0, 1, 1), new(1, 1, 1)], 6));
        Assert.True(TestData.Score(model, [new(0, 1, 1), new(1, 4, 1)], 6) < TestData.Score(model, [new(0, 1, 1), new(1, 1, 1)], 6));
    }

    [Fact]
    public void Items_nobody_touched_have_the_zero_factor()
    {
        var model = IalsTrainer.Train(InteractionMatrix.Build(3, 4, [new(0, 0), new(1, 0), new(1, 2)]), new IalsSettings { Rank = 2 });
        Assert.All(model.ItemFactors.ToArray()[2..4], f => Assert.Equal(0, f));
    }

    [Fact]
    public void A_warm_start_begins_where_the_model_ended()
    {
        var data = TestData.Planted(150, 60, 12, 5);
        var settings = new IalsSettings { Rank = 10, Alpha0 = .1, Lambda = .02, Epochs = 1 };
        var trained = IalsTrainer.Train(data, settings with { Epochs = 12 });
        double Loss(IalsModel m) => IalsTrainer.Loss(data, settings, IalsTrainer.Users(m, data), m.ItemFactors.ToArray());
        var warm = IalsTrainer.Train(data, settings, new TrainOptions { WarmStart = trained.ItemFactors.ToArray() });
        Assert.True(Loss(warm) <= Loss(trained) * 1.00001);
        Assert.True(Loss(IalsTrainer.Train(data, settings)) > Loss(trained) * 1.001);
        Assert.Contains("warm start", Assert.Throws<ArgumentException>(() =>
            IalsTrainer.Train(data, settings, new TrainOptions { WarmStart = new float[3] })).Message);
    }

    [Fact]
    public void Training_stops_when_told_to()
    {
        var data = TestData.Planted(50, 30, 6, 5);
        var settings = new IalsSettings { Rank = 5, Epochs = 9 };
        var epochs = new List<int>();
        var model = IalsTrainer.Train(data, settings,
            new TrainOptions { StopAfter = (epoch, _) => { epochs.Add(epoch); return epoch == 3; } });
        Assert.Equal([1, 2, 3], epochs);
        Assert.Equal(TestData.Bytes(IalsTrainer.Train(data, settings with { Epochs = 3 })), TestData.Bytes(model));
    }

    [Theory]
    [InlineData("Rank", 0, "Rank"), InlineData("Rank", 3000, "Rank"), InlineData("Lambda", 0, "Lambda"),
        InlineData("Alpha0", -1, "Alpha0"), InlineData("Epochs", 0, "Epochs")]
    public void Bad_settings_are_named(string setting, double value, string named)
    {
        var settings = setting switch
        {
            "Rank" => new IalsSettings { Rank = (int)value },
            "Lambda" => new IalsSettings { Lambda = value },
            "Alpha0" => new IalsSettings { Alpha0 = value },
            _ => new IalsSettings { Epochs = (int)value },
        };
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => settings.Validate()).Message);
    }

    [Fact]
    public void Item_factors_from_elsewhere_fold_users_in_as_the_formula_says()
    {
        // One axis, two items: w = Σ c·h / (α0·Σh² + Σ c·h² + λ(Σc + α0·n)^ν).
        var model = IalsTrainer.FromItemFactors([2, -1], new IalsSettings { Rank = 1, Alpha0 = .5, Lambda = .1 });
        double w = 3 * 2 / (.5 * 5 + 3 * 4 + .1 * (3 + .5 * 2));
        Assert.Equal(2 * w, TestData.Score(model, [new(0, 3, 1)], 0), 1e-5);
        Assert.Equal(-w, TestData.Score(model, [new(0, 3, 1)], 1), 1e-5);
        Assert.Throws<ArgumentException>(() => IalsTrainer.FromItemFactors([1, 2, 3], new IalsSettings { Rank = 2 }));
        Assert.Throws<ArgumentException>(() => IalsTrainer.FromItemFactors([1, float.NaN], new IalsSettings { Rank = 2 }));
    }
}
