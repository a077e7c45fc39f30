using Recommender.FactorStore.Transitions;
using Recommender.TestKit;
using Xunit;

namespace Recommender.FactorStore.Tests;

public abstract partial class FactorStoreContract
{
    private static TransitionRowRecord Row(int key, long recount, long sequence, params byte[] row) => new(key, recount, sequence, row);

    private async Task<(int Key, long Recount, long Sequence, string Row)[]> RowsAsync() =>
        [.. (await Store.ReadTransitionChangesAsync(0, 1000, Stop)).Rows.OrderBy(row => row.ItemKey)
            .Select(row => (row.ItemKey, row.Recount, row.Sequence, Convert.ToHexString(row.Row.Span)))];

    [Fact]
    public async Task A_transition_row_never_replaces_one_of_a_higher_sequence()
    {
        await Store.PutTransitionsAsync([Row(1, 1, 10, 1), Row(2, 1, 20, 2)], null, Stop);
        var write = await Store.PutTransitionsAsync([Row(1, 1, 9, 8), Row(2, 1, 1L << 40, 9)], null, Stop);
        Assert.True(write.IsCurrent);
        Assert.Empty(write.Recounted);
        Assert.Equal([(1, 1L, 10L, "01"), (2, 1L, 1L << 40, "09")], await RowsAsync());
    }

    [Fact]
    public async Task Rows_of_baskets_and_of_recent_events_are_kept_next_to_those_of_items()
    {
        const int LastItem = (1 << 24) - 1;
        int basket = TransitionRowRecord.BasketKey(LastItem), recent = TransitionRowRecord.RecentKey(2);
        await Store.PutTransitionsAsync([Row(LastItem, 1, 1, 1), Row(basket, 1, 2, 2), Row(recent, 1, 3, 3)], null, Stop);
        Assert.Equal([(recent, 1, 3, "03"), (LastItem, 1L, 1L, "01"), (basket, 1, 2, "02")], await RowsAsync());
        var read = await Store.ReadTransitionsAsync([basket, recent], Stop);
        Assert.Equal([(basket, true, LastItem, -1), (recent, false, recent, 2)],
            read.OrderByDescending(row => row.ItemKey).Select(row => (row.ItemKey, row.IsBasket, row.Item, row.RecentScale)));
        Assert.False(Row(LastItem, 1, 1).IsBasket);
    }

    [Fact]
    public async Task A_recounted_transition_row_replaces_any_of_an_earlier_count_and_is_named_to_who_writes_one()
    {
        await Store.PutTransitionsAsync([Row(1, 1, 100, 1), Row(2, 1, 100, 2)], null, Stop);
        await Store.PutTransitionsAsync([Row(1, 5_000_000_000, 90, 3)], null, Stop);
        Assert.True((await Store.PutTransitionsAsync([Row(2, 1, 100, 2), Row(3, 7, 1), Row(3, 8, 0)], null, Stop)).HasOvertaken);
        var write = await Store.PutTransitionsAsync([Row(1, 4_999_999_999, 200, 4), Row(2, 1, 200, 5)], null, Stop);
        Assert.Equal([1], write.Recounted);
        Assert.False(write.HasOvertaken);
        Assert.Equal([(1, 5_000_000_000, 90L, "03"), (2, 1L, 200L, "05"), (3, 8, 0, "")], await RowsAsync());
    }

