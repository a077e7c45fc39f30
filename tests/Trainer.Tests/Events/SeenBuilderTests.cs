using System.Diagnostics;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;
using Recommender.Storage.Events;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Tests.Events;

public sealed class SeenBuilderTests
{
    private static readonly string[] s_types = ["view", "purchase", "ignored"];

    private static readonly EventWeights s_weights =
        EventWeights.Create(new Dictionary<string, EventTypeSettings> { ["ignored"] = new() { Weight = 0 } });

    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 20)]
    [InlineData(3, 1000)]
    public void Every_item_with_every_type_is_there_with_its_newest_time_whatever_the_length_of_the_history(int seed, int itemsLimit)
    {
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            // Minutes apart, so that times fall together now and then.
            StoredEvent[] events =
                [.. Enumerable.Range(0, random.Next(60))
                .Select(_ => new StoredEvent(random.Next(1, 25), (short)random.Next(3), float.NaN,
                1_700_000_000_000 + (random.Next(60) * 60_000L))).OrderBy(e => e.OccurredAtMs)];
            var history = new HistoryBuilder(s_weights, s_types, itemsLimit).Build(events);
            var (classes, seen) = SeenBuilder.Build(events, history);
            var expected = events.GroupBy(e => (e.ItemKey, Class: (byte)e.TypeId))
                .ToDictionary(g => g.Key, g => SeenTime.FromSeconds(g.Max(e => e.OccurredAtMs) / 1000));
            var found = new Dictionary<(int, byte), uint>();
            for (int i = 0; i < history.Length; i++)
                found[(history[i].ItemKey, classes[i])] = SeenTime.FromSeconds(history[i].LastAtSeconds);
            foreach (var record in seen)
                found[(record.ItemKey, record.Class)] = Math.Max(record.Time, found.GetValueOrDefault((record.ItemKey, record.Class)));
            Assert.Equal(expected.OrderBy(p => p.Key), found.OrderBy(p => p.Key));
            Assert.Equal(seen.OrderBy(r => r.ItemKey), seen);
        }
    }

    [Fact]
    public void A_long_history_of_any_keys_is_ordered_like_a_short_one()
    {
        var random = new Random(5);
        StoredEvent[] events =
            [.. Enumerable.Range(0, 5000)
            .Select(n => new StoredEvent(random.Next(1, n % 2 == 0 ? 300 : int.MaxValue), (short)random.Next(300), float.NaN,
            1_700_000_000_000 + (n * 60_000L)))];
        var expected = events.GroupBy(e => (e.ItemKey, Class: EventClass.Of(e.TypeId))).OrderBy(g => g.Key)
            .Select(g => new SeenRecord(g.Key.ItemKey, g.Key.Class, SeenTime.FromSeconds(g.Max(e => e.OccurredAtMs) / 1000)));
        Assert.Equal(expected, SeenBuilder.Build(events, []).Seen);
    }

    [Fact]
    public void A_history_of_one_type_is_not_repeated()
    {
        StoredEvent[] events = [.. Enumerable.Range(1, 50).Select(n => new StoredEvent(n, 1, float.NaN, n * 1_000_000L))];
        var (classes, seen) = SeenBuilder.Build(events, new HistoryBuilder(s_weights, s_types, 50).Build(events));
        Assert.Empty(seen);
        Assert.Equal(Enumerable.Repeat((byte)1, 50), classes);
    }

    [Fact]
    public void Nobody_has_seen_anything_without_events()
    {
        var (classes, seen) = SeenBuilder.Build([], []);
        Assert.True(classes.Length == 0 && seen.Length == 0);
    }

    [Fact]
    public async Task A_fold_in_writes_what_is_beyond_the_history_and_the_names_of_types_before_it()
    {
        await using var trainer = await TrainerFixture.CreateAsync(options => options.HistoryItemsLimit = 10);
        await trainer.SendAsync([.. Enumerable.Range(0, 40)
            .Select(n => TrainerFixture.Event("ann", $"item-{n}", s_start.AddHours(n), n < 20 ? "purchase" : "view"))]);
        Assert.Equal(["purchase", "view"], (await trainer.FactorStore.GetEventTypesAsync(Cancellation)).Order(StringComparer.Ordinal));
        Assert.Equal((10, 30), await SeenAsync(trainer, UserRef.User("ann")));
        await trainer.SendAsync(TrainerFixture.Event("ann", "item-0", s_start.AddDays(9), "wishlist"));
        Assert.Contains("wishlist", await trainer.FactorStore.GetEventTypesAsync(Cancellation));
        Assert.Equal((10, 31), await SeenAsync(trainer, UserRef.User("ann"))); // The purchase, and who has left the history.
    }

    [Fact]
    public async Task Merge_and_erasure_take_what_was_seen_along()
    {
        await using var trainer = await TrainerFixture.CreateAsync(options => options.HistoryItemsLimit = 2);
        Interaction OfSession(int n) => TrainerFixture.Event("x", $"item-{n}", s_start.AddHours(n)) with { UserId = null, SessionId = "s" };
        await trainer.SendAsync([.. Enumerable.Range(0, 5).Select(OfSession), TrainerFixture.Event("ann", "own", s_start)]);
        Assert.Equal((2, 3), await SeenAsync(trainer, UserRef.Session("s")));
        await trainer.SendAsync(new Command
        {
            Kind = CommandKind.MergeSession,
            AcceptedAt = DateTimeOffset.UtcNow,
            UserId = "ann",
            SessionId = "s"
        });
        Assert.Equal((2, 4), await SeenAsync(trainer, UserRef.User("ann")));
        Assert.Null(await trainer.FactorStore.GetUserAsync(UserRef.Session("s")));
        await trainer.SendAsync(new Command
        {
            Kind = CommandKind.EraseUser,
            AcceptedAt = DateTimeOffset.UtcNow,
            UserId = "ann",
            ErasureId = "r"
        });
        Assert.Null(await trainer.FactorStore.GetUserAsync(UserRef.User("ann")));
    }

    [Fact]
    public async Task An_emptied_factor_store_gets_the_names_of_types_again()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start, "wishlist"));
        var emptied = new InProcessFactorStore();
        var folding = new Folding(trainer.Store, emptied, trainer.Released, TrainerFixture.Weights, trainer.Options);
        using var reconciler = trainer.NewReconciler(emptied, trainer.Released, folding).Reconciler;
        await reconciler.ReconcileAsync(Cancellation);
        Assert.Equal(["wishlist"], await emptied.GetEventTypesAsync(Cancellation));
    }

    [Fact]
    public void A_user_with_50_000_items_is_folded_in_within_milliseconds()
    {
        var random = new Random(1);
        StoredEvent[] events =
            [.. Enumerable.Range(0, 50_000).OrderBy(_ => random.Next())
            .Select((key, n) => new StoredEvent(key + 1, (short)(n % 2), float.NaN, 1_600_000_000_000 + (n * 600_000L)))];
        var builder = new HistoryBuilder(s_weights, s_types, 2_000);
        var history = builder.Build(events);
        double Median(Action work) => Enumerable.Range(0, 15).Select(_ =>
        {
            long started = Stopwatch.GetTimestamp();
            work();
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }).Order().ElementAt(7);
        double histories = Median(() => builder.Build(events)), seen = Median(() => SeenBuilder.Build(events, history));
        var (classes, records) = SeenBuilder.Build(events, history);
        var state = new UserState
        {
            User = UserRef.User("u"),
            Revision = 1,
            ModelVersion = 1,
            Factor = new float[64],
            History = history,
            HistoryClasses = classes,
            Seen = records
        };
        double encoding = Median(() => state.Encode());
        TestContext.Current.TestOutputHelper!.WriteLine($"history {histories:0.00} ms, seen {seen:0.00} ms, encoding {encoding:0.00} ms, "
            + $"{state.Encode().Length} bytes");
        Assert.Equal(48_000, records.Length);
        Assert.True(seen < 100, $"{seen} ms");
    }

    private static async Task<(int History, int Seen)> SeenAsync(TrainerFixture trainer, UserRef user)
    {
        Assert.True(UserStateView.TryRead(await trainer.FactorStore.GetUserAsync(user), out var view));
        return (view.History.Length, view.Seen.Length);
    }
}
