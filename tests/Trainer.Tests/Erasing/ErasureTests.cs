using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Transitions;
using Recommender.FactorStore.Users;
using Recommender.Messaging.Streams;
using Recommender.Storage.Users;
using Recommender.TestKit;
using Recommender.Trainer.Erasing;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Tests.Erasing;

public sealed class ErasureTests(Servers servers)
{
    private static readonly string[] s_stages = ["requested", "insights", "store", "factorStore", "serving", "queues", "model"];
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_an_erased_user_did_counts_no_longer_at_once()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start), TrainerFixture.Event("bob", "a", s_start.AddHours(-9)),
            TrainerFixture.Event("ann", "b", s_start));
        await EraseAsync(trainer, "ann", "r");
        Assert.Equal([("a", 1), ("b", 0)], await PopularityAsync(trainer));
    }

    [Fact]
    public async Task An_erasure_cut_short_before_the_statistics_were_written_is_finished_when_its_command_comes_again()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start), TrainerFixture.Event("bob", "a", s_start));
        var requested = s_start.AddDays(1);
        var before = (await trainer.Store.ReadCatalogueAsync(0, 10, Cancellation))[0].Popularity;
        await trainer.Store.EraseUserAsync("ann", "r", requested, Cancellation);
        Assert.Equal(before, (await trainer.FactorStore.ReadItemChangesAsync(0, 10, Cancellation)).Items[0].Popularity);
        await trainer.SendAsync(new Command { Kind = CommandKind.EraseUser, AcceptedAt = requested, UserId = "ann", ErasureId = "r" });
        Assert.Equal([("a", 1)], await PopularityAsync(trainer));
    }

    [Fact]
    public async Task Recommend_is_told_until_it_confirms_and_what_was_queued_has_passed_and_then_the_id_is_forgotten()
    {
        var clock = new LateClock();
        await using var trainer = await TrainerFixture.CreateAsync(options => options.ErasureSettleSeconds = 0, clock: clock);
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start));
        await EraseAsync(trainer, "ann", "r");
        Assert.Single(Told(trainer));

        await PollAsync(trainer, clock);
        await PollAsync(trainer, clock);
        Assert.Equal(3, Told(trainer).Count);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(trainer));
        clock.Ahead += TimeSpan.FromMinutes(2);
        await trainer.Erasures.PollAsync(Cancellation);
        Assert.Equal(HealthStatus.Degraded, await HealthAsync(trainer));

        // Confirmed, but events from before still wait: what is wrong with one of them would become a dead letter.
        await ConfirmAsync(trainer);
        trainer.DeadLetters.Waiting = 3;
        await PollAsync(trainer, clock);
        trainer.DeadLetters.Bodies.Add(Encoding.UTF8.GetBytes("""{"userId":"ann"}"""));
        Assert.Equal("pending", (await trainer.Store.GetErasureAsync("r", Cancellation))!.State);
        trainer.DeadLetters.Waiting = 0;
        await PollAsync(trainer, clock);

        Assert.Empty(trainer.DeadLetters.Bodies);
        Assert.Equal("done", (await trainer.Store.GetErasureAsync("r", Cancellation))!.State);
        Assert.Empty(await trainer.Store.ListOpenErasuresAsync(Cancellation));
        int told = Told(trainer).Count;
        await PollAsync(trainer, clock);
        Assert.Equal(told, Told(trainer).Count);
        Assert.Equal(HealthStatus.Healthy, await HealthAsync(trainer));
    }

    [Fact]
    public async Task An_erasure_is_not_done_before_its_last_look_at_the_dead_letters_is_due()
    {
        var clock = new LateClock();
        await using var trainer = await TrainerFixture.CreateAsync(options => options.ErasureSettleSeconds = 15, clock: clock);
        await EraseAsync(trainer, "ann", "r");
        await ConfirmAsync(trainer);
        clock.Ahead = TimeSpan.FromSeconds(10);
        await trainer.Erasures.PollAsync(Cancellation);
        Assert.Equal("pending", (await trainer.Store.GetErasureAsync("r", Cancellation))!.State);
        // Until then every instance is told: only one of them has confirmed.
        Assert.Equal(2, Told(trainer).Count);
        clock.Ahead = TimeSpan.FromSeconds(16);
        await trainer.Erasures.PollAsync(Cancellation);
        Assert.Equal("done", (await trainer.Store.GetErasureAsync("r", Cancellation))!.State);
    }

    [Theory]
    [InlineData("store", false)]
    [InlineData("factorStore", false)]
    [InlineData("serving", false)]
    [InlineData("queues", false)]
    [InlineData("store", true)]
    [InlineData("factorStore", true)]
    [InlineData("serving", true)]
    [InlineData("queues", true)]
    public async Task An_erasure_goes_on_after_a_kill_behind_any_of_its_stages(string last, bool postgres)
    {
        var clock = new LateClock();
        await using var trainer = await TrainerFixture.CreateAsync(options => options.ErasureSettleSeconds = 0, postgres
            ? await servers.NewDatabaseAsync() : null, clock);
        await trainer.SendAsync([.. TrainerFixture.Circles(), TrainerFixture.Event("ann", "item-0-0", s_start)]);
        // Of what is sent after the stage, nothing arrives any more.
        trainer.Notices.Lost = _ => trainer.Store.GetErasureAsync("r", Cancellation).GetAwaiter().GetResult()!.Stages.ContainsKey(last);
        await EraseAsync(trainer, "ann", "r");
        await ConfirmAsync(trainer);
        for (int round = 0; round < 3; round++) await PollAsync(trainer, clock);
        await trainer.Training.RunAsync(Cancellation);
        Assert.DoesNotContain("model", (await ReceiptAsync()).Stages.Keys);
        Assert.Equal(last, (await ReceiptAsync()).Stages.MaxBy(stage => Array.IndexOf(s_stages, stage.Key)).Key);

        await using var restarted = trainer.NewErasureBus();
        trainer.Notices.Erasures = restarted;
        trainer.Notices.Lost = _ => false;
        clock.Ahead += Erasure.RepeatAfter;
        await trainer.Erasures.PollAsync(Cancellation);
        await ConfirmAsync(trainer);
        for (int round = 0; round < 3; round++) await PollAsync(trainer, clock);

        var receipt = await ReceiptAsync();
        Assert.Equal(("done", 1L, 1L), (receipt.State, receipt.EventsRemoved, receipt.ModelVersion));
        Assert.Equal(s_stages, receipt.Stages.OrderBy(stage => Array.IndexOf(s_stages, stage.Key)).Select(stage => stage.Key));
        Assert.Null(await trainer.ReadUserAsync(UserRef.User("ann")));
        Assert.Empty(await trainer.Store.ClaimDueErasuresAsync(clock.GetUtcNow().AddDays(1), clock.GetUtcNow().AddDays(2), 10,
            Cancellation));

        async Task<ErasureResponse> ReceiptAsync() => (await trainer.Store.GetErasureAsync("r", Cancellation))!;
    }

    [Fact]
    public async Task A_lost_message_is_sent_again_at_its_due_time_and_not_before()
    {
        var clock = new LateClock();
        await using var trainer = await TrainerFixture.CreateAsync(clock: clock);
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start));
        trainer.Notices.Lost = _ => true;
        await EraseAsync(trainer, "ann", "r");
        Assert.NotNull(await trainer.ReadUserAsync(UserRef.User("ann")));
        await trainer.Erasures.PollAsync(Cancellation);
        Assert.Empty(Due());

        // The next one is lost too.
        clock.Ahead += Erasure.RepeatAfter;
        await trainer.Erasures.PollAsync(Cancellation);
        await trainer.Erasures.PollAsync(Cancellation);
        Assert.Single(Due());
        trainer.Notices.Lost = _ => false;
        clock.Ahead += Erasure.RepeatAfter;
        await trainer.Erasures.PollAsync(Cancellation);
        Assert.Equal(2, Due().Count());
        Assert.Null(await trainer.ReadUserAsync(UserRef.User("ann")));
        Assert.Equal([("a", 0)], await PopularityAsync(trainer));

        IEnumerable<ErasureDue> Due() => trainer.Notices.Sent.OfType<ErasureDue>();
    }

    [Fact]
    public async Task A_step_that_fails_is_tried_again_at_its_due_time()
    {
        var clock = new LateClock();
        await using var trainer = await TrainerFixture.CreateAsync(clock: clock);
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start));
        bool isGone = true;
        trainer.DeadLetters.BeforeRemoval = () => isGone ? throw new StreamUnavailableException("gone") : Task.CompletedTask;
        await EraseAsync(trainer, "ann", "r");
        Assert.Equal(["insights", "requested", "store"], (await trainer.Store.GetErasureAsync("r", Cancellation))!.Stages.Keys.Order());
        isGone = false;
        clock.Ahead += Erasure.RepeatAfter;
        await trainer.Erasures.PollAsync(Cancellation);
        Assert.Contains("factorStore", (await trainer.Store.GetErasureAsync("r", Cancellation))!.Stages.Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_Trainers_carry_out_an_erasure_once(bool postgres)
    {
        var clock = new LateClock();
        await using var trainer = await TrainerFixture.CreateAsync(options => options.ErasureSettleSeconds = 0, postgres
            ? await servers.NewDatabaseAsync() : null, clock);
        await using var other = trainer.NewErasureBus();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start));
        trainer.Notices.Lost = _ => true;
        await EraseAsync(trainer, "ann", "r");

        // Both are in the middle of the same step before either saves it.
        using var met = new Barrier(2);
        int steps = 0;
        trainer.DeadLetters.BeforeRemoval = () => Interlocked.Increment(ref steps) <= 2
            ? Task.Run(() => met.SignalAndWait(Cancellation), Cancellation) : Task.CompletedTask;
        var applied = new ErasureApplied { ErasureId = "r" };
        await Task.WhenAll(trainer.ErasureBus.DeliverAsync(applied, Cancellation), other.DeliverAsync(applied, Cancellation));
        Assert.Equal(2, steps);
        // Who saved second found the step done and went no further: one change of the erasure.
        Assert.Equal(1, (await trainer.Store.ReadErasureAsync("r", Cancellation))!.Version);

        clock.Ahead += TimeSpan.FromSeconds(2);
        var now = clock.GetUtcNow();
        var claims = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(_ => trainer.Store.ClaimDueErasuresAsync(now, now.AddSeconds(5), 10, Cancellation)));
        Assert.Equal("r", Assert.Single(claims.SelectMany(claim => claim)));
    }

    [Fact]
    public async Task A_confirmation_counts_once_and_only_after_the_factor_store()
    {
        var clock = new LateClock();
        await using var trainer = await TrainerFixture.CreateAsync(options => options.ErasureSettleSeconds = 0, clock: clock);
        trainer.Notices.Lost = message => message is ErasureApplied;
        await EraseAsync(trainer, "ann", "r");
        await ConfirmAsync(trainer);
        Assert.DoesNotContain("serving", (await trainer.Store.GetErasureAsync("r", Cancellation))!.Stages.Keys);
        await trainer.Notices.PublishAsync(new UserForgotten { ErasureId = "unknown" }, Cancellation);
        clock.Ahead += Erasure.RepeatAfter;
        await trainer.Erasures.PollAsync(Cancellation);
        await ConfirmAsync(trainer);
        var before = await trainer.Store.ReadErasureAsync("r", Cancellation);
        await ConfirmAsync(trainer);
        Assert.Equal(before!.Version, (await trainer.Store.ReadErasureAsync("r", Cancellation))!.Version);
    }

    [Fact]
    public async Task A_fold_in_that_slept_through_an_erasure_does_not_bring_the_user_back()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start));
        var asleep = new SleepyFactorStore(trainer.FactorStore);
        var folding = new Folding(trainer.Store, asleep, trainer.Released, TrainerFixture.Weights,
            trainer.Options)
        { CheckedAfter = TimeSpan.Zero };
        int key = Assert.Single(await trainer.Store.ListUserKeysAsync(0, 10, Cancellation));
        // The mark of the erasure has expired by the time the write arrives.
        asleep.Meanwhile = async () =>
        {
            await trainer.Store.EraseUserAsync("ann", "r", s_start.AddDays(1), Cancellation);
            await trainer.FactorStore.DeleteUsersAsync([UserRef.User("ann")], Cancellation);
        };
        await folding.FoldInAsync([key], Cancellation);
        Assert.Null(await trainer.ReadUserAsync(UserRef.User("ann")));
    }

    [Fact]
    public async Task Old_events_go_and_leave_no_trace_in_histories_and_statistics_and_only_once_a_day()
    {
        await using var trainer = await TrainerFixture.CreateAsync(options => options.RetentionDays = 30);
        var clock = new LateClock();
        var today = new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
        await trainer.SendAsync(
            TrainerFixture.Event("ann", "a", today.AddDays(-30).AddSeconds(-1)), TrainerFixture.Event("ann", "b", today.AddDays(-30)),
                TrainerFixture.Event("bob", "a", today.AddDays(-1)));
        var worker = new RetentionWorker(trainer.Store, trainer.FactorStore, trainer.Folding, trainer.Transitions,
            trainer.Options, TrainerFixture.Pipelines, clock, NullLogger<RetentionWorker>.Instance);
        Assert.Equal(1, await worker.RunAsync(Cancellation));

        Assert.Equal(2, (await trainer.Store.GetStatusAsync(Cancellation)).Events);
        Assert.Single((await trainer.ReadUserAsync(UserRef.User("ann")))!.Value.History);
        Assert.Equal([("a", 1), ("b", 1)], await PopularityAsync(trainer));
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", today.AddDays(-40)));
        Assert.Equal(1, trainer.Progress.Dropped);
        Assert.Equal(0, await worker.RunAsync(Cancellation));
        clock.Ahead = TimeSpan.FromDays(1);
        Assert.Equal(1, await worker.RunAsync(Cancellation));
        Assert.Empty((await trainer.ReadUserAsync(UserRef.User("ann")))!.Value.History);
    }

    [Fact]
    public async Task A_removal_that_was_cut_short_is_made_up_for()
    {
        await using var trainer = await TrainerFixture.CreateAsync(options => options.RetentionDays = 30);
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start.AddYears(-1)),
            TrainerFixture.Event("bob", "a", DateTimeOffset.UtcNow));
        // Killed between the store and the factor store.
        await trainer.Store.PutSettingAsync("retention",
            System.Text.Json.JsonSerializer.SerializeToElement(new { Before = s_start, Done = false }), Cancellation);
        await foreach (var _ in trainer.Store.RemoveEventsBeforeAsync(DateTimeOffset.UtcNow.AddDays(-30), Cancellation)) { }
        Assert.Single((await trainer.ReadUserAsync(UserRef.User("ann")))!.Value.History);
        await new RetentionWorker(trainer.Store, trainer.FactorStore, trainer.Folding, trainer.Transitions,
            trainer.Options, TrainerFixture.Pipelines, TimeProvider.System, NullLogger<RetentionWorker>.Instance).RunAsync(Cancellation);
        Assert.Empty((await trainer.ReadUserAsync(UserRef.User("ann")))!.Value.History);
        Assert.Equal([("a", 1)], await PopularityAsync(trainer));
    }

    /// <summary>One round after the pause between two rounds.</summary>
    private static Task PollAsync(TrainerFixture trainer, LateClock clock)
    {
        clock.Ahead += TimeSpan.FromSeconds(1.1);
        return trainer.Erasures.PollAsync(Cancellation);
    }

    private static Task ConfirmAsync(TrainerFixture trainer) =>
        trainer.Notices.PublishAsync(new UserForgotten { ErasureId = "r" }, Cancellation);

    private static async Task<HealthStatus> HealthAsync(TrainerFixture trainer) =>
        (await trainer.Erasures.CheckHealthAsync(new(), Cancellation)).Status;

    private static async Task EraseAsync(TrainerFixture trainer, string userId, string erasureId) =>
        Assert.Empty(await trainer.SendAsync(new Command
        {
            Kind = CommandKind.EraseUser,
            AcceptedAt = s_start.AddDays(1),
            UserId = userId,
            ErasureId = erasureId
        }));

    private static List<UserErased> Told(TrainerFixture trainer) => [.. trainer.Notices.Sent.OfType<UserErased>()];

    /// <summary>The users who count for each item, once the factor store has the same statistics as the store.</summary>
    private static async Task<IEnumerable<(string ItemId, long Users)>> PopularityAsync(TrainerFixture trainer)
    {
        var copies = (await trainer.FactorStore.ReadItemChangesAsync(0, 1000, Cancellation)).Items.ToDictionary(i => i.ItemId);
        var items = await trainer.Store.ReadCatalogueAsync(0, 1000, Cancellation);
        Assert.All(items, item => Assert.Equal((item.Popularity, item.Trend), (copies[item.ItemId].Popularity, copies[item.ItemId].Trend)));
        return items.OrderBy(i => i.ItemId, StringComparer.Ordinal).Select(i => (i.ItemId, i.Users));
    }

    private sealed class LateClock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
    }

    /// <summary>Something happens between the start of a write and its arrival.</summary>
    private sealed class SleepyFactorStore(IFactorStore inner) : IFactorStore
    {
        public Func<Task> Meanwhile { get; set; } = () => Task.CompletedTask;

        public async Task PutUsersAsync(IReadOnlyList<UserState> users, CancellationToken cancellationToken)
        {
            await Meanwhile();
            await inner.PutUsersAsync(users, cancellationToken);
        }

        public ValueTask<byte[]?> GetUserAsync(UserRef user) => inner.GetUserAsync(user);
        public Task DeleteUsersAsync(IReadOnlyList<UserRef> users, CancellationToken cancellationToken) =>
            inner.DeleteUsersAsync(users, cancellationToken);
        public Task EraseUsersAsync(IReadOnlyList<UserRef> users, long revision, CancellationToken cancellationToken) =>
            inner.EraseUsersAsync(users, revision, cancellationToken);
        public Task<long> PutItemsAsync(IReadOnlyList<ItemRecord> items, CancellationToken cancellationToken) =>
            inner.PutItemsAsync(items, cancellationToken);
        public Task<long> PutItemStatisticsAsync(IReadOnlyList<ItemStatisticsRecord> statistics, CancellationToken cancellationToken) =>
            inner.PutItemStatisticsAsync(statistics, cancellationToken);
        public Task<long> PutItemVectorsAsync(IReadOnlyList<ItemVectorRecord> vectors, CancellationToken cancellationToken) =>
            inner.PutItemVectorsAsync(vectors, cancellationToken);
        public Task<long> PutItemFactorsAsync(IReadOnlyList<ItemFactorRecord> factors, CancellationToken cancellationToken) =>
            inner.PutItemFactorsAsync(factors, cancellationToken);
        public IAsyncEnumerable<IReadOnlyList<UserFactor>> ListUserFactorsAsync(int rank, CancellationToken cancellationToken) =>
            inner.ListUserFactorsAsync(rank, cancellationToken);
        public Task<IReadOnlyList<UserFactor>> GetUserFactorsAsync(IReadOnlyList<string> userIds, int rank,
            CancellationToken cancellationToken) => inner.GetUserFactorsAsync(userIds, rank, cancellationToken);
        public Task PutEventTypesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken) =>
            inner.PutEventTypesAsync(names, cancellationToken);
        public Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken) =>
            inner.GetEventTypesAsync(cancellationToken);
        public Task<ItemChanges> ReadItemChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken) =>
            inner.ReadItemChangesAsync(afterSequence, limit, cancellationToken);
        public Task PutModelAsync(long version, ReadOnlyMemory<byte> model, CancellationToken cancellationToken) =>
            inner.PutModelAsync(version, model, cancellationToken);
        public Task<byte[]?> GetModelAsync(long version, CancellationToken cancellationToken) =>
            inner.GetModelAsync(version, cancellationToken);
        public Task DeleteModelAsync(long version, CancellationToken cancellationToken) =>
            inner.DeleteModelAsync(version, cancellationToken);
        public Task SetReleasedAsync(long version, CancellationToken cancellationToken) =>
            inner.SetReleasedAsync(version, cancellationToken);
        public Task<long?> GetReleasedAsync(CancellationToken cancellationToken) => inner.GetReleasedAsync(cancellationToken);
        public Task<string?> GetGenerationAsync(CancellationToken cancellationToken) => inner.GetGenerationAsync(cancellationToken);
        public Task SetGenerationAsync(string generation, CancellationToken cancellationToken) =>
            inner.SetGenerationAsync(generation, cancellationToken);
        public Task<TransitionWatermark?> GetTransitionWatermarkAsync(CancellationToken cancellationToken) =>
            inner.GetTransitionWatermarkAsync(cancellationToken);

        public Task<TransitionWrite> PutTransitionsAsync(IReadOnlyList<TransitionRowRecord> rows, TransitionWatermark? watermark,
            CancellationToken cancellationToken) => inner.PutTransitionsAsync(rows, watermark, cancellationToken);

        public Task<TransitionWatermark> CompleteTransitionsAsync(TransitionWatermark watermark, string? replaced,
            CancellationToken cancellationToken) => inner.CompleteTransitionsAsync(watermark, replaced, cancellationToken);

        public Task ClearTransitionsAsync(CancellationToken cancellationToken) => inner.ClearTransitionsAsync(cancellationToken);

        public Task<IReadOnlyList<TransitionRowRecord>> ReadTransitionsAsync(IReadOnlyCollection<int> itemKeys,
            CancellationToken cancellationToken) => inner.ReadTransitionsAsync(itemKeys, cancellationToken);

        public Task<TransitionChanges> ReadTransitionChangesAsync(long afterPosition, int limit, CancellationToken cancellationToken) =>
            inner.ReadTransitionChangesAsync(afterPosition, limit, cancellationToken);

        public Task PutScoreMixAsync(long number, ReadOnlyMemory<byte> mix, CancellationToken cancellationToken) =>
            inner.PutScoreMixAsync(number, mix, cancellationToken);

        public Task WatchTransitionsAsync(Action changed, CancellationToken cancellationToken) =>
            inner.WatchTransitionsAsync(changed, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
