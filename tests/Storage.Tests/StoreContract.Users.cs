using System.Text;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Storage.Events;
using Recommender.Storage.Users;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private static UserProfile Profile(string json) =>
        JsonSerializer.Deserialize($$"""{"properties":{{json}}}""", ContractsJson.Default.UserProfile)!;

    [Fact]
    public async Task Profiles_are_replaced_and_exported()
    {
        await Store.PutUserAsync("ann", Profile("""{"age":30,"tags":["a","b"]}"""), Stop);
        await Store.PutUserAsync("ann", Profile("""{"age":31}"""), Stop);
        var export = (await Store.ExportUserAsync("ann", Stop))!;
        Assert.Equal(31, Assert.Single(export.Properties).Value.GetInt32());
        Assert.Empty(export.Events);
        Assert.Equal(1, (await Store.GetStatusAsync(Stop)).Users);
        Assert.Null(await Store.ExportUserAsync("bob", Stop));
        await PutAsync(Event("e1", "ann", "a"));
        Assert.Single((await Store.ExportUserAsync("ann", Stop))!.Events);
        Assert.Equal(31, (await Store.ExportUserAsync("ann", Stop))!.Properties["age"].GetInt32());
    }

    [Fact]
    public async Task Users_are_listed_by_prefix_with_most_events_first()
    {
        await PutAsync(Event("1", "a_1", "x"), Event("2", "ab", "x", at: T0.AddDays(1)), Event("3", "ab", "y"), Event("4", "b", "x"),
            Event("5", "á", "x"), SessionEvent("6", "ab", "x"));
        Assert.Equal([new UserSummary("ab", 2, T0.AddDays(1)), new UserSummary("a_1", 1, T0)], await Store.ListUsersAsync("a", 10, Stop));
        Assert.Equal(["a_1"], (await Store.ListUsersAsync("a_", 10, Stop)).Select(u => u.UserId));
        Assert.Equal(["á"], (await Store.ListUsersAsync("á", 10, Stop)).Select(u => u.UserId));
        Assert.Empty(await Store.ListUsersAsync("%", 10, Stop));
        Assert.Equal(2, (await Store.ListUsersAsync("", 2, Stop)).Count);
    }

    [Fact]
    public async Task A_merge_moves_a_sessions_events_once()
    {
        var batch = await PutAsync(SessionEvent("e1", "s", "a", T0.AddHours(1)), SessionEvent("e2", "s", "b"), Event("e3", "ann", "c"));
        var before = await Store.ReadUserEventsAsync([.. batch.UserKeys], Stop);
        var merged = await Store.MergeSessionAsync("s", "ann", T0.AddDays(1), Stop);
        Assert.Equal(2, merged.Moved);
        var user = await HistoryAsync(merged.UserKey!.Value);
        var session = await HistoryAsync(merged.SessionKey!.Value);
        Assert.Equal((UserRef.User("ann"), UserRef.Session("s")), (user.User, session.User));
        Assert.Equal((3, 0), (user.Events.Count, session.Events.Count));
        Assert.All([user, session], now => Assert.True(now.Revision > before.Single(then => then.UserKey == now.UserKey).Revision));

        var repeated = await Store.MergeSessionAsync("s", "ann", T0.AddDays(1), Stop);
        Assert.Equal((0, merged.UserKey, merged.SessionKey), (repeated.Moved, repeated.UserKey, repeated.SessionKey));
        Assert.Equal(["a", "b", "c"], repeated.Items.Select(item => item.ItemId).Order());
        Assert.Equal(user.Revision, (await HistoryAsync(merged.UserKey.Value)).Revision);
        Assert.Equal("e2:b e3:c e1:a", await ReadableAsync("ann"));
        Assert.Equal("s", (await Store.ExportUserAsync("ann", Stop))!.Events[0].SessionId);
        Assert.Equal(3, (await Store.GetStatusAsync(Stop)).Events);
        // The same events again are duplicates of the user's now.
        var again = await PutAsync(SessionEvent("e1", "s", "a", T0.AddHours(1)));
        Assert.Equal((0, 1), (again.Stored, again.Duplicates));
        Assert.Equal([merged.UserKey.Value], again.UserKeys);
    }

    [Fact]
    public async Task Session_events_from_before_a_merge_go_to_the_user_and_later_ones_stay()
    {
        Assert.Equal(new MergeResult(0, null, null), await Store.MergeSessionAsync("s", "ann", T0, Stop));
        await PutAsync(SessionEvent("late", "s", "a", T0.AddMinutes(-5)), SessionEvent("later", "s", "b", T0.AddMinutes(5)));
        Assert.Equal("late:a", await ReadableAsync("ann"));
        await Store.MergeSessionAsync("s", "bob", T0.AddHours(1), Stop);
        Assert.Equal("late:a", await ReadableAsync("ann"));
        Assert.Equal("later:b", await ReadableAsync("bob"));
        await PutAsync(SessionEvent("x", "s", "c", T0.AddMinutes(-1)), SessionEvent("y", "s", "c", T0.AddMinutes(30)));
        Assert.Equal("late:a x:c", await ReadableAsync("ann"));
        Assert.Equal("later:b y:c", await ReadableAsync("bob"));
    }

    [Fact]
    public async Task An_erased_user_is_gone_with_their_part_in_popularity_and_late_events_are_dropped()
    {
        await PutAsync(Event("e1", "ann", "a"), Event("e2", "ann", "b"), Event("e3", "ann", "b", "dislike"),
            Event("e4", "bob", "a", at: T0.AddHours(-50)), SessionEvent("e5", "s", "c"));
        await Store.PutUserAsync("ann", Profile("{}"), T0, Stop);
        await Store.MergeSessionAsync("s", "ann", T0.AddHours(1), Stop);
        int key = (await Store.ReadUserEventsAsync([.. await Store.ListUserKeysAsync(0, 10, Stop)], Stop)).Single(u =>
            u.User == UserRef.User("ann")).UserKey;
        long before = (await HistoryAsync(key)).Revision;
        var requested = T0.AddHours(2);
        var erased = await Store.EraseUserAsync("ann", "x-1", requested, Stop);
        var receipt = erased.Receipt;

        Assert.Equal(("x-1", "pending", 4L, null), (receipt.ErasureId, receipt.State, receipt.EventsRemoved, receipt.ModelVersion));
        Assert.Equal(requested, receipt.Stages["requested"]);
        Assert.Contains("store", receipt.Stages.Keys);
        Assert.True(await Store.GetErasureRevisionAsync("x-1", Stop) > before);
        Assert.Null(await Store.ExportUserAsync("ann", Stop));
        Assert.Empty(await Store.ReadUserEventsAsync([key], Stop));
        Assert.Equal((1L, 1L), await Store.GetStatusAsync(Stop) is var s ? (s.Events, s.Users) : default);
        Assert.Equal(1, (await Store.ReadInteractionsAsync(long.MaxValue, Stop)).Count);
        var items = (await Store.ReadCatalogueAsync(0, 10, Stop)).ToDictionary(e => e.ItemId);
        AssertCounts(items["a"], T0.AddHours(-50));
        // Of b the user thought nothing good, so nothing changes there.
        Assert.Equal([("a", 1), ("c", 0)], erased.Items!.OrderBy(i => i.ItemId).Select(i => (i.ItemId, (int)i.Users)));
        Assert.All(["b", "c"], id => AssertCounts(items[id]));

        // Events, profiles and merges from before that come late or again are dropped.
        var late = await PutAsync(Event("e1", "ann", "a"), Event("e9", "ann", "z"), SessionEvent("e5", "s", "c"), Event("e10", "bob", "a"));
        Assert.Equal((1, 0, 3), (late.Stored, late.Duplicates, late.Dropped));
        Assert.Equal(["a"], late.Items.Select(i => i.ItemId));
        await Store.PutUserAsync("ann", Profile("{}"), T0, Stop);
        await Store.MergeSessionAsync("s", "ann", T0.AddHours(1), Stop);
        Assert.Null(await Store.ExportUserAsync("ann", Stop));
        var again = await Store.EraseUserAsync("ann", "x-1", requested, Stop);
        Assert.Equal(receipt.Stages, again.Receipt.Stages);
        Assert.Equal(4, again.Receipt.EventsRemoved);
        Assert.Null(again.Items);

        // Who returns is a new user, with higher revisions and another key.
        var returned = await PutAsync(Event("e11", "ann", "a", at: requested.AddMilliseconds(1)));
        Assert.Equal(1, returned.Stored);
        Assert.NotEqual(key, returned.UserKeys[0]);
        Assert.True((await HistoryAsync(returned.UserKeys[0])).Revision > await Store.GetErasureRevisionAsync("x-1", Stop));
        // And the first erasure, repeated, leaves them alone.
        await Store.EraseUserAsync("ann", "x-1", requested, Stop);
        Assert.Equal("e11:a", await ReadableAsync("ann"));
    }

    [Fact]
    public async Task Events_dated_ahead_are_erased_and_stay_away_too()
    {
        await PutAsync(Event("e1", "ann", "a", at: T0.AddMinutes(9)));
        await Store.EraseUserAsync("ann", "x", T0, Stop);
        Assert.Equal(1, (await PutAsync(Event("e1", "ann", "a", at: T0.AddMinutes(9)))).Dropped);
        Assert.Null(await Store.ExportUserAsync("ann", Stop));
    }

    [Fact]
    public async Task Trends_after_an_erasure_are_those_of_the_events_that_are_left()
    {
        // Beside the newest event the others have no weight at all in a sum of 52 bits; alone they do.
        await PutAsync(Event("old1", "bob", "a", at: T0.AddYears(-2)), Event("old2", "eve", "a", at: T0.AddYears(-2).AddDays(3)),
            Event("new", "ann", "a"));
        await Store.EraseUserAsync("ann", "x", T0, Stop);
        AssertCounts(Assert.Single(await Store.ReadCatalogueAsync(0, 10, Stop)), T0.AddYears(-2), T0.AddYears(-2).AddDays(3));
    }

    [Fact]
    public async Task Open_erasures_are_listed_with_the_stages_of_each()
    {
        foreach (string id in new[] { "z", "a", "m" }) await Store.EraseUserAsync($"user-{id}", id, T0, Stop);
        await CompleteAsync("a", "factorStore", T0.AddSeconds(1));
        await CompleteAsync("a", "serving", T0.AddSeconds(2));
        await CompleteAsync("m", "factorStore", T0.AddSeconds(3));
        var open = await Store.ListOpenErasuresAsync(Stop);
        Assert.Equal(["z", "a", "m"], open.Select(erasure => erasure.ErasureId));
        Assert.Equal(["factorStore,insights,requested,serving,store", "factorStore,insights,requested,store", "insights,requested,store"],
            open.Select(erasure => string.Join(',', erasure.Stages.Keys.Order())).Order());
        Assert.Equal(T0.AddSeconds(3), open[2].Stages["factorStore"]);
        Assert.Equal(["a", "m", "z"], (await Store.ListPendingErasuresAsync("model", Stop)).Order());
        Assert.Equal(["z"], await Store.ListPendingErasuresAsync("factorStore", Stop));
    }

    [Fact]
    public async Task Erasure_stages_complete_the_receipt_once()
    {
        await Store.EraseUserAsync("nobody", "x", T0, Stop);
        Assert.Equal("x", Assert.Single(await Store.ListPendingErasuresAsync("model", Stop)));
        await CompleteAsync("x", "factorStore", T0.AddSeconds(1));
        Assert.Equal("pending", (await Store.GetErasureAsync("x", Stop))!.State);
        await CompleteAsync("x", "serving", T0.AddSeconds(2));
        await CompleteAsync("x", "serving", T0.AddSeconds(9));
        await Store.SetErasureModelAsync(["x", "unknown"], 7, T0.AddSeconds(3), Stop);
        await Store.SetErasureModelAsync(["x"], 8, T0.AddSeconds(4), Stop);
        await CompleteAsync("x", "model", T0.AddSeconds(3));
        Assert.Equal("pending", (await Store.GetErasureAsync("x", Stop))!.State);
        var open = Assert.Single(await Store.ListOpenErasuresAsync(Stop));
        Assert.Equal(("nobody", "x", await Store.GetErasureRevisionAsync("x", Stop)), (open.UserId, open.ErasureId, open.Revision));
        await CloseErasureAsync("x", T0.AddSeconds(5));
        await CloseErasureAsync("x", T0.AddSeconds(6));
        Assert.Empty(await Store.ListOpenErasuresAsync(Stop));
        var receipt = (await Store.GetErasureAsync("x", Stop))!;
        Assert.Equal(T0.AddSeconds(5), receipt.Stages["queues"]);
        Assert.Equal(("done", 7L, T0.AddSeconds(2)), (receipt.State, receipt.ModelVersion, receipt.Stages["serving"]));
        Assert.Equal(["factorStore", "insights", "model", "queues", "requested", "serving", "store"], receipt.Stages.Keys.Order());
        Assert.Empty(await Store.ListPendingErasuresAsync("model", Stop));
        Assert.Null(await Store.ReadErasureAsync("unknown", Stop));
        Assert.Null(await Store.GetErasureAsync("unknown", Stop));
        Assert.Null(await Store.GetErasureRevisionAsync("unknown", Stop));
    }

    [Fact]
    public async Task An_erasure_is_due_while_something_is_left_to_do_and_for_one_caller_at_a_time()
    {
        var before = DateTimeOffset.UtcNow;
        await Store.EraseUserAsync("ann", "x", T0, Stop);
        await Store.EraseUserAsync("bob", "y", T0, Stop);
        // Their first steps are started by messages; the due time is for those that are lost.
        Assert.Empty(await ClaimAsync(before));
        var due = DateTimeOffset.UtcNow + Erasure.RepeatAfter;
        Assert.Equal("x", Assert.Single(await ClaimAsync(due, limit: 1)));
        string[][] claims = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ClaimAsync(due)));
        Assert.Equal("y", Assert.Single(claims.SelectMany(claim => claim)));
        Assert.Equal(["x", "y"], (await ClaimAsync(due.AddMinutes(1))).Order());

        // Closed, it is due again when a model is trained without the user, and only then.
        await CloseErasureAsync("x", T0);
        await CloseErasureAsync("y", T0);
        Assert.Empty(await ClaimAsync(due.AddDays(1)));
        await Store.SetErasureModelAsync(["x"], 3, due, Stop);
        Assert.Empty(await ClaimAsync(due.AddMilliseconds(-1)));
        Assert.Equal("x", Assert.Single(await ClaimAsync(due)));
        Assert.Equal(3, (await Store.ReadErasureAsync("x", Stop))!.ModelVersion);

        async Task<string[]> ClaimAsync(DateTimeOffset now, int limit = 10) =>
            [.. await Store.ClaimDueErasuresAsync(now, now.AddMinutes(1), limit, Stop)];
    }

    [Fact]
    public async Task Of_two_changes_of_an_erasure_the_second_is_refused()
    {
        await Store.EraseUserAsync("ann", "x", T0, Stop);
        var read = (await Store.ReadErasureAsync("x", Stop))!;
        Assert.True(await Store.SaveErasureAsync(read with { DueAt = T0 }, Stop));
        Assert.False(await Store.SaveErasureAsync(
            read with { UserId = null, DueAt = null, Stages = new Dictionary<string, DateTimeOffset> { ["serving"] = T0 } }, Stop));
        var now = (await Store.ReadErasureAsync("x", Stop))!;
        Assert.Equal(("ann", T0, read.Version + 1), (now.UserId, now.DueAt, now.Version));
        Assert.Equal(["insights", "requested", "store"], now.Stages.Keys.Order());
        Assert.False(await Store.SaveErasureAsync(read with { ErasureId = "unknown" }, Stop));
    }

    [Fact]
    public async Task Old_events_are_removed_as_if_they_had_never_been_and_do_not_come_back()
    {
        Interaction[] old = [.. Enumerable.Range(0, 300)
            .Select(n => Event($"old{n}", $"u{n % 20}", $"i{n % 30}", n % 5 == 0 ? "dislike" : "view", at: T0.AddDays(-n)))];
        Interaction[] kept = [.. Enumerable.Range(1, 100).Select(n => Event($"new{n}", $"u{n % 15}", $"i{n % 25}", at: T0.AddHours(n)))];
        await PutAsync([.. old, .. kept, Event("gone", "only-old", "only-old", at: T0.AddYears(-3))]);
        var boundary = T0.AddDays(-0.5);
        var revisions = (await Store.ReadUserEventsAsync([.. await Store.ListUserKeysAsync(0, 100, Stop)], Stop)).ToDictionary(u =>
            u.UserKey, u => u.Revision);
        var slices = new List<RemovedSlice>();
        await foreach (var slice in Store.RemoveEventsBeforeAsync(boundary, Stop)) slices.Add(slice);

        Assert.Equal(300, slices.Sum(slice => slice.Removed));
        Assert.Equal(21, slices.SelectMany(slice => slice.UserKeys).Distinct().Count());
        Interaction[] left = [old[0], .. kept];
        Assert.Equal(left.Length, (await Store.GetStatusAsync(Stop)).Events);
        Assert.Equal(left.Select(e => e.OccurredAt!.Value.ToUnixTimeMilliseconds()).Order(),
            (await Store.ReadInteractionsAsync(long.MaxValue, Stop)).OccurredAtMs);
        foreach (var user in await Store.ReadUserEventsAsync([.. revisions.Keys], Stop))
        {
            Assert.Equal(left.Count(e => e.UserId == user.User.Id), user.Events.Count);
            Assert.True(user.Revision > revisions[user.UserKey]);
        }

        var catalogue = (await Store.ReadCatalogueAsync(0, 100, Stop)).ToDictionary(e => e.ItemId);
        Assert.Equal(31, catalogue.Count);
        foreach (var (id, entry) in catalogue)
        {
            AssertCounts(entry, CountedTimes(left, id));
        }

        Assert.Equal(1, (await PutAsync(old[5])).Dropped);
        Assert.Equal(1, (await PutAsync(kept[5])).Duplicates);
        await foreach (var slice in Store.RemoveEventsBeforeAsync(boundary, Stop)) Assert.Fail($"{slice.Removed} events were left.");
    }

    /// <summary>By brute force, for views of weight 1 and dislikes of weight 5: when the users of an item count.</summary>
    private static DateTimeOffset[] CountedTimes(IEnumerable<Interaction> events, string itemId) =>
    [
        .. events.Where(e => e.ItemId == itemId).GroupBy(e => e.UserId)
            .Where(user => user.Count(e => e.Type == "view") > 5 * user.Count(e => e.Type == "dislike"))
            .Select(user => user.Where(e => e.Type == "view").Max(e => e.OccurredAt!.Value)),
    ];

    [Fact]
    public async Task A_backup_restored_up_to_a_time_is_as_if_nothing_had_occurred_since()
    {
        Interaction[] before = [.. Enumerable.Range(0, 60)
            .Select(n => Event($"e{n}", $"u{n % 7}", $"i{n % 5}", n % 4 == 0 ? "dislike" : "view", at: T0.AddHours(-n)))];
        Interaction[] after = [.. Enumerable.Range(1, 40).Select(n => Event($"f{n}", $"u{n % 9}", $"i{n % 8}", at: T0.AddDays(n)))];
        await PutAsync([.. after[..20], .. before, .. after[20..]]);
        await Store.ApplyCatalogueAsync([Put("i7", "Known")], Stop);
        await Store.SaveModelAsync(Info(), Encoding.UTF8.GetBytes("model"), Stop);
        using var backup = new MemoryStream();
        await Store.BackupAsync(backup, Stop);
        backup.Position = 0;
        await RecreateAsync(async replayed =>
        {
            await replayed.RestoreUntilAsync(backup, T0, Stop);
            var status = await replayed.GetStatusAsync(Stop);
            Assert.Equal((60, 7, 6), (status.Events, status.Users, status.Items));
            Assert.Empty(await replayed.ListModelsAsync(10, Stop));
            Assert.Equal(before.Select(e => e.OccurredAt!.Value.ToUnixTimeMilliseconds()).Order(),
                (await replayed.ReadInteractionsAsync(long.MaxValue, Stop)).OccurredAtMs);
            foreach (var entry in await replayed.ReadCatalogueAsync(0, 100, Stop))
            {
                AssertCounts(entry, CountedTimes(before, entry.ItemId));
            }

            Assert.All(await replayed.ListUsersAsync("", 10, Stop), user => Assert.Equal(
                (before.Count(e => e.UserId == user.UserId), before.Where(e => e.UserId == user.UserId).Max(e => e.OccurredAt!.Value)),
                    ((int)user.Events, user.LastAt)));
            Assert.Equal((1, 1), await replayed.StoreInteractionsAsync([before[3], after[3]], Stop) is var more
                ? (more.Stored, more.Duplicates) : default);
        });
    }

    [Fact]
    public async Task A_backup_restores_into_an_empty_store_and_goes_on()
    {
        var context = JsonElement.Parse("""{"d":"é"}""");
        await PutAsync(Event("e1", "ann", "a", "purchase", 2.5) with { Context = context, SessionId = "q", RecommendationId = "r" },
            Event("e2", "bob", "b", at: T0.AddYears(-1)), SessionEvent("e3", "s", "a"), Event("e4", "eve", "c", "dislike"));
        var change = Patch("v", """{"title":"never again"}""") with { ChangeId = "c" };
        await Store.ApplyCatalogueAsync([Put("a", "Title"), Put("z", "Zed"), Delete("z"), change, PutVector("v", 1, 2), change], Stop);
        await Store.PutUserAsync("ann", Profile("""{"age":3}"""), Stop);
        await Store.MergeSessionAsync("s", "ann", T0, Stop);
        await Store.EraseUserAsync("eve", "x", T0, Stop);
        byte[] model = Encoding.UTF8.GetBytes("model");
        long version = await Store.SaveModelAsync(Info(), model, Stop);
        await Store.ReleaseModelAsync(version, T0, Stop);
        await Store.PutSettingAsync("s", JsonElement.Parse("[1]"), Stop);
        using var backup = new MemoryStream();
        await Store.BackupAsync(backup, Stop);

        await RecreateAsync(async empty =>
        {
            foreach (int length in new[] { 0, 10, (int)backup.Length / 2, (int)backup.Length - 1 })
                await Assert.ThrowsAsync<InvalidDataException>(() =>
                    empty.RestoreAsync(new MemoryStream(backup.ToArray()[..length]), Stop));
            Assert.Equal(new StoreStatus(0, 0, 0, 0, null), await empty.GetStatusAsync(Stop));
            backup.Position = 0;
            await empty.RestoreAsync(backup, Stop);
            Assert.Equal(await Store.GetStatusAsync(Stop), await empty.GetStatusAsync(Stop));
            foreach (string user in new[] { "ann", "bob" })
                Assert.Equal(JsonSerializer.Serialize(await Store.ExportUserAsync(user, Stop), ContractsJson.Default.UserExport),
                    JsonSerializer.Serialize(await empty.ExportUserAsync(user, Stop), ContractsJson.Default.UserExport));
            var keys = await Store.ListUserKeysAsync(0, 100, Stop);
            Assert.Equal(keys, await empty.ListUserKeysAsync(0, 100, Stop));
            Assert.Equal((await Store.ReadUserEventsAsync([.. keys], Stop)).OrderBy(u => u.UserKey).Select(u => u.Revision),
                (await empty.ReadUserEventsAsync([.. keys], Stop)).OrderBy(u => u.UserKey).Select(u => u.Revision));
            Assert.Equal((await Store.ReadCatalogueAsync(0, 10, Stop))
                .Select(e => (e.ItemKey, e.ItemId, e.Item?.Title, e.Deleted, e.Users, Math.Round(e.Popularity, 9), Math.Round(e.Trend, 9),
                e.CreatedAt, e.Version)),
                (await empty.ReadCatalogueAsync(0, 10, Stop))
                .Select(e => (e.ItemKey, e.ItemId, e.Item?.Title, e.Deleted, e.Users, Math.Round(e.Popularity, 9), Math.Round(e.Trend, 9),
                e.CreatedAt, e.Version)));
            Assert.Equal(2, await empty.GetVectorLengthAsync(Stop));
            Assert.Equal(1, (await empty.ApplyCatalogueAsync([change], Stop)).Ignored);
            Assert.Equal(model, await empty.ReadModelAsync(version, Stop));
            Assert.Equal(version, (await empty.GetReleasedModelAsync(Stop))!.Version);
            Assert.Equal("[1]", (await empty.GetSettingAsync("s", Stop))!.Value.GetRawText());
            Assert.Equal((await Store.GetErasureAsync("x", Stop))!.Stages, (await empty.GetErasureAsync("x", Stop))!.Stages);
            // It goes on where the first was: duplicates are known, the erased stay away, keys are new.
            var more = await empty.StoreInteractionsAsync(
                [Event("e1", "ann", "a", "purchase", 2.5) with { SessionId = "q" }, Event("e4", "eve", "c"), Event("e5", "new", "new")],
                    Stop);
            Assert.Equal((1, 1, 1), (more.Stored, more.Duplicates, more.Dropped));
            Assert.True(more.UserKeys.Max() > keys.Max());
            await Assert.ThrowsAsync<InvalidOperationException>(() => empty.RestoreAsync(new MemoryStream(backup.ToArray()), Stop));
        });
    }
}