    [Fact]
    public async Task Transition_rows_with_a_watermark_are_written_only_into_their_generation()
    {
        Assert.Null(await Store.GetTransitionWatermarkAsync(Stop));
        Assert.False((await Store.PutTransitionsAsync([Row(1, 1, 10, 1)], new("g", 10), Stop)).IsCurrent);
        Assert.Empty(await RowsAsync());

        Assert.Equal(new("g", 5), await Store.CompleteTransitionsAsync(new("g", 5), null, Stop));
        Assert.Equal(new("g", 5), await Store.CompleteTransitionsAsync(new("h", 7), null, Stop)); // Who completes second joins the first.
        Assert.True((await Store.PutTransitionsAsync([Row(1, 1, 10, 1)], new("g", 10), Stop)).IsCurrent);
        Assert.False((await Store.PutTransitionsAsync([Row(1, 1, 11, 2)], new("h", 11), Stop)).IsCurrent);
        Assert.True((await Store.PutTransitionsAsync([], new("g", 1L << 40), Stop)).IsCurrent);
        Assert.True((await Store.PutTransitionsAsync([], new("g", 12), Stop)).IsCurrent); // The watermark never falls.
        Assert.Equal(new("g", 1L << 40), await (await OpenAnotherAsync()).GetTransitionWatermarkAsync(Stop));
        Assert.Equal([(1, 1L, 10L, "01")], await RowsAsync());
    }

    [Fact]
    public async Task The_watermark_stays_while_a_row_is_refused_that_was_counted_again_elsewhere()
    {
        await Store.CompleteTransitionsAsync(new("g", 5), null, Stop);
        await Store.PutTransitionsAsync([Row(1, 9, 3, 1)], null, Stop);
        Assert.Equal([1], (await Store.PutTransitionsAsync([Row(1, 8, 10, 2), Row(2, 8, 10, 2)], new("g", 10), Stop)).Recounted);
        Assert.Equal(new("g", 5), await Store.GetTransitionWatermarkAsync(Stop));
    }

    [Fact]
    public async Task A_generation_is_replaced_only_by_who_names_it()
    {
        await Store.CompleteTransitionsAsync(new("g", 5), null, Stop);
        Assert.Equal(new("g", 5), await Store.CompleteTransitionsAsync(new("h", 7), "f", Stop));
        Assert.Equal(new("h", 4), await Store.CompleteTransitionsAsync(new("h", 4), "g", Stop));
        Assert.Equal(new("h", 4), await Store.GetTransitionWatermarkAsync(Stop));
    }

    [Fact]
    public async Task The_feed_of_transitions_yields_what_changed_since_a_position_once()
    {
        await Store.CompleteTransitionsAsync(new("g", 0), null, Stop);
        await Store.PutTransitionsAsync([.. Enumerable.Range(1, 450).Select(key => Row(key, 1, 1, (byte)key))], null, Stop);
        var held = new Dictionary<int, byte>();
        long position = 0;
        for (bool more = true; more;)
        {
            var page = await Store.ReadTransitionChangesAsync(position, 100, Stop);
            Assert.Equal("g", page.Generation);
            Assert.InRange(page.Rows.Count, 0, 100);
            foreach (var row in page.Rows) held.Add(row.ItemKey, row.Row.Span[0]);
            (position, more) = (page.Position, page.More);
        }

        Assert.Equal(450, held.Count);
        Assert.All(held, row => Assert.Equal((byte)row.Key, row.Value));
        Assert.Empty((await Store.ReadTransitionChangesAsync(position, 100, Stop)).Rows);
        await Store.PutTransitionsAsync([Row(7, 1, 1, 7), Row(8, 1, 0, 1)], null, Stop); // The same again, and an older one.
        Assert.Empty((await Store.ReadTransitionChangesAsync(position, 100, Stop)).Rows);
        for (int n = 2; n < 4_000; n++) await Store.PutTransitionsAsync([Row(9, 1, n, (byte)n), Row(3, 1, n, 1)], null, Stop);
        var changed = await Store.ReadTransitionChangesAsync(position, 100, Stop);
        Assert.Equal([9, 3], changed.Rows.Select(row => row.ItemKey));
        Assert.Equal(3_999, changed.Rows[0].Sequence);
        Assert.Equal(450, (await Store.ReadTransitionChangesAsync(0, 2000, Stop)).Rows.Count);
    }

