using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private async Task<CatalogueEntry> EntryAsync(string id) => (await Store.GetItemAsync(id, Stop))!;

    [Fact]
    public async Task A_user_counts_once_per_item_at_the_newest_positive_event()
    {
        await PutAsync([.. Enumerable.Range(0, 1000).Select(n => Event($"bot{n}", "bot", "a", at: T0.AddSeconds(n)))]);
        await PutAsync([.. Enumerable.Range(0, 50).Select(n => Event($"crowd{n}", $"u{n}", "b", at: T0.AddMinutes(n)))]);
        await PutAsync([.. Enumerable.Range(0, 10).Select(n => Event($"again{n}", "bot", "a", at: T0.AddHours(-n)))]);
        AssertCounts(await EntryAsync("a"), T0.AddSeconds(999));
        AssertCounts(await EntryAsync("b"), [.. Enumerable.Range(0, 50).Select(n => T0.AddMinutes(n))]);
        Assert.True((await EntryAsync("b")).Popularity > (await EntryAsync("a")).Popularity);
        Assert.True((await EntryAsync("b")).Trend > (await EntryAsync("a")).Trend);
    }

    [Fact]
    public async Task A_user_counts_while_the_preference_is_positive_whatever_comes_first()
    {
        Interaction[] events =
        [
            Event("e1", "ann", "a", at: T0), Event("e2", "ann", "a", "dislike", at: T0.AddHours(-1)), // Outweighed.
            Event("e3", "bob", "a", "purchase", 6, T0), Event("e4", "bob", "a", "purchase", -6, T0.AddHours(1)), // Cancelled.
            Event("e5", "cid", "a", "rating", 5, T0), Event("e6", "cid", "a", "rating", 1, T0.AddHours(1)), // Replaced.
            Event("e7", "dan", "a", "rating", 1, T0), Event("e8", "dan", "a", "rating", 4, T0.AddHours(2)), // Replaced the other way.
            Event("e9", "eve", "a", "purchase", 12, T0), Event("e10", "eve", "a", "purchase", -6, T0.AddHours(3)), // Half of it kept.
            Event("e11", "fay", "a", "like", -1, T0), Event("e12", "gus", "a", "purchase", 0, T0),
                Event("e13", "hal", "a", "rating", at: T0),
        ];
        var random = new Random(4);
        for (int round = 0; round < 6; round++)
        {
            // One by one, in batches of three, and all at once.
            var shuffled = events.OrderBy(_ => random.Next())
                .Select(e => e with { EventId = $"{round}-{e.EventId}", ItemId = $"a{round}" }).ToArray();
            foreach (var batch in shuffled.Chunk(round < 2 ? 1 : round < 4 ? 3 : 100)) await PutAsync(batch);
            AssertCounts(await EntryAsync($"a{round}"), T0.AddHours(2), T0);
        }
    }

    [Fact]
    public async Task What_is_taken_back_and_given_again_leaves_the_sums_as_they_were()
    {
        await PutAsync(Event("e1", "ann", "a", at: T0.AddYears(-3)), Event("e2", "bob", "a", at: T0));
        // Beside bob's the sum keeps nothing of ann's three years ago; without it she is all there is.
        await PutAsync(Event("e3", "bob", "a", "dislike", at: T0.AddHours(1)));
        AssertCounts(await EntryAsync("a"), T0.AddYears(-3));
        await PutAsync(Event("e4", "bob", "a", "dislike", -1, T0.AddHours(2)));
        AssertCounts(await EntryAsync("a"), T0.AddYears(-3), T0);
        await PutAsync(Event("e4", "bob", "a", "dislike", -1, T0.AddHours(2)));
        AssertCounts(await EntryAsync("a"), T0.AddYears(-3), T0);
    }

    [Fact]
    public async Task Statistics_do_not_depend_on_the_order_of_arrival_and_follow_erasures_merges_and_retention()
    {
        var random = new Random(11);
        string[] types = ["view", "view", "view", "purchase", "rating", "like", "dislike"];
        double?[] values = [null, 1, 4, -1, 2, 5, 0];
        Interaction[] all = [.. Enumerable.Range(0, 600).Select(n =>
        {
            string type = types[random.Next(types.Length)];
            double? value = type == "rating" ? random.Next(1, 6) : values[random.Next(values.Length)];
            var at = T0.AddHours(-random.Next(3000));
            return n % 3 == 0 ? SessionEvent($"e{n}", $"s{random.Next(6)}", $"i{random.Next(8)}", at) with { Type = type, Value = value }
                : Event($"e{n}", $"u{random.Next(6)}", $"i{random.Next(8)}", type, value, at);
        })];
        foreach (var batch in all.OrderBy(_ => random.Next()).Chunk(37)) await PutAsync(batch);
        var merged = await Store.MergeSessionAsync("s1", "u1", T0.AddDays(1), Stop);
        Assert.NotEmpty(merged.Items);
        await AssertStatisticsAsync(merged.Items);
        await Store.MergeSessionAsync("s2", "u1", T0.AddDays(1), Stop);
        var erased = await Store.EraseUserAsync("u2", "x", T0.AddDays(1), Stop);
        await AssertStatisticsAsync(erased.Items!);
        var boundary = T0.AddHours(-1500);
        await foreach (var slice in Store.RemoveEventsBeforeAsync(boundary, Stop)) await AssertStatisticsAsync(slice.Items, ofNow: false);

        string Owner(Interaction e) => e.UserId ?? (e.SessionId is "s1" or "s2" ? "u1" : "session " + e.SessionId);
        Interaction[] left = [.. all.Where(e => Owner(e) != "u2" && e.OccurredAt >= boundary)];
        // What is left, stored in the order of times into another store, comes to the same.
        await RecreateAsync(async other =>
        {
            await other.StoreInteractionsAsync(
                [.. left.OrderBy(e => e.OccurredAt).Select(e => e with { UserId = Owner(e), SessionId = null })], Stop);
            var expected = (await other.ReadCatalogueAsync(0, 100, Stop)).ToDictionary(item => item.ItemId);
            foreach (var item in await Store.ReadCatalogueAsync(0, 100, Stop))
            {
                var same = expected[item.ItemId];
                Assert.Equal((item.ItemId, same.Users), (item.ItemId, item.Users));
                Assert.Equal(same.Popularity, item.Popularity, 1e-6);
                Assert.Equal(same.Trend, item.Trend, 1e-6);
            }
        });
    }

    [Fact]
    public async Task A_merge_makes_one_user_of_two_places_in_an_audience()
    {
        await PutAsync(Event("e1", "ann", "a", at: T0), SessionEvent("e2", "s", "a", T0.AddHours(5)), SessionEvent("e3", "s", "b", T0),
            Event("e4", "ann", "c", "purchase", -2, T0), SessionEvent("e5", "s", "c", T0) with { Type = "purchase", Value = 2 });
        AssertCounts(await EntryAsync("a"), T0, T0.AddHours(5));
        var merged = await Store.MergeSessionAsync("s", "ann", T0.AddDays(1), Stop);
        Assert.Equal([("a", 1), ("c", 0)], merged.Items.OrderBy(item => item.ItemId).Select(item => (item.ItemId, (int)item.Users)));
        AssertCounts(await EntryAsync("a"), T0.AddHours(5));
        AssertCounts(await EntryAsync("b"), T0);
        AssertCounts(await EntryAsync("c"));
        // An event that arrives after the merge finds the user's place.
        await PutAsync(SessionEvent("e6", "s", "a", T0.AddHours(6)));
        AssertCounts(await EntryAsync("a"), T0.AddHours(6));
    }

    [Fact]
    public async Task Statistics_counted_by_other_rules_are_recounted_at_the_start()
    {
        await PutAsync(Event("e1", "ann", "a"), Event("e2", "ann", "b", "skip"));
        Assert.True(await Store.AreStatisticsRecountedAsync(Stop));
        await Store.NoteStatisticsCopiedAsync(Stop);
        await Store.MigrateAsync(Stop);
        Assert.False(await Store.AreStatisticsRecountedAsync(Stop));

        var other = Settings with
        {
            PopularHalfLifeDays = 7,
            Weights = EventWeights.Create(new Dictionary<string, EventTypeSettings> { ["skip"] = new() { Negative = true } })
        };
        await using var restarted = await OpenAsync(other);
        await restarted.MigrateAsync(Stop);
        Assert.True(await Store.AreStatisticsRecountedAsync(Stop));
        var (a, b) = (await EntryAsync("a"), await EntryAsync("b"));
        Assert.Equal((1, other.PopularityOf(T0)), (a.Users, a.Popularity));
        Assert.Equal((0, double.NegativeInfinity), (b.Users, b.Popularity));
        await Store.MigrateAsync(Stop);
        AssertCounts(await EntryAsync("a"), T0);
        AssertCounts(await EntryAsync("b"), T0);
    }

    /// <summary>Checks statistics that were returned against those of the store, which they are now unless more has changed.</summary>
    private async Task AssertStatisticsAsync(IReadOnlyList<ItemStatistics> returned, bool ofNow = true)
    {
        Assert.Equal(returned.Count, returned.Select(item => item.ItemKey).Distinct().Count());
        if (!ofNow) return;
        foreach (var item in returned)
        {
            var entry = await EntryAsync(item.ItemId);
            Assert.Equal((entry.ItemKey, entry.Users, entry.Popularity, entry.Trend),
                (item.ItemKey, item.Users, item.Popularity, item.Trend));
        }
    }
}
