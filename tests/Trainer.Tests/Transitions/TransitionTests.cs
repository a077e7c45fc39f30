using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.TestKit;
using Recommender.Trainer.Erasing;
using Recommender.Trainer.Status;
using Recommender.Trainer.Transitions;

namespace Recommender.Trainer.Tests.Transitions;

public sealed class TransitionTests(Servers servers)
{
    private static readonly DateTimeOffset s_start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Interaction View(string user, string item, double minute, string type = "view", string? session = null) =>
        TrainerFixture.Event(user, item, s_start.AddMinutes(minute), type) with { SessionId = session };

    private static async Task<TrainerFixture> CreateAsync(Action<TrainerOptions>? configure = null)
    {
        var trainer = await TrainerFixture.CreateAsync(configure);
        await trainer.Transitions.RunRoundAsync(Cancellation);
        await trainer.OtherTransitions.RunRoundAsync(Cancellation);
        return trainer;
    }

    /// <param name="instances">Others than the two of the fixture.</param>
    private static async Task AssertCountedAsync(TrainerFixture trainer, params TransitionFollower[] instances)
    {
        // Rows of recent events are written about once a second.
        foreach (var instance in instances.Concat([trainer.Transitions, trainer.OtherTransitions]))
            await instance.FlushAsync(Cancellation);
        TransitionRows.AssertEqual(await TransitionRows.CountAsync(trainer), await TransitionRows.ReadAsync(trainer));
    }

    /// <summary>Sessions of some users in random order, with and without ids, in messages of random length, some of which come
    /// twice.</summary>
    private static List<Interaction[]> Messages(int seed)
    {
        var random = new Random(seed);
        var events = Enumerable.Range(0, 150).Select(n => View($"user-{random.Next(6)}", $"item-{random.Next(12)}",
            random.Next(400) + (n / 1e4), random.Next(5) switch { 0 => "dislike", 1 or 2 => "purchase", _ => "view" },
            random.Next(3) == 0 ? $"s{random.Next(3)}" : null)).ToArray();
        var messages = new List<Interaction[]>();
        for (int n = 0; n < events.Length;)
        {
            int size = Math.Min(random.Next(1, 9), events.Length - n);
            messages.Add(events[n..(n + size)]);
            if (random.Next(4) == 0) messages.Add(events[Math.Max(0, n - 3)..(n + size)]);
            n += size;
        }

        return messages;
    }

