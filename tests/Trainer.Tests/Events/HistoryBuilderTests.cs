using Recommender.FactorStore.Users;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.ServiceDefaults.Settings;
using Recommender.Storage.Events;
using Recommender.Trainer.Events;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Tests.Events;

public class HistoryBuilderTests
{
    private static readonly string[] s_types = ["view", "purchase", "return", "aging", "ignored"];

    private static readonly EventWeights s_weights = EventWeights.Create(new Dictionary<string, EventTypeSettings>
    {
        ["purchase"] = new() { Weight = 4 },
        ["return"] = new() { Weight = 4, Negative = true },
        ["aging"] = new() { Weight = 8, HalfLifeDays = 1 },
        ["ignored"] = new() { Weight = 0 },
    });

    private const long Day = 86_400_000;

    private static StoredEvent Event(int itemKey, string type, long atMs) =>
        new(itemKey, (short)Array.IndexOf(s_types, type), float.NaN, atMs);

    private static HistoryRecord[] Build(int limit, params StoredEvent[] events) =>
        new HistoryBuilder(s_weights, s_types, limit).Build(events);

    [Fact]
    public void Events_on_one_item_add_up()
    {
        var records = Build(10, Event(7, "view", 1_000), Event(7, "purchase", 2_000));
        Assert.Equal([new HistoryRecord(7, 5, 1, 2)], records);
    }

    private static RepeatRecord[] Repeats(params StoredEvent[] events) => new HistoryBuilder(s_weights, s_types, 10).BuildRepeats(events);

    [Fact]
    public void An_item_bought_twice_repeats_at_the_mean_interval()
    {
        Assert.Equal([new RepeatRecord(7, 3, 5 * 86_400, 10 * 86_400)],
            Repeats(Event(7, "purchase", 0), Event(8, "purchase", Day), Event(7, "view", Day), Event(7, "purchase", 2 * Day),
                Event(9, "view", 3 * Day), Event(9, "view", 5 * Day), Event(7, "purchase", 10 * Day), Event(7, "view", 11 * Day)));
    }

    [Fact]
    public void Purchases_within_a_day_are_one()
    {
        Assert.Empty(Repeats(Event(7, "purchase", 0), Event(7, "purchase", Day - 1)));
        Assert.Equal([new RepeatRecord(7, 2, 86_400, 86_400)], Repeats(Event(7, "purchase", 0), Event(7, "purchase", Day)));
        Assert.Equal([new RepeatRecord(7, 2, 86_400, 90_000)],
            Repeats(Event(7, "purchase", 0), Event(7, "purchase", Day), Event(7, "purchase", Day + 3_600_000)));
    }

    [Fact]
    public void A_purchase_that_was_taken_back_is_none()
    {
        var quantities = EventWeights.Create();
        StoredEvent Bought(long atMs, float quantity) => new(7, 1, quantity, atMs);
        var builder = new HistoryBuilder(quantities, ["view", "purchase"], 10);
        Assert.Single(builder.BuildRepeats([Bought(0, 6), Bought(2 * Day, 3)]));
        Assert.Empty(builder.BuildRepeats([Bought(0, 6), Bought(2 * Day, 3), Bought(3 * Day, -9)]));
    }

    [Fact]
    public void The_items_with_the_most_purchases_repeat()
    {
        var events = Enumerable.Range(1, 70).SelectMany(key => Enumerable.Range(0, key <= 5 ? 2 : 3)
            .Select(n => Event(key, "purchase", (((10 * n) + key) * Day) + key))).OrderBy(stored => stored.OccurredAtMs).ToArray();
        var repeats = Repeats(events);
        Assert.Equal(Enumerable.Range(7, 64).Reverse(), repeats.Select(record => record.ItemKey));
        Assert.All(repeats, record => Assert.Equal((3, 10u * 86_400), (record.Purchases, record.IntervalSeconds)));
    }

    [Fact]
    public void A_return_pulls_the_target_of_a_purchase_down_by_its_share()
    {
        var record = Assert.Single(Build(10, Event(7, "purchase", 1_000), Event(7, "return", 2_000)));
        Assert.Equal(8, record.Weight);
        Assert.Equal(0.5f, record.Target);
    }

