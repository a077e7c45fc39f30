using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;
using Recommender.Storage.Events;
using Recommender.Trainer.Events;
using Recommender.Trainer.Learning;

namespace Recommender.Trainer.Tests.Learning;

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

    private static readonly string[] s_types = ["view", "purchase", "rating", "like", "dislike"];

    private static TrainingData Valued(IReadOnlyList<(int User, int Item, string Type, double? Value)> events) => TrainingData.Build(
        new InteractionLog
        {
            UserKeys = [.. events.Select(e => 10 + e.User)],
            ItemKeys = [.. events.Select(e => 100 + e.Item)],
            TypeIds = [.. events.Select(e => (short)Array.IndexOf(s_types, e.Type))],
            Values = [.. events.Select(e => (float)(e.Value ?? double.NaN))],
            OccurredAtMs = [.. events.Select((_, n) => n * 1000L)],
        },
        Enumerable.Range(0, 40).ToDictionary(i => 100 + i, i => $"item-{i:00}"), s_types, EventWeights.Default);

    [Fact]
    public void Training_weighs_events_as_fold_in_does()
    {
        var random = new Random(8);
        (int User, int Item, string Type, double? Value)[] events =
            [.. Enumerable.Range(0, 3000)
                .Select(_ => (random.Next(20), random.Next(30), s_types[random.Next(5)], random.Next(4) == 0 ? (double?)null
                : random.Next(-3, 6)))];
        var data = Valued(events);
        var matrix = data.Preferences(events.Length);
        var users = events.Select(e => e.User).Distinct().ToList();
        for (int user = 0; user < users.Count; user++)
        {
            var history = events.Select((e, n) => (e, n)).Where(x => x.e.User == users[user])
                .Select(x => new StoredEvent(100 + x.e.Item, (short)Array.IndexOf(s_types, x.e.Type), (float)(x.e.Value ?? double.NaN),
                    x.n * 1000L)).ToList();
            var records = new HistoryBuilder(EventWeights.Default, s_types, 1000).Build(history).OrderBy(r => r.ItemKey).ToArray();
            Assert.Equal(records.Select(r => r.ItemKey), matrix.Users.Row(user).ToArray().Select(item => data.ItemKeys[item]));
            var trained = matrix.Users.History(user);
            for (int i = 0; i < records.Length; i++)
            {
                Assert.Equal(records[i].Weight, trained[i].Weight, 1e-4f);
                Assert.Equal(records[i].Target, trained[i].Target, 1e-4f);
            }
        }
    }

    [Fact]
    public void What_was_cancelled_is_neither_learned_nor_foretold()
    {
        var before = Enumerable.Range(0, 90).Select(n => (n % 10, n % 30, "view", (double?)null));
        (int User, int Item, string Type, double? Value)[] window =
        [
            (0, 35, "purchase", 6), (0, 35, "purchase", -6), (0, 36, "purchase", 6), (1, 37, "like", -1), (1, 38, "like", 1),
                (2, 39, "rating", 5), (2, 39, "rating", 1),
            (3, 39, "rating", 1), (3, 39, "rating", 5), (4, 34, "dislike", null),
        ];
        var data = Valued([.. before, .. window]);
        var holdout = TimeWindows.Holdout(data, .1);
        Assert.Equal([36, 38, 39], holdout.Test.Columns.Select(item => data.ItemKeys[item] - 100));
        var learned = data.Preferences(data.Events);
        int cancelled = Array.IndexOf(data.ItemKeys, 135);
        Assert.DoesNotContain(cancelled, learned.Users.Row(0).ToArray());
        Assert.Contains(Array.IndexOf(data.ItemKeys, 136), learned.Users.Row(0).ToArray());
    }
}
