using Recommender.Storage.Events;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private Task<IReadOnlyList<SequencedEvent>> EventsAsync(long after, long upTo, int limit = 1000) =>
        Store.ReadEventsAsync(after, upTo, limit, Stop);

    [Fact]
    public async Task Events_are_read_in_the_order_of_storing_as_the_batches_that_stored_them_name_them()
    {
        var first = await PutAsync(Event("e1", "ann", "a", at: T0.AddDays(60)), Event("e2", "bob", "b", "rating", 4.5));
        var second = await PutAsync(SessionEvent("e3", "s", "a", T0.AddDays(-60)), Event("e1", "ann", "a", at: T0.AddDays(60)),
            Event("e4", "ann", "c") with { SessionId = "t" });
        Assert.Equal(new StorePosition(4, second.Revision), await Store.GetPositionAsync(Stop));
        Assert.Equal([1, 2], first.Events.Select(e => e.Sequence));
        Assert.Equal([3, 4], second.Events.Select(e => e.Sequence));
        Assert.Equal([null, null, "s", "t"], (await EventsAsync(0, 4)).Select(e => e.SessionId));
        Assert.Equal([.. first.Events, .. second.Events], await EventsAsync(0, 4));
        Assert.Equal([.. first.Events, .. second.Events], await EventsAsync(0, long.MaxValue));
        Assert.Equal(second.Events, await EventsAsync(2, 4));
        Assert.Equal([first.Events[1], second.Events[0]], await EventsAsync(1, 3));
        Assert.Equal([2], (await EventsAsync(1, 4, limit: 1)).Select(e => e.Sequence));
        Assert.Empty(await EventsAsync(4, 9));
        Assert.Equal((4.5f, float.NaN), (first.Events[1].Value, first.Events[0].Value));
    }

    [Fact]
    public async Task A_large_batch_names_its_events_as_a_small_one_does()
    {
        var stored = await PutAsync([.. Enumerable.Range(0, 1_500).Select(n =>
            Event($"e{n}", $"u{n % 7}", $"i{n % 11}", at: T0.AddSeconds(-n)))]);
        Assert.Equal(Enumerable.Range(1, 1_500).Select(n => (long)n), stored.Events.Select(e => e.Sequence));
        Assert.Equal(stored.Events, await EventsAsync(0, long.MaxValue, 2_000));
        var again = await PutAsync(Event("e0", "u0", "i0"));
        Assert.Empty(again.Events);
    }

    [Fact]
    public async Task Events_of_users_are_read_up_to_a_sequence_in_order_of_time()
    {
        var first = await PutAsync(Event("e1", "ann", "a", at: T0.AddHours(2)), Event("e2", "bob", "b"), Event("e3", "ann", "c", at: T0));
        await PutAsync(Event("e4", "ann", "d", at: T0.AddHours(1)));
        int ann = first.Events[0].UserKey, bob = first.Events[1].UserKey;
        Assert.Equal([3, 4, 1], (await Store.ReadEventsOfUsersAsync([ann], 4, Stop)).Select(e => e.Sequence));
        Assert.Equal([3, 1], (await Store.ReadEventsOfUsersAsync([ann], 3, Stop)).Select(e => e.Sequence));
        Assert.Equal([(ann, 3), (ann, 1), (bob, 2L)],
            (await Store.ReadEventsOfUsersAsync([bob, ann, 999], 3, Stop)).Select(e => (e.UserKey, e.Sequence)));
        Assert.Empty(await Store.ReadEventsOfUsersAsync([], 3, Stop));
    }

    [Fact]
    public async Task An_open_erasure_names_the_items_of_the_user_and_forgets_them_with_the_user()
    {
        await PutAsync(Event("e1", "ann", "a"), Event("e2", "ann", "b", "dislike"), Event("e3", "bob", "c"),
            Event("e4", "ann", "a", "cart"));
        int[] items = [.. (await Store.ReadCatalogueAsync(0, 10, Stop)).Where(item => item.ItemId is "a" or "b")
            .Select(item => item.ItemKey)];
        await Store.EraseUserAsync("ann", "x", T0.AddDays(1), Stop);
        Assert.Equal(items, (await Store.ReadErasureAsync("x", Stop))!.ItemKeys);
        await Store.EraseUserAsync("ann", "x", T0.AddDays(1), Stop);
        await CompleteAsync("x", "factorStore", T0);
        Assert.Equal(items, (await Store.ReadErasureAsync("x", Stop))!.ItemKeys);
        await CloseErasureAsync("x", T0);
        Assert.Empty((await Store.ReadErasureAsync("x", Stop))!.ItemKeys);
    }

    [Fact]
    public async Task A_merge_names_the_items_of_a_session_that_the_user_had_a_part_of()
    {
        await PutAsync(SessionEvent("e1", "s", "a"), SessionEvent("e2", "t", "b"), Event("e3", "ann", "c") with { SessionId = "s" },
            Event("e4", "ann", "d"));
        var keys = (await Store.ReadCatalogueAsync(0, 10, Stop)).ToDictionary(item => item.ItemId, item => item.ItemKey);
        Assert.Empty((await Store.MergeSessionAsync("t", "ann", T0.AddDays(1), Stop)).JoinedItemKeys);
        int[] joined = [keys["a"], keys["c"]];
        Assert.Equal(joined.Order(), (await Store.MergeSessionAsync("s", "ann", T0.AddDays(1), Stop)).JoinedItemKeys);
        Assert.Equal(joined.Order(), (await Store.MergeSessionAsync("s", "ann", T0.AddDays(1), Stop)).JoinedItemKeys); // After a crash.
    }
}