    [Fact]
    public async Task Cleared_transitions_are_gone_and_the_feed_goes_on()
    {
        await Store.CompleteTransitionsAsync(new("g", 3), null, Stop);
        await Store.PutTransitionsAsync([Row(1, 9, 9, 1), Row(2, 9, 9, 1)], null, Stop);
        long position = (await Store.ReadTransitionChangesAsync(0, 10, Stop)).Position;
        await Store.ClearTransitionsAsync(Stop);
        Assert.Null(await Store.GetTransitionWatermarkAsync(Stop));
        Assert.Empty(await RowsAsync());
        await Store.PutTransitionsAsync([Row(1, 1, 1, 2)], null, Stop); // What was there before decides nothing.
        Assert.Equal([1], (await Store.ReadTransitionChangesAsync(position, 10, Stop)).Rows.Select(row => row.ItemKey));
    }

    [Fact]
    public async Task Transition_rows_are_read_by_item()
    {
        await Store.PutTransitionsAsync([Row(1, 2, 3, 4, 5), Row(2, 1, 1)], null, Stop);
        var rows = (await Store.ReadTransitionsAsync([2, 99, 1], Stop)).OrderBy(row => row.ItemKey).ToArray();
        Assert.Equal([1, 2], rows.Select(row => row.ItemKey));
        Assert.Equal((2L, 3L), (rows[0].Recount, rows[0].Sequence));
        Assert.Equal([4, 5], rows[0].Row.ToArray());
        Assert.True(rows[1].Row.IsEmpty);
    }

    [Fact]
    public async Task A_score_mix_replaces_those_of_lower_numbers_and_comes_with_the_changes()
    {
        Assert.Null((await Store.ReadTransitionChangesAsync(0, 1, Stop)).Mix);
        await Store.PutScoreMixAsync(1L << 40, new byte[] { 1, 2 }, Stop);
        Assert.Equal([1, 2], (await Store.ReadTransitionChangesAsync(0, 1, Stop)).Mix!);
        await Store.PutScoreMixAsync((1L << 40) - 1, new byte[] { 3 }, Stop);
        Assert.Equal([1, 2], (await Store.ReadTransitionChangesAsync(0, 1, Stop)).Mix!);
        await Store.PutScoreMixAsync(1L << 40, new byte[] { 4 }, Stop);
        Assert.Equal([4], (await Store.ReadTransitionChangesAsync(0, 1, Stop)).Mix!);

        // A store that was restored to an earlier state decides again from there.
        await Store.ClearTransitionsAsync(Stop);
        Assert.Null((await Store.ReadTransitionChangesAsync(0, 1, Stop)).Mix);
        await Store.PutScoreMixAsync(1, new byte[] { 5 }, Stop);
        Assert.Equal([5], (await Store.ReadTransitionChangesAsync(0, 1, Stop)).Mix!);
    }

    [Fact]
    public async Task Who_watches_is_told_of_rows_of_their_completion_and_of_a_mix_until_it_stops()
    {
        int calls = 0;
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var watch = Store.WatchTransitionsAsync(() => Interlocked.Increment(ref calls), watching.Token);

        // Whether a connection already watches cannot be seen but by a change.
        await Eventually.TrueAsync(async () =>
        {
            await Store.PutScoreMixAsync(1, new byte[] { 1 }, Stop);
            return Volatile.Read(ref calls) > 0;
        });
        foreach (var change in new Func<Task>[]
        {
            () => Store.PutScoreMixAsync(2, new byte[] { 2 }, Stop),
            () => Store.PutTransitionsAsync([new(1, 0, 1, new byte[] { 1 })], null, Stop),
            () => Store.CompleteTransitionsAsync(new("g", 1), null, Stop),
        })
        {
            int before = Volatile.Read(ref calls);
            await change();
            await Eventually.TrueAsync(() => Volatile.Read(ref calls) > before);
        }

        await watching.CancelAsync();
        await watch;
    }
}
