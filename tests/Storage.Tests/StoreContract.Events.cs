using System.Text.Json;
using Recommender.Contracts;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task An_empty_store_says_so()
    {
        Assert.Equal(new StoreStatus(0, 0, 0, 0, null), await Store.GetStatusAsync(Stop));
        Assert.Empty(await Store.ReadUserEventsAsync([1, 2], Stop));
        Assert.Equal(0, (await Store.ReadInteractionsAsync(long.MaxValue, Stop)).Count);
        var nothing = await PutAsync();
        Assert.Equal((0, 0, 0, 0L), (nothing.Stored, nothing.Duplicates, nothing.Dropped, nothing.Sequence));
    }

    [Fact]
    public async Task Storing_again_changes_nothing_but_still_names_users_and_items()
    {
        Interaction[] events = [Event("e1", "ann", "a"), Event("e2", "ann", "b", at: T0.AddHours(1)), Event("e3", "bob", "a")];
        var first = await PutAsync(events);
        var status = await Store.GetStatusAsync(Stop);
        var again = await PutAsync([.. events, Event("e4", "bob", "c", at: T0.AddDays(40))]);

        Assert.Equal((3, 0, 0, 3L), (first.Stored, first.Duplicates, first.Dropped, first.Sequence));
        Assert.Equal((3L, 2L, 2L), (status.Events, status.Users, status.Items));
        Assert.NotNull(status.LastStoredAt);
        Assert.Equal((1, 3, 0, 4L), (again.Stored, again.Duplicates, again.Dropped, again.Sequence));
        Assert.Equal(first.UserKeys.Order(), again.UserKeys.Order());
        Assert.Equal(["a", "b", "c"], again.Items.Select(i => i.ItemId).Order());
        Assert.Equal(2, again.Items.Single(i => i.ItemId == "a").Users);
        Assert.Equal((4L, 2L, 3L), await Store.GetStatusAsync(Stop) is var s ? (s.Events, s.Users, s.Items) : default);
    }

    [Fact]
    public async Task A_duplicate_alone_does_not_change_the_revision()
    {
        int key = Assert.Single((await PutAsync(Event("e1", "ann", "a"))).UserKeys);
        long before = (await HistoryAsync(key)).Revision;
        await PutAsync(Event("e1", "ann", "a"));
        Assert.Equal(before, (await HistoryAsync(key)).Revision);
        await PutAsync(Event("e2", "ann", "a"));
        Assert.True((await HistoryAsync(key)).Revision > before);
    }

    [Fact]
    public async Task Duplicates_within_one_batch_and_with_another_time_of_the_servers_count_once()
    {
        var batch = await PutAsync(Event("e1", "ann", "a"), Event("e1", "ann", "a"),
            Assigned(Event("e1", "ann", "a", at: T0.AddMonths(2))));
        Assert.Equal((1, 2), (batch.Stored, batch.Duplicates));
        var later = await PutAsync(Assigned(Event("e1", "ann", "a", at: T0.AddYears(1))));
        Assert.Equal((0, 1), (later.Stored, later.Duplicates));
        Assert.Equal(1, later.Items.Single().Users);
        Assert.Equal("e1:a", await ReadableAsync("ann"));
    }

    [Fact]
    public async Task Histories_are_ordered_by_time_then_arrival_however_events_come()
    {
        await PutAsync(Event("e3", "ann", "c", at: T0.AddDays(70)), Event("e1", "ann", "a"));
        await PutAsync(Event("e2", "ann", "b", at: T0.AddDays(35)), Event("e1b", "ann", "d"));
        Assert.Equal("e1:a e1b:d e2:b e3:c", await ReadableAsync("ann"));
        var log = await Store.ReadInteractionsAsync(long.MaxValue, Stop);
        Assert.Equal(log.OccurredAtMs.Order(), log.OccurredAtMs);
        var catalogue = (await Store.ReadCatalogueAsync(0, 10, Stop)).ToDictionary(e => e.ItemKey, e => e.ItemId);
        Assert.Equal(["a", "d", "b", "c"], log.ItemKeys.Select(k => catalogue[k]));
        // Up to sequence 2 there are only the two of the first batch.
        Assert.Equal(["a", "c"], (await Store.ReadInteractionsAsync(2, Stop)).ItemKeys.Select(k => catalogue[k]));
    }

    [Fact]
    public async Task Values_types_and_everything_else_come_back_as_they_went_in()
    {
        var context = JsonElement.Parse("""{"device":"wéb","n":[1,{"x":null}]}""");
        var full = Event("e1", "ann", "a", "purchase", 2.5) with { SessionId = "s", RecommendationId = "r-1", Context = context };
        int key = Assert.Single((await PutAsync(full, Event("e2", "ann", "a", "view", at: T0.AddMilliseconds(1)))).UserKeys);
        var types = await Store.GetEventTypesAsync(Stop);
        var history = await HistoryAsync(key);
        Assert.Equal(UserRef.User("ann"), history.User);
        Assert.Equal(2.5f, history.Events[0].Value);
        Assert.Equal("purchase", types[history.Events[0].TypeId]);
        Assert.True(float.IsNaN(history.Events[1].Value));
        Assert.Equal("view", types[history.Events[1].TypeId]);
        Assert.Equal(T0.AddMilliseconds(1).ToUnixTimeMilliseconds(), history.Events[1].OccurredAtMs);
        var log = await Store.ReadInteractionsAsync(long.MaxValue, Stop);
        Assert.Equal(2.5f, log.Values[0]);
        Assert.True(float.IsNaN(log.Values[1]));
        var exported = (await Store.ExportUserAsync("ann", Stop))!.Events[0];
        Assert.Equal(context.GetRawText(), exported.Context!.Value.GetRawText());
        Assert.Equal(full with { Context = null }, exported with { Context = null });
    }

    [Fact]
    public async Task Ids_of_any_script_and_of_full_length_are_kept_apart()
    {
        string[] ids = ["a", "A", "á", "a\u0301", "日本", "🛒", "a'b\"c;--", "a b", " a", "a ", "%_", "\\", new string('x', 256),
            new string('x', 255), new string('界', 85)];
        var batch = await PutAsync([.. ids.Select((id, n) => Event("event-" + id, id, id))]);
        Assert.Equal(ids.Length, batch.Stored);
        Assert.Equal(ids.Length, batch.UserKeys.Distinct().Count());
        Assert.Equal(ids.Length, batch.Items.Select(i => i.ItemKey).Distinct().Count());
        var histories = await Store.ReadUserEventsAsync([.. batch.UserKeys], Stop);
        Assert.Equal(ids.Order(StringComparer.Ordinal), histories.Select(h => h.User.Id).Order(StringComparer.Ordinal));
        foreach (string id in ids) Assert.Equal(id, Assert.Single((await Store.ExportUserAsync(id, Stop))!.Events).ItemId);
    }

    [Fact]
    public async Task Users_and_sessions_of_the_same_name_have_nothing_in_common()
    {
        var batch = await PutAsync(Event("e1", "x", "a"), SessionEvent("e2", "x", "b"));
        var users = await Store.ReadUserEventsAsync([.. batch.UserKeys], Stop);
        Assert.Equal([UserRef.User("x"), UserRef.Session("x")], users.OrderBy(u => u.User.IsSession).Select(u => u.User));
        Assert.All(users, u => Assert.Single(u.Events));
        Assert.Equal(["x"], (await Store.ListUsersAsync("", 10, Stop)).Select(u => u.UserId));
    }

    [Fact]
    public async Task Concurrent_writers_lose_nothing_and_leave_one_gapless_sequence()
    {
        await using var second = await OpenAsync();
        IStore[] stores = [Store, second];
        var random = new Random(7);
        // Every event comes twice, in batches of random size over the same few users, some of them twice in one batch.
        var all = Enumerable.Range(0, 400).Select(n => Event($"e{n}", $"u{n % 7}", $"i{n % 13}", at: T0.AddDays(n % 90))).ToList();
        var shuffled = all.Concat(all).OrderBy(_ => random.Next()).ToArray();
        var batches = new List<Interaction[]>();
        for (int start = 0; start < shuffled.Length;)
        {
            int length = Math.Min(random.Next(1, 40), shuffled.Length - start);
            batches.Add(shuffled[start..(start + length)]);
            start += length;
        }

        var results = await Task.WhenAll(batches.Select((batch, n) => stores[n % 2].StoreInteractionsAsync(batch, Stop)));
        Assert.Equal(400, results.Sum(r => r.Stored));
        Assert.Equal(400, results.Sum(r => r.Duplicates));
        var status = await Store.GetStatusAsync(Stop);
        Assert.Equal((400L, 7L, 13L, 400L), (status.Events, status.Users, status.Items, status.Sequence));
        foreach (var history in await Store.ReadUserEventsAsync([.. await Store.ListUserKeysAsync(0, 100, Stop)], Stop))
        {
            var expected = all.Where(e => e.UserId == history.User.Id).Select(e => e.OccurredAt!.Value.ToUnixTimeMilliseconds()).Order();
            Assert.Equal(expected, history.Events.Select(e => e.OccurredAtMs));
        }

        foreach (var item in await Store.ReadCatalogueAsync(0, 100, Stop))
            AssertCounts(item, [.. all.Where(e => e.ItemId == item.ItemId).GroupBy(e => e.UserId)
                .Select(user => user.Max(e => e.OccurredAt!.Value))]);
    }

    [Fact]
    public async Task Revision_and_events_are_of_one_moment()
    {
        int key = Assert.Single((await PutAsync(Event("e0", "ann", "a"))).UserKeys);
        await using var second = await OpenAsync();
        var writing = Task.Run(async () =>
        {
            for (int n = 1; n <= 150; n++) await second.StoreInteractionsAsync([Event($"e{n}", "ann", $"i{n}")], Stop);
        }, Stop);
        var seen = new Dictionary<long, int>();
        while (!writing.IsCompleted)
        {
            var history = await HistoryAsync(key);
            // One event per revision: the same revision must always come with the same number of events.
            Assert.Equal(seen.GetValueOrDefault(history.Revision, history.Events.Count), history.Events.Count);
            seen[history.Revision] = history.Events.Count;
        }

        await writing;
        var ordered = seen.OrderBy(s => s.Key).Select(s => s.Value).ToList();
        Assert.Equal(ordered.Order(), ordered);
        Assert.Equal(ordered.Distinct(), ordered);
        Assert.Equal(151, (await HistoryAsync(key)).Events.Count);
    }

    [Fact]
    public async Task The_users_of_an_item_are_listed_latest_first()
    {
        await PutAsync(
            Event("1", "ann", "a"), Event("2", "bob", "a", at: T0.AddHours(1)), Event("3", "cid", "b"),
                Event("4", "ann", "a", at: T0.AddHours(2)),
            Event("5", "dan", "a", at: T0.AddHours(3)), Event("6", "eve", "a", "dislike", at: T0.AddHours(4)));
        int key = (await Store.ReadCatalogueAsync(0, 10, Stop)).Single(e => e.ItemId == "a").ItemKey;
        async Task<string[]> ListAsync(int limit)
        {
            var keys = await Store.ListUsersOfItemAsync(key, limit, Stop);
            var users = (await Store.ReadUserEventsAsync([.. keys], Stop)).ToDictionary(u => u.UserKey, u => u.User.Id);
            return [.. keys.Select(k => users[k])];
        }

        Assert.Equal(["dan", "ann", "bob", "eve"], await ListAsync(10));
        Assert.Equal(["dan", "ann"], await ListAsync(2));
        Assert.Empty(await Store.ListUsersOfItemAsync(99, 10, Stop));
    }

    [Fact]
    public async Task Events_are_counted_by_item_and_type_between_two_watermarks()
    {
        await PutAsync(Event("1", "ann", "a"), Event("2", "bob", "a"));
        long between = (await Store.GetStatusAsync(Stop)).Sequence;
        await PutAsync(Event("3", "cid", "b"), Event("4", "ann", "a"), Event("5", "dan", "b"));
        var keys = (await Store.ReadCatalogueAsync(0, 10, Stop)).ToDictionary(e => e.ItemKey, e => e.ItemId);
        async Task<string[]> CountAsync(long after, long upTo) =>
            [.. (await Store.CountEventsAsync(after, upTo, Stop)).Select(c => $"{keys[c.ItemKey]}:{c.TypeId}:{c.Events}")
                .Order(StringComparer.Ordinal)];
        Assert.Equal(["a:0:2"], await CountAsync(0, between));
        Assert.Equal(["a:0:1", "b:0:2"], await CountAsync(between, long.MaxValue));
        Assert.Empty(await CountAsync(5, 5));
    }

    [Fact]
    public async Task User_keys_are_listed_in_pages()
    {
        await PutAsync([.. Enumerable.Range(0, 25).Select(n => Event($"e{n}", $"u{n}", "a"))]);
        var listed = new List<int>();
        while (await Store.ListUserKeysAsync(listed.LastOrDefault(), 10, Stop) is { Count: > 0 } page) listed.AddRange(page);
        Assert.Equal(25, listed.Count);
        Assert.Equal(listed.Distinct().Order(), listed);
    }
}
