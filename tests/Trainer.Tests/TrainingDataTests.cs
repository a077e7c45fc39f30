using Recommender.Factorization;
using Recommender.Factorization.Judging;
using Recommender.Storage;

namespace Recommender.Trainer.Tests;

public class TrainingDataTests
{
    /// <summary>Events of (user, item) at one second after the other.</summary>
    private static TrainingData Data(params (int User, int Item)[] events) => TrainingData.Build(
        new InteractionLog
        {
            UserKeys = [.. events.Select(e => 10 + e.User)],
            ItemKeys = [.. events.Select(e => 100 + e.Item)],
            TypeIds = new short[events.Length],
            Values = [.. events.Select(_ => float.NaN)],
            OccurredAtMs = [.. events.Select((_, n) => n * 1000L)],
        },
        Enumerable.Range(0, 40).ToDictionary(i => 100 + i, i => $"item-{i:00}"), ["view"], EventWeights.Create());

    [Fact]
    public void The_search_judges_by_several_windows_each_foretold_from_what_was_before_it()
    {
        var random = new Random(3);
        var events = Enumerable.Range(0, 1000).Select(_ => (random.Next(30), random.Next(40))).ToArray();
        var data = Data(events);
        var holdouts = TimeWindows.Holdouts(data, .15);
        Assert.Equal(4, holdouts.Count);
        for (int h = 0; h < 4; h++)
        {
            int end = 1000 - 100 * h, cut = end - 150;
            var before = events[..cut].Distinct().ToHashSet();
            Assert.Equal(before.Count, holdouts[h].Train.Count);
            Assert.Equal(events[cut..end].Where(e => !before.Contains(e)).Distinct().Count(), holdouts[h].Test.Columns.Length);
        }

        Assert.Equal(holdouts[0].Test.Columns, TimeWindows.Holdout(data, .15).Test.Columns);
    }

    [Fact]
    public void Where_users_come_once_the_last_item_of_each_visit_is_foretold_from_the_rest()
    {
        // Visits of four items, one after the other.
        var events = Enumerable.Range(0, 100).SelectMany(u => Enumerable.Range(0, 4).Select(n => (u, (u + n) % 40))).ToArray();
        var holdout = TimeWindows.Holdout(Data(events), .1);
        for (int u = 0; u < 100; u++)
        {
            Assert.Equal(u < 90 ? 4 : 3, holdout.Train.Users.Length(u));
            Assert.Equal(u < 90 ? [] : [(u + 3) % 40], holdout.Test.Row(u).ToArray());
        }
    }
}
