using System.Globalization;
using Recommender.Contracts;
using Recommender.Storage.Events;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private static Interaction Assigned(Interaction e) => e with { OccurredAtAssigned = true };

    private static readonly Interaction s_first = Event("e1", "ann", "a", "rating", 4) with { SessionId = "s" };

    /// <summary>Events of the same id, with the field that differs.</summary>
    private static readonly (string Field, Interaction Event)[] s_others =
    [
        ("userId", s_first with { UserId = "bob" }),
        ("userId", s_first with { UserId = "unknown", ItemId = "unknown" }),
        ("itemId", s_first with { ItemId = "b" }),
        ("itemId", s_first with { ItemId = "unknown" }),
        ("type", s_first with { Type = "view" }),
        ("type", s_first with { Type = "Rating" }),
        ("value", s_first with { Value = 4.5 }),
        ("value", s_first with { Value = null }),
        ("sessionId", s_first with { SessionId = null }),
        ("sessionId", s_first with { SessionId = "t" }),
        ("occurredAt", s_first with { OccurredAt = T0.AddMonths(2) }),
        ("occurredAt", s_first with { OccurredAt = T0.AddMilliseconds(1) }),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_event_whose_id_another_event_has_is_a_conflict(bool inOneBatch)
    {
        await PutAsync(Event("x", "bob", "b", "view"));
        if (!inOneBatch) await PutAsync(s_first);
        Interaction[] batch = [s_first, Event("new", "ann", "b"), .. s_others.Select(o => o.Event),
            s_first with { RecommendationId = "r" }];
        var result = await PutAsync(batch);
        Assert.Equal(s_others.Select((o, n) => new EventConflict(n + 2, o.Field)), result.Conflicts);
        Assert.Equal(inOneBatch ? (2, 1) : (1, 2), (result.Stored, result.Duplicates));
        Assert.Equal("e1:a new:b", await ReadableAsync("ann"));
        Assert.Equal("x:b", await ReadableAsync("bob"));
        Assert.Null(await Store.ExportUserAsync("unknown", Stop));
        Assert.Null(await Store.GetItemAsync("unknown", Stop));
        var counters = (await Store.GetStatusAsync(Stop)).Counters;
        Assert.Equal((result.Duplicates, s_others.Length, 0),
            ((int)counters.DuplicateEvents, (int)counters.ConflictingEvents, (int)counters.DroppedEvents));

        // Sent again they are conflicts again, and change nothing.
        Assert.Equal(result.Conflicts.Select(c => c.Field),
            (await PutAsync([.. s_others.Select(o => o.Event)])).Conflicts.Select(c => c.Field));
        Assert.Equal(2 * s_others.Length, (await Store.GetStatusAsync(Stop)).Counters.ConflictingEvents);
        Assert.Equal(3, (await Store.GetStatusAsync(Stop)).Events);
    }

    [Fact]
    public async Task A_time_is_compared_only_where_the_producer_stated_both()
    {
        var later = T0.AddMonths(2);
        await PutAsync(Event("stated", "ann", "a"), Assigned(Event("assigned", "ann", "a")), SessionEvent("ofSession", "s", "a"),
            Assigned(SessionEvent("assignedOfSession", "s", "a")));
        var again = await PutAsync(
            Assigned(Event("stated", "ann", "a", at: later)),
            Event("assigned", "ann", "a", at: later),
            Assigned(Event("assigned", "ann", "a", at: later)),
            Assigned(SessionEvent("assignedOfSession", "s", "a", later)));
        Assert.Equal((0, 4, 0), (again.Stored, again.Duplicates, again.Conflicts.Count));
        Assert.Equal(["occurredAt", "occurredAt"],
            (await PutAsync(Event("stated", "ann", "a", at: later), SessionEvent("ofSession", "s", "a", later))).Conflicts.Select(c =>
                c.Field));
    }

    [Fact]
    public async Task A_retry_after_the_session_was_merged_is_a_duplicate()
    {
        var stated = SessionEvent("stated", "s", "a");
        var assigned = Assigned(SessionEvent("assigned", "s", "b"));
        await PutAsync(stated, assigned);
        await Store.MergeSessionAsync("s", "ann", T0.AddHours(1), Stop);
        await PutAsync(SessionEvent("later", "s", "c", T0.AddHours(2)));
        await Store.MergeSessionAsync("s", "bob", T0.AddHours(3), Stop);
        // The server's time of the retries lies before the merge, between the merges and after both.
        Interaction[] retries = [stated, .. new[] { 0, 2, 4 }.Select(hours => assigned with { OccurredAt = T0.AddHours(hours) })];
        Assert.Equal((0, 4), await PutAsync(retries) is var again ? (again.Stored, again.Duplicates) : default);
        // Another session, and a user the session was never merged into, are someone else.
        var conflicts = await PutAsync(assigned with { SessionId = "t" }, Event("assigned", "eve", "b") with { SessionId = "s" },
            Event("later", "ann", "c", at: T0.AddHours(2)) with { SessionId = "s" });
        Assert.Equal(3, conflicts.Conflicts.Count);
        Assert.Equal("stated:a assigned:b", await ReadableAsync("ann"));
    }

    [Fact]
    public async Task Cloud_events_are_unique_by_source_and_id()
    {
        Interaction From(string? source, string item) => Event("1", "ann", item) with { CloudEventSource = source };
        Assert.Equal(3, (await PutAsync(From("/shop", "a"), From("/app", "b"), From(null, "c"))).Stored);
        Assert.Equal((0, 3, 0), await PutAsync(From("/shop", "a"), From("/app", "b"), From(null, "c")) is var again
            ? (again.Stored, again.Duplicates, again.Conflicts.Count) : default);
        Assert.Equal([0, 1], (await PutAsync(From("/shop", "b"), From(null, "a"))).Conflicts.Select(c => c.Index));
        var events = (await Store.ExportUserAsync("ann", Stop))!.Events;
        Assert.Equal([("/shop", "1", "a"), ("/app", "1", "b"), (null, "1", "c")],
            events.Select(e => (e.CloudEventSource, e.EventId!, e.ItemId!)));
        // Their ids go with them.
        await Store.EraseUserAsync("ann", "x", T0, Stop);
        Assert.Equal(1, (await PutAsync(From("/shop", "a") with { UserId = "bob" })).Stored);
    }

    [Fact]
    public async Task An_id_is_free_again_after_its_event_was_erased_or_removed_and_dropped_events_are_counted()
    {
        await PutAsync(Event("1", "ann", "a"), Event("2", "bob", "a", at: T0.AddYears(-1)));
        await Store.EraseUserAsync("ann", "x", T0.AddHours(1), Stop);
        await foreach (var _ in Store.RemoveEventsBeforeAsync(T0.AddDays(-1), Stop))
        {
        }

        var batch = await PutAsync(Event("1", "bob", "b"), Event("2", "eve", "b"), Event("3", "ann", "a"),
            Event("4", "eve", "a", at: T0.AddYears(-1)));
        Assert.Equal((2, 0, 2), (batch.Stored, batch.Conflicts.Count, batch.Dropped));
        Assert.Equal(2, (await Store.GetStatusAsync(Stop)).Counters.DroppedEvents);
    }

    [Fact]
    public async Task Many_repeated_events_are_told_apart()
    {
        Interaction[] events = [.. Enumerable.Range(0, 3_000)
            .Select(n => Event(n.ToString(CultureInfo.InvariantCulture), $"u{n % 50}", $"i{n % 70}", value: n, at: T0.AddHours(-n)))];
        Assert.Equal(3_000, (await PutAsync(events)).Stored);
        var again = await PutAsync(
            [.. events.Select((e, n) => n % 3 == 0 ? e with { Value = -n - 1 } : n % 3 == 1 ? Assigned(e with { OccurredAt = T0 }) : e)]);
        Assert.Equal((0, 2_000), (again.Stored, again.Duplicates));
        Assert.Equal(Enumerable.Range(0, 1_000).Select(n => new EventConflict(3 * n, "value")), again.Conflicts);
    }
}
