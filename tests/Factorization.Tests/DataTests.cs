using Recommender.Factorization.Data;

namespace Recommender.Factorization.Tests;

public sealed class DataTests
{
    [Fact]
    public void Duplicates_become_one_entry_with_the_weighted_target()
    {
        var matrix = InteractionMatrix.Build(2, 3, [new(1, 2, 3, 1), new(0, 1), new(1, 2, 1, 0), new(1, 0, 2, 1)]);
        Assert.Equal(3, matrix.Count);
        Assert.Equal([new HistoryEntry(0, 2, 1), new HistoryEntry(2, 4, .75f)], matrix.Users.History(1));
        Assert.Equal([new HistoryEntry(1, 4, .75f)], matrix.Items.History(2));
        Assert.Equal([0], matrix.Items.Row(1).ToArray());
    }

    [Fact]
    public void All_ones_take_no_room()
    {
        var matrix = InteractionMatrix.Build(2, 2, [new(0, 0), new(1, 1)]);
        Assert.Null(matrix.Users.Weights);
        Assert.Null(matrix.Items.Targets);
    }

    [Fact]
    public void Bad_entries_are_named()
    {
        Assert.Contains("user 2", Assert.Throws<ArgumentException>(() => InteractionMatrix.Build(2, 2, [new(2, 0)])).Message);
        Assert.Contains("item -1", Assert.Throws<ArgumentException>(() => InteractionMatrix.Build(2, 2, [new(0, 0), new(0, -1)])).Message);
        Assert.Contains("weight 0", Assert.Throws<ArgumentException>(() => InteractionMatrix.Build(2, 2, [new(0, 0, 0)])).Message);
        Assert.Contains("target 2", Assert.Throws<ArgumentException>(() => InteractionMatrix.Build(2, 2, [new(0, 0, 1, 2)])).Message);
    }

    [Fact]
    public void A_temporal_split_tests_only_the_future_of_known_users()
    {
        TimedEntry[] events = [new(new(0, 0), 1), new(new(1, 1), 2), new(new(0, 2), 3), new(new(1, 1), 4), new(new(2, 0), 5),
            new(new(0, 1), 6)];
        var split = Splits.Temporal(3, 3, events, .5);
        // Cut at time 4: user 1's repeated item is in training, user 2 is unknown.
        Assert.Equal(3, split.Train.Count);
        Assert.Equal([1], split.Test.Row(0).ToArray());
        Assert.Single(split.Test.Columns);
    }

    [Fact]
    public void A_random_split_keeps_every_pair_once_and_repeats()
    {
        var data = TestData.Planted(200, 50, 10, 3, weighted: true);
        var split = Splits.Random(data, .2, seed: 5);
        Assert.Equal(data.Count, split.Train.Count + split.Test.Columns.Length);
        Assert.InRange(split.Test.Columns.Length / (double)data.Count, .12, .22); // Negatives stay.
        for (int u = 0; u < 200; u++) Assert.True(split.Train.Users.Length(u) > 0);
        Assert.Equal(split.Test.Columns, Splits.Random(data, .2, seed: 5).Test.Columns);
        Assert.NotEqual(split.Test.Columns, Splits.Random(data, .2, seed: 6).Test.Columns);
    }

    [Fact]
    public void Interactions_halve_with_each_half_life_and_no_pair_vanishes()
    {
        TimedEntry[] events = [new(new(0, 0, 2), 0), new(new(0, 0, 3, 0), 10), new(new(0, 1), 5), new(new(1, 1, 1), 0)];
        var matrix = InteractionMatrix.BuildTimed(2, 2, events);
        var aged = matrix.Aged(.5);
        Assert.Equal([2 * .25f + 3, .5f, .25f], aged.Users.Weights!);
        Assert.Equal([.5f / 3.5f, 1, 1], aged.Users.Targets!);
        Assert.Equal(matrix.Users.Columns, aged.Users.Columns);
        Assert.Same(matrix, matrix.Aged(0));
        Assert.All(matrix.Aged(1e-4).Users.Weights!, w => Assert.True(w > 0));
        var timeless = InteractionMatrix.Build(2, 2, events.Select(e => e.Entry));
        Assert.Same(timeless, timeless.Aged(.5));
    }
}
