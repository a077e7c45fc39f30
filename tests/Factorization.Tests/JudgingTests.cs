using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;

namespace Recommender.Factorization.Tests;

public sealed class JudgingTests
{
    private const int Users = 40, Items = 300;

    private static TimedEntry[] Returning(int count = 2000)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(t => new TimedEntry(new Entry(random.Next(Users), random.Next(Items)), t))];
    }

    [Fact]
    public void Finals_end_half_way_between_the_hold_outs_and_learn_only_from_what_was_before()
    {
        var entries = Returning();
        var splits = TimeWindows.ForSearch(new TimedEntries(Users, Items, entries));
        Assert.Equal(4, splits.Holdouts.Count);
        Assert.Equal(4, splits.Finals.Count);
        for (int f = 0; f < 4; f++)
        {
            int end = 1900 - 200 * f, cut = end - 300;
            Assert.Equal(InteractionMatrix.BuildTimed(Users, Items, entries[..cut]).Users.Columns, splits.Finals[f].Train.Users.Columns);
            var later = entries[cut..end].Select(e => (e.Entry.User, e.Entry.Item)).ToHashSet();
            for (int u = 0; u < Users; u++) Assert.All(splits.Finals[f].Test.Row(u).ToArray(), i => Assert.Contains((u, i), later));
        }
    }

    [Fact]
    public void No_final_is_a_hold_out_of_the_same_data()
    {
        var timed = TimeWindows.ForSearch(new TimedEntries(Users, Items, Returning()));
        var random = RandomSplits.ForSearch(TestData.Planted(150, 60, 14, 7));
        foreach (var splits in new[] { timed, random })
            foreach (var final in splits.Finals)
                Assert.DoesNotContain(splits.Holdouts, h => h.Test.Columns.SequenceEqual(final.Test.Columns)
                    && h.Train.Users.Columns.SequenceEqual(final.Train.Users.Columns));
    }

    [Fact]
    public void The_order_in_which_entries_are_given_does_not_matter()
    {
        var entries = Returning();
        var inOrder = TimeWindows.Holdouts(new TimedEntries(Users, Items, entries));
        var reversed = TimeWindows.Holdouts(new TimedEntries(Users, Items, entries.Reverse()));
        for (int h = 0; h < 4; h++)
        {
            Assert.Equal(inOrder[h].Train.Users.Columns, reversed[h].Train.Users.Columns);
            Assert.Equal(inOrder[h].Test.Columns, reversed[h].Test.Columns);
        }
    }

    /// <summary>Twenty entries of one user, each on another item, at the given times: how many are learned from.</summary>
    [Theory]
    [InlineData(15, "15 at 1, 5 at 2")] // The cut divides no moment.
    [InlineData(18, "15 at 1, 3 at 2, 2 at 3")] // It falls within a moment: what belongs to it is learned from.
    [InlineData(10, "10 at 1, 10 at 2")] // Unless nothing were left to predict.
    [InlineData(19, "20 at 1")] // One moment has no past: the last of each user is predicted from the rest.
    public void Interactions_of_one_moment_stay_together(int learned, string times)
    {
        var moments = times.Split(", ").SelectMany(part =>
            Enumerable.Repeat(long.Parse(part.Split(" at ")[1], System.Globalization.CultureInfo.InvariantCulture),
            int.Parse(part.Split(" at ")[0], System.Globalization.CultureInfo.InvariantCulture)));
        var split = TimeWindows.Holdout(new TimedEntries(1, 20, moments.Select((time, item) => new TimedEntry(new Entry(0, item), time))),
            .2);
        Assert.Equal(learned, split.Train.Count);
        Assert.Equal(20 - learned, split.Test.Columns.Length);
    }

    [Fact]
    public void Only_positive_interactions_are_to_be_predicted()
    {
        var entries = Enumerable.Range(0, 20).Select(n => new TimedEntry(new Entry(0, n, 1, n % 2), n));
        Assert.Equal([17, 19], TimeWindows.Holdout(new TimedEntries(1, 20, entries), .2).Test.Columns);
    }

    [Fact]
    public void A_visit_of_one_item_is_learned_from_because_nothing_could_predict_it()
    {
        // Users who come once; every other one takes one item only.
        var entries = Enumerable.Range(0, 100).SelectMany(u => Enumerable.Range(0, u % 2 == 0 ? 1 : 3)
            .Select(n => new TimedEntry(new Entry(u, (u + n) % 50), u)));
        var split = TimeWindows.Holdout(new TimedEntries(100, 50, entries), .15);
        for (int u = 0; u < 100; u++) Assert.Equal(u % 2 == 0 ? 1 : split.Test.Length(u) == 1 ? 2 : 3, split.Train.Users.Length(u));
        Assert.InRange(split.Test.Columns.Length, 5, 10);
    }

    [Fact]
    public void Fewer_users_are_tested_where_fewer_are_enough_and_always_the_same()
    {
        var entries = new TimedEntries(Users, Items, Returning());
        var (all, some) = (TimeWindows.Holdout(entries, .15), TimeWindows.Holdout(entries, .15, maxUsers: 7));
        int[] tested = [.. Enumerable.Range(0, Users).Where(u => some.Test.Length(u) > 0)];
        Assert.Equal(7, tested.Length);
        Assert.All(tested, u => Assert.Equal(all.Test.Row(u).ToArray(), some.Test.Row(u).ToArray()));
        Assert.Equal(some.Test.Columns, TimeWindows.Holdout(entries, .15, maxUsers: 7).Test.Columns);
        Assert.Equal(all.Train.Count, some.Train.Count);
    }

    [Fact]
    public void Without_a_judgement_a_first_model_passes_and_no_other()
    {
        var first = ReleaseGate.DecideUnjudged(isModelInService: false);
        var second = ReleaseGate.DecideUnjudged(isModelInService: true);
        Assert.True(first.Release);
        Assert.StartsWith("Released unjudged", first.Reason);
        Assert.False(second.Release);
        Assert.StartsWith("Rejected", second.Reason);
    }
}