    [Fact]
    public async Task Recent_events_count_their_items_by_half_life_in_event_time()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("bob", "b", 3 * 60), View("cid", "b", 3 * 60, "purchase"),
            View("dan", "c", 3 * 60, "dislike"));
        Assert.Empty((await TransitionRows.ReadAsync(trainer)).Recent(0));
        await trainer.Transitions.RunRoundAsync(Cancellation);
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal(["a", "b"], rows.Recent(0).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(.5f, rows.Recent(0)["a"], 1e-4f);
        Assert.Equal(MathF.Pow(2, -3f / 24), rows.Recent(1)["a"], 1e-4f);
        Assert.Equal(MathF.Pow(2, -3f / 168), rows.Recent(2)["a"], 1e-4f);
        Assert.True(rows.Recent(0)["b"] > 1); // The view and, for more, the purchase.
    }

    [Fact]
    public async Task Rows_of_recent_events_that_were_never_written_are_counted_from_the_newest_events()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "old", -9 * 7 * 24 * 60), View("ann", "a", 0), View("ann", "b", 1));
        // As an earlier version of the program left the factor store.
        var older = new InProcessFactorStore();
        var watermark = (await trainer.FactorStore.GetTransitionWatermarkAsync(Cancellation))!;
        var rows = (await trainer.FactorStore.ReadTransitionChangesAsync(0, 1000, Cancellation)).Rows.Where(row => row.RecentScale < 0);
        await older.PutTransitionsAsync([.. rows], null, Cancellation);
        await older.CompleteTransitionsAsync(watermark, null, Cancellation);
        using var updated = trainer.NewFollower(older);
        await updated.RunRoundAsync(Cancellation);
        TransitionRows.AssertEqual(await TransitionRows.CountAsync(trainer), await TransitionRows.ReadAsync(trainer, older));
        // Eight weeks back, not further.
        Assert.Equal(["a", "b"], (await TransitionRows.ReadAsync(trainer, older)).Recent(2).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rows_of_recent_events_are_written_before_a_stop()
    {
        await using var trainer = await CreateAsync();
        // The rows are written now and then: the last event is one that came between.
        int sent = 0;
        await Eventually.TrueAsync(async () =>
        {
            await trainer.SendAsync(View("ann", $"item-{++sent}", sent));
            return !(await TransitionRows.ReadAsync(trainer)).Recent(0).ContainsKey($"item-{sent}");
        });
        using var worker = new TransitionWorker(trainer.Transitions, trainer.Policy, TrainerFixture.Pipelines, TimeProvider.System,
            NullLogger<TransitionWorker>.Instance);
        await worker.StopAsync(Cancellation);
        Assert.Contains($"item-{sent}", (await TransitionRows.ReadAsync(trainer)).Recent(0).Keys);
    }

    [Fact]
    public async Task Rows_of_recent_events_written_a_while_ago_get_the_events_since()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("bob", "b", 5));
        await trainer.Transitions.RunRoundAsync(Cancellation);
        // The watermark is raised with these, and the process killed before the next round.
        await trainer.SendAsync(View("ann", "b", 1), View("cid", "a", 2));
        Assert.Equal(1, (await TransitionRows.ReadAsync(trainer)).Recent(2)["b"], 1e-2f);
        using var restarted = trainer.NewFollower();
        await restarted.RunRoundAsync(Cancellation);
        Assert.Equal(2, (await TransitionRows.ReadAsync(trainer)).Recent(2)["b"], 1e-2f);
        TransitionRows.AssertEqual(await TransitionRows.CountAsync(trainer), await TransitionRows.ReadAsync(trainer));
    }

    [Fact]
    public async Task Items_bought_together_are_in_the_rows_of_each_other_whatever_was_viewed_between()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0, "purchase"), View("ann", "x", 1), View("bob", "a", 0), View("bob", "b", 1, "purchase"));
        await trainer.SendAsync(View("ann", "b", 20, "purchase"));
        await trainer.SendAsync(View("ann", "c", 49, "purchase"), View("ann", "d", 80, "purchase"));
        await trainer.SendAsync(View("cid", "d", 0, "purchase", "s"), View("cid", "e", 500, "purchase", "s"));
        var rows = await TransitionRows.ReadAsync(trainer);
        // One item before counts 1 / 6, two 1 / 7.
        foreach (var (row, item) in new[] { ("a", "b"), ("b", "a"), ("d", "e"), ("e", "d") })
            Assert.Equal(1f / 6, rows.Together(row, item), 1e-3f);
        foreach (var (row, item) in new[] { ("a", "c"), ("c", "a"), ("b", "c"), ("c", "b") })
            Assert.Equal(1f / 7, rows.Together(row, item), 1e-3f);
        Assert.Equal(8, rows.BasketCount);
        await AssertCountedAsync(trainer);
    }

    [Fact]
    public async Task A_purchase_counts_once_in_baskets_and_an_erased_user_is_gone_from_them()
    {
        await using var trainer = await CreateAsync();
        Interaction[] order = [View("ann", "a", 0, "purchase"), View("ann", "b", 0, "purchase")];
        await trainer.SendAsync(order);
        await trainer.SendAsync(order, order);
        await trainer.Other.HandleAsync([MessageOf(View("bob", "a", 1, "purchase"), View("bob", "c", 1, "purchase"))], Cancellation);
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal(1f / 6, rows.Together("a", "b"), 1e-4f);
        Assert.Equal(1f / 6, rows.Together("a", "c"), 1e-4f);
        await EraseAsync(trainer, "ann");
        rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal((0f, 0f, 2), (rows.Together("a", "b"), rows.Together("b", "a"), rows.BasketCount));
        await trainer.Other.HandleAsync([MessageOf(View("bob", "b", 2, "purchase"))], Cancellation);
        await AssertCountedAsync(trainer);
        Assert.Equal(1f / 7, (await TransitionRows.ReadAsync(trainer)).Together("a", "b"), 1e-4f);
    }

    [Fact]
    public async Task A_long_order_is_counted_line_by_line_as_at_once()
    {
        await using var trainer = await CreateAsync();
        var random = new Random(2);
        for (int n = 0; n < 160; n++)
            await trainer.SendAsync(View("ann", $"i{random.Next(140)}", n / 100.0, "purchase"), View("ann", "x", 0.5 + (n / 100.0)));
        await AssertCountedAsync(trainer);
        // An order that arrives late, into the part that is no longer remembered.
        await trainer.SendAsync(View("ann", "late", 0.001, "purchase"));
        await AssertCountedAsync(trainer);
    }

    [Fact]
    public async Task The_second_click_of_a_session_is_in_the_rows_of_both_items_at_once()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0));
        await trainer.SendAsync(View("ann", "b", 1));
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal(1, rows["a", "b"], 1e-4f);
        Assert.Equal(.5f, rows["b", "a"], 1e-4f);
        Assert.Equal(2, rows.Count);
    }

    [Fact]
    public async Task A_gap_or_another_session_id_ends_a_session_and_the_same_id_does_not()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0));
        await trainer.SendAsync(View("ann", "b", 31), View("bob", "a", 0, session: "s"));
        await trainer.SendAsync(View("bob", "c", 50, session: "s"), View("bob", "d", 51, session: "t"), View("cid", "e", 0));
        await trainer.SendAsync(View("cid", "f", 30));
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal(4, rows.Count);
        Assert.True(rows["a", "c"] > 0 && rows["c", "a"] > 0 && rows["e", "f"] > 0 && rows["f", "e"] > 0);
    }

    [Fact]
    public async Task What_is_negative_counts_nothing_and_a_purchase_more_than_a_view()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("ann", "x", 1, "dislike"), View("ann", "b", 2), View("ann", "c", 2, "purchase"));
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal((0f, 0f), (rows["a", "x"], rows["x", "a"]));
        Assert.True(rows["a", "c"] > rows["a", "b"]);
    }

    [Fact]
    public async Task An_event_counts_once_however_often_it_is_delivered_and_to_whom()
    {
        await using var trainer = await CreateAsync();
        Interaction[] events = [View("ann", "a", 0), View("ann", "b", 1), View("ann", "c", 2)];
        await trainer.SendAsync(events);
        await trainer.SendAsync(events);
        await trainer.SendAsync(events, events);
        Assert.Equal(1, (await TransitionRows.ReadAsync(trainer))["a", "b"], 1e-4f);
        await AssertCountedAsync(trainer);
    }

    [Theory]
    [InlineData(2_000_000)]
    [InlineData(0)] // Nothing is remembered, every session is read from the store.
    [InlineData(400)]
    public async Task However_events_arrive_at_two_instances_the_rows_are_those_of_the_stored_events(int cacheEvents)
    {
        for (int seed = 0; seed < 6; seed++)
        {
            await using var trainer = await CreateAsync(options => options.HistoryCacheEvents = cacheEvents);
            foreach (var together in Messages(seed).Chunk(2)) await trainer.SendAsync(together[0], together[^1]);
            await AssertCountedAsync(trainer);
        }
    }

    [Fact]
    public async Task Two_instances_over_servers_share_sessions()
    {
        var redis = await servers.RedisAsync();
        await using var factorStore = FactorStores.Open(redis.ConnectionString);
        await factorStore.ClearTransitionsAsync(Cancellation);
        await using var trainer = await TrainerFixture.CreateAsync(postgres: await servers.NewDatabaseAsync(), factorStore: factorStore);
        await trainer.Transitions.RunRoundAsync(Cancellation);
        await trainer.OtherTransitions.RunRoundAsync(Cancellation);
        // One instance commits a click between two clicks of the other's.
        await trainer.SendAsync(View("ann", "a", 0));
        await trainer.Other.HandleAsync([MessageOf(View("ann", "b", 1))], Cancellation);
        await trainer.SendAsync(View("ann", "c", 2));
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal([1, .5, 1], new[] { rows["a", "b"], rows["a", "c"], rows["b", "c"] }.Select(weight => Math.Round(weight, 3)));

        foreach (var together in Messages(3).Chunk(2)) await trainer.SendAsync(together[0], together[^1]);
        await AssertCountedAsync(trainer);
        Assert.Equal((await trainer.Store.GetPositionAsync(Cancellation)).Sequence,
            (await factorStore.GetTransitionWatermarkAsync(Cancellation))!.Sequence);

        // After a restart, with events that came meanwhile.
        await trainer.Store.StoreInteractionsAsync([View("ann", "d", 3), View("bob", "a", 9)], Cancellation);
        using var restarted = trainer.NewFollower();
        await restarted.RunRoundAsync(Cancellation);
        await AssertCountedAsync(trainer);
        await factorStore.ClearTransitionsAsync(Cancellation);
    }

    private static Recommender.Messaging.Streams.Delivery MessageOf(params Interaction[] events) =>
        TrainerFixture.Message(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(events, ContractsJson.Default.InteractionArray));

    [Fact]
    public async Task After_a_kill_between_store_and_rows_the_next_instance_applies_what_the_rows_miss()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("bob", "c", 0));
        await trainer.Store.StoreInteractionsAsync([View("ann", "b", 1), View("bob", "d", 1)], Cancellation);
        using var restarted = trainer.NewFollower();
        await restarted.RunRoundAsync(Cancellation);
        await AssertCountedAsync(trainer);
        Assert.Equal(1, (await TransitionRows.ReadAsync(trainer))["a", "b"], 1e-4f);
    }

    [Fact]
    public async Task After_a_kill_between_rows_and_acknowledgement_the_redelivered_batch_changes_nothing()
    {
        await using var trainer = await CreateAsync();
        Interaction[] events = [View("ann", "a", 0), View("ann", "b", 1)];
        await trainer.SendAsync(events);
        using var restarted = trainer.NewFollower();
        await restarted.RunRoundAsync(Cancellation);
        var worker = trainer.NewInteractions(trainer.FactorStore, restarted, trainer.Folding, new Progress());
        await worker.HandleAsync([MessageOf(events)], Cancellation);
        Assert.Equal(1, (await TransitionRows.ReadAsync(trainer))["a", "b"], 1e-4f);
        await worker.HandleAsync([MessageOf(View("ann", "c", 2))], Cancellation);
        await AssertCountedAsync(trainer, restarted);
    }

    [Fact]
    public async Task Rows_that_could_not_be_written_are_written_with_the_redelivered_batch()
    {
        await using var trainer = await CreateAsync();
        var (store, failing) = UnavailableTransitions.Over(trainer.FactorStore);
        using var follower = trainer.NewFollower(store);
        await follower.RunRoundAsync(Cancellation);
        var worker = trainer.NewInteractions(store, follower, trainer.Folding, new Progress());
        failing.IsGone = true;
        await Assert.ThrowsAsync<FactorStoreUnavailableException>(() =>
            worker.HandleAsync([MessageOf(View("ann", "a", 0), View("ann", "b", 1))], Cancellation));
        Assert.Equal(0, (await TransitionRows.ReadAsync(trainer)).Count);
        failing.IsGone = false;
        await worker.HandleAsync([MessageOf(View("ann", "a", 0), View("ann", "b", 1))], Cancellation);
        await AssertCountedAsync(trainer, follower);
    }

    [Fact]
    public async Task Rows_are_counted_again_after_the_factor_store_was_emptied_and_events_meanwhile_are_not_lost()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("ann", "b", 1));
        await trainer.FactorStore.ClearTransitionsAsync(Cancellation);
        Assert.Empty(await trainer.SendAsync(View("ann", "c", 2)));
        Assert.False(trainer.Transitions.IsFollowing);
        Assert.Equal(0, (await TransitionRows.ReadAsync(trainer)).Count); // Not a part that looks like the whole.
        await trainer.SendAsync(View("ann", "d", 3));
        await trainer.Transitions.RunRoundAsync(Cancellation);
        await AssertCountedAsync(trainer);
        await trainer.SendAsync(View("ann", "e", 4));
        await trainer.OtherTransitions.RunRoundAsync(Cancellation);
        await trainer.Other.HandleAsync([MessageOf(View("ann", "f", 5))], Cancellation);
        await AssertCountedAsync(trainer);
        Assert.True((await TransitionRows.ReadAsync(trainer))["d", "f"] > 0);
    }

    [Fact]
    public async Task Rows_of_other_settings_are_counted_again_at_the_start()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("ann", "b", 20));
        trainer.Options.SessionGapMinutes = 10;
        using var restarted = trainer.NewFollower();
        await restarted.RunRoundAsync(Cancellation);
        Assert.Equal(0, (await TransitionRows.ReadAsync(trainer)).Count);
        await trainer.Transitions.RunRoundAsync(Cancellation);
        await trainer.Transitions.RunRoundAsync(Cancellation);
        Assert.False(trainer.Transitions.IsFollowing); // The older instance leaves them alone.
        Assert.Equal(0, (await TransitionRows.ReadAsync(trainer)).Count);
    }

    [Fact]
    public async Task Without_items_there_are_no_transitions()
    {
        await using var trainer = await CreateAsync(options => options.TransitionItemsLimit = 0);
        await trainer.SendAsync(View("ann", "a", 0), View("ann", "b", 1));
        Assert.Equal(0, (await TransitionRows.ReadAsync(trainer)).Count);
        trainer.Options.TransitionItemsLimit = 1;
        using var limited = trainer.NewFollower();
        await limited.RunRoundAsync(Cancellation);
        Assert.Equal(0, (await TransitionRows.ReadAsync(trainer)).Count); // The second item is beyond the limit.
    }

    [Fact]
    public async Task An_erased_user_is_gone_from_the_rows_also_of_an_instance_that_still_remembers()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("ann", "b", 1), View("ann", "c", 2), View("bob", "a", 0), View("bob", "b", 1));
        await trainer.Other.HandleAsync([MessageOf(View("cid", "a", 5), View("cid", "c", 6))], Cancellation);
        await EraseAsync(trainer, "ann");
        await AssertCountedAsync(trainer);
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal(1, rows["a", "b"], 1e-2f);
        Assert.Equal(0, rows["b", "c"]);
        Assert.Equal([2, 1, 1], new[] { "a", "b", "c" }.Select(item => Math.Round(rows.Recent(2)[item])));

        await trainer.Other.HandleAsync([MessageOf(View("bob", "c", 2))], Cancellation);
        await AssertCountedAsync(trainer);
        await trainer.SendAsync(View("cid", "b", 7));
        await AssertCountedAsync(trainer);
        using var restarted = trainer.NewFollower();
        await restarted.RunRoundAsync(Cancellation);
        await AssertCountedAsync(trainer);
    }

    [Fact]
    public async Task An_erasure_whose_factor_store_was_gone_is_counted_when_it_is_due_again()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("ann", "b", 1), View("bob", "a", 0), View("bob", "c", 1));
        // Killed after the store: nobody got the message.
        await trainer.Store.EraseUserAsync("ann", "r", s_start.AddDays(1), Cancellation);
        Assert.True((await TransitionRows.ReadAsync(trainer))["a", "b"] > 0);
        await trainer.Notices.PublishAsync(new ErasureDue { ErasureId = "r" }, Cancellation);
        await AssertCountedAsync(trainer);
        Assert.Contains("factorStore", (await trainer.Store.ReadErasureAsync("r", Cancellation))!.Stages.Keys);
    }

    [Fact]
    public async Task Rows_counted_again_while_events_come_miss_none_of_them()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(View("ann", "a", 0), View("ann", "b", 1), View("bob", "a", 0));
        int[] items = [.. (await trainer.Store.ReadCatalogueAsync(0, 10, Cancellation)).Select(item => item.ItemKey)];
        var (store, late) = UnavailableTransitions.Over(trainer.FactorStore);
        using var recounting = trainer.NewFollower(store);
        await recounting.RunRoundAsync(Cancellation);
        // Between counting and writing, the other instance writes a later row.
        late.BeforePut = () => trainer.Other.HandleAsync([MessageOf(View("bob", "b", 1))], Cancellation);
        await recounting.RecountAsync(items, Cancellation);
        await AssertCountedAsync(trainer);
    }

    [Fact]
    public async Task A_session_that_is_merged_into_a_user_who_had_a_part_of_it_is_one_session()
    {
        await using var trainer = await CreateAsync();
        await trainer.SendAsync(
            new Interaction { EventId = "e1", SessionId = "s", ItemId = "a", Type = "view", OccurredAt = s_start },
            View("ann", "b", 1, session: "s"), View("bob", "a", 0));
        Assert.Equal(0, (await TransitionRows.ReadAsync(trainer)).Count);
        await trainer.SendAsync(new Command
        {
            Kind = CommandKind.MergeSession,
            AcceptedAt = s_start.AddHours(1),
            SessionId = "s",
            UserId = "ann"
        });
        Assert.Equal(1, (await TransitionRows.ReadAsync(trainer))["a", "b"], 1e-4f);
        await trainer.SendAsync(View("ann", "c", 2, session: "s"));
        await AssertCountedAsync(trainer);
        Assert.True((await TransitionRows.ReadAsync(trainer))["a", "c"] > 0);
    }

    [Fact]
    public async Task Events_removed_by_age_are_gone_from_the_rows()
    {
        await using var trainer = await CreateAsync(options =>
        {
            options.RetentionDays = 30;
            options.TransitionHalfLifeHours = 100_000;
        });
        var now = DateTimeOffset.UtcNow;
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", now.AddDays(-40)),
            TrainerFixture.Event("ann", "b", now.AddDays(-40).AddMinutes(1)),
            TrainerFixture.Event("ann", "a", now.AddDays(-1)), TrainerFixture.Event("ann", "c", now.AddDays(-1).AddMinutes(1)));
        Assert.True((await TransitionRows.ReadAsync(trainer))["a", "b"] > 0);
        await new RetentionWorker(trainer.Store, trainer.FactorStore, trainer.Folding, trainer.Transitions, trainer.Options,
            TrainerFixture.Pipelines, TimeProvider.System, NullLogger<RetentionWorker>.Instance).RunAsync(Cancellation);
        var rows = await TransitionRows.ReadAsync(trainer);
        Assert.Equal((0f, true), (rows["a", "b"], rows["a", "c"] > 0));
        Interaction[] more = [TrainerFixture.Event("bob", "a", now), TrainerFixture.Event("bob", "d", now)];
        await trainer.Other.HandleAsync([MessageOf(more)], Cancellation);
        await trainer.OtherTransitions.RunRoundAsync(Cancellation);
        await AssertCountedAsync(trainer);
    }

    private static async Task EraseAsync(TrainerFixture trainer, string userId) =>
        Assert.Empty(await trainer.SendAsync(new Command
        {
            Kind = CommandKind.EraseUser,
            AcceptedAt = s_start.AddDays(1),
            UserId = userId,
            ErasureId = $"erase-{userId}"
        }));
}