    [Fact]
    public void A_cancelled_purchase_and_a_replaced_rating_leave_what_is_true_now()
    {
        string[] types = ["purchase", "rating", "like"];
        StoredEvent Of(int itemKey, string type, float value, long atMs) => new(itemKey, (short)Array.IndexOf(types, type), value, atMs);
        StoredEvent[] events =
        [
            Of(1, "purchase", 6, 1_000), Of(2, "rating", 5, 1_000), Of(3, "like", -1, 1_000), Of(4, "purchase", -6, 1_000),
                Of(5, "rating", float.NaN, 1_000),
            Of(6, "purchase", 12, 1_000), Of(1, "purchase", -6, 2_000), Of(6, "purchase", -6, 2_000), Of(2, "rating", 1, 3_000),
        ];
        var records = new HistoryBuilder(EventWeights.Default, types, 10).Build(events);
        float six = (float)EventWeights.Default.Of("purchase", 6, 0).Weight;
        Assert.Equal([new HistoryRecord(2, 2, 0, 3), new HistoryRecord(3, 2, 0, 1), new HistoryRecord(6, six, 1, 1)], records);
    }

    [Fact]
    public void Age_is_counted_to_the_newest_event_of_the_user()
    {
        var records = Build(10, Event(1, "aging", 0), Event(2, "aging", 2 * Day), Event(3, "view", 3 * Day));
        Assert.Equal([3, 2, 1], records.Select(r => r.ItemKey));
        Assert.Equal([1f, 4f, 1f], records.Select(r => r.Weight));
    }

    [Fact]
    public void Types_of_no_weight_leave_no_trace()
    {
        Assert.Empty(Build(10, Event(1, "ignored", 1_000)));
    }

    [Fact]
    public void The_newest_items_are_kept_and_equal_times_are_ordered_by_key()
    {
        var records = Build(2, Event(9, "view", 1_000), Event(5, "view", 5_000), Event(4, "view", 5_000));
        Assert.Equal([4, 5], records.Select(r => r.ItemKey));
    }

    [Fact]
    public void An_empty_history_has_no_records()
    {
        Assert.Empty(Build(10));
    }

    [Fact]
    public void A_setting_out_of_range_is_named_with_its_range()
    {
        Assert.Empty(SettingRules.Problems(TrainerOptions.Section, new TrainerOptions()));
        Assert.Equal(["Setting Trainer:Rank must be between 1 and 2048; got 5000."],
            SettingRules.Problems(TrainerOptions.Section, new TrainerOptions { Rank = 5000 }));
    }

    [Fact]
    public void Folding_in_by_recency_equals_what_training_judged()
    {
        var random = new Random(2);
        TimedEntry[] entries = [.. Enumerable.Range(0, 400)
            .Select(_ => new TimedEntry(new Entry(random.Next(20), random.Next(30)), 1_700_000_000 + random.Next(300)))];
        var matrix = InteractionMatrix.BuildTimed(20, 30, entries);
        var model = new RecencySettings { Of = new IalsSettings { Rank = 5 }, HalfLife = 2 }.Train(matrix, null,
            TestContext.Current.CancellationToken);
        var served = new FoldInModel(1, model, [.. Enumerable.Range(0, 30).Select(i => 3 * i + 1)]);
        var judged = new float[5];
        for (int user = 0; user < 20; user++)
        {
            var stored = entries.Where(e => e.Entry.User == user)
                .Select(e => new StoredEvent(3 * e.Entry.Item + 1, 0, float.NaN, e.Time * 1000)).OrderBy(e => e.OccurredAtMs);
            var history = new HistoryBuilder(EventWeights.Create(), ["view"], 1000).Build([.. stored]);
            model.FoldIn(matrix.Users.History(user), judged);
            var folded = served.FoldIn(history);
            for (int k = 0; k < 5; k++) Assert.Equal(judged[k], folded[k], 1e-5f);
        }
    }
}
