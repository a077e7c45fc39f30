using Recommender.Contracts;
using Recommender.FactorStore.Items;
using Recommender.Storage.Events;

namespace Recommender.Trainer.Tests;

/// <summary>What serving ranks by follows the store: through merges, recounts and events whose values say nothing.</summary>
public class StatisticsTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<ItemRecord> ServedAsync(TrainerFixture trainer, string itemId) =>
        (await trainer.FactorStore.ReadItemChangesAsync(0, 1000, Cancellation)).Items.Single(item => item.ItemId == itemId);

    [Fact]
    public async Task A_merge_of_two_places_in_an_audience_reaches_the_factor_store_also_when_it_comes_again()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start),
            TrainerFixture.Event("", "a", s_start.AddHours(1)) with { UserId = null, SessionId = "s" });
        double two = (await ServedAsync(trainer, "a")).Popularity;
        var merge = new Command { Kind = CommandKind.MergeSession, AcceptedAt = s_start.AddDays(1), UserId = "ann", SessionId = "s" };
        // Killed between the store and the factor store.
        await trainer.Store.MergeSessionAsync("s", "ann", merge.AcceptedAt, Cancellation);
        Assert.Equal(two, (await ServedAsync(trainer, "a")).Popularity);
        Assert.Empty(await trainer.SendAsync(merge));
        Assert.Equal(new StatisticsSettings().PopularityOf(s_start.AddHours(1)), (await ServedAsync(trainer, "a")).Popularity);
    }

    [Fact]
    public async Task Recounted_statistics_are_copied_by_the_first_round()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start));
        await trainer.FactorStore.SetGenerationAsync("kept", Cancellation);
        var stale = new ItemStatisticsRecord((await ServedAsync(trainer, "a")).ItemKey, "a", 17, 6543, Version: 1);
        await trainer.FactorStore.PutItemStatisticsAsync([stale], Cancellation);
        Assert.True(await trainer.Store.AreStatisticsRecountedAsync(Cancellation));
        await trainer.Reconciler.ReconcileAsync(Cancellation);
        Assert.Equal(new StatisticsSettings().PopularityOf(s_start), (await ServedAsync(trainer, "a")).Popularity);
        Assert.False(await trainer.Store.AreStatisticsRecountedAsync(Cancellation));
    }

    [Fact]
    public async Task A_rating_without_a_value_is_a_dead_letter_with_the_reason()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        var dead = Assert.Single(
            await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start, "rating"), TrainerFixture.Event("ann", "b", s_start)));
        Assert.Equal("element 0: value is required for events of type 'rating'", dead.Reason);
        Assert.Equal(1, (await trainer.Store.GetStatusAsync(Cancellation)).Events);
    }

    [Fact]
    public async Task A_cancelled_order_is_no_history_and_no_popularity()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start, "purchase") with { Value = 6 },
            TrainerFixture.Event("bob", "a", s_start, "purchase") with { Value = -6 });
        Assert.Single((await trainer.ReadUserAsync(UserRef.User("ann")))!.Value.History);
        Assert.Empty((await trainer.ReadUserAsync(UserRef.User("bob")))!.Value.History);
        await trainer.SendAsync(TrainerFixture.Event("ann", "a", s_start.AddHours(1), "purchase") with { Value = -6 });
        Assert.Empty((await trainer.ReadUserAsync(UserRef.User("ann")))!.Value.History);
        Assert.Equal(double.NegativeInfinity, (await ServedAsync(trainer, "a")).Popularity);
    }
}
