using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore.Items;
using Recommender.FactorStore.Users;
using Xunit;

namespace Recommender.FactorStore.Tests;

/// <summary>What every factor store must do. Inherited by one class per implementation.</summary>
public abstract partial class FactorStoreContract : IAsyncLifetime
{
    protected IFactorStore Store { get; private set; } = null!;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>An empty one.</summary>
    protected abstract Task<IFactorStore> CreateAsync();

    /// <summary>The same content through another connection, or the same object where there is none.</summary>
    protected abstract Task<IFactorStore> OpenAnotherAsync();

    public virtual async ValueTask InitializeAsync() => Store = await CreateAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Store.DisposeAsync();
    }

    protected static UserState State(UserRef user, long revision, long version, params float[] factor) => new()
    {
        User = user,
        Revision = revision,
        ModelVersion = version,
        Factor = factor,
        History = new HistoryRecord[] { new(3, 1.5f, 1, 1_700_000_000), new(2, 1, 0.5f, 1_600_000_000) },
    };

    protected static ItemRecord Record(int key, string title = "", double popularity = 0, long version = 0) => new()
    {
        ItemKey = key,
        ItemId = $"item-{key}",
        Item = new Item { ItemId = $"item-{key}", Title = title },
        CreatedAt = DateTimeOffset.UnixEpoch.AddDays(key),
        Popularity = popularity,
        Trend = popularity / 2,
        Version = version,
    };

    protected async Task<(long Revision, long Version, float[] Factor)?> ReadAsync(UserRef user)
    {
        byte[]? bytes = await Store.GetUserAsync(user);
        if (bytes is null) return null;
        Assert.True(UserStateView.TryRead(bytes, out var view));
        return (view.Revision, view.ModelVersion, view.Factor.ToArray());
    }

    private async Task<Dictionary<int, ItemRecord>> CatalogueAsync() =>
        (await Store.ReadItemChangesAsync(0, 1000, Stop)).Items.ToDictionary(item => item.ItemKey);

    [Fact]
    public async Task Factors_of_items_come_with_the_feed_and_stay_when_attributes_and_statistics_change()
    {
        await Store.PutItemsAsync([Record(1), Record(2)], Stop);
        long before = (await Store.ReadItemChangesAsync(0, 100, Stop)).Sequence;
        long sequence = await Store.PutItemFactorsAsync([new(1, 7, new float[] { 1.5f, -2 }), new(99, 7, new float[] { 1, 1 })], Stop);
        var changed = Assert.Single((await Store.ReadItemChangesAsync(before, 100, Stop)).Items); // What is not there is passed over.
        Assert.Equal(before + 1, sequence);
        Assert.Equal(7, changed.Factor!.ModelVersion);
        Assert.Equal([1.5f, -2], changed.Factor.Values.ToArray());

        await Store.PutItemsAsync([Record(1, "other title", version: 5)], Stop);
        await Store.PutItemStatisticsAsync([new(1, "item-1", 3, 1, 6)], Stop);
        var kept = (await CatalogueAsync())[1];
        Assert.Equal(("other title", 3.0), (kept.Item!.Title, kept.Popularity));
        Assert.Equal([1.5f, -2], kept.Factor!.Values.ToArray());
        Assert.Null((await CatalogueAsync())[2].Factor);

        long unchanged = (await Store.ReadItemChangesAsync(0, 100, Stop)).Sequence;
        Assert.Equal(unchanged, await Store.PutItemFactorsAsync([new(1, 7, new float[] { 1.5f, -2 })], Stop));
        await Store.PutItemFactorsAsync([new(1, 8, new float[] { 4 })], Stop);
        Assert.Equal((8, 4f), ((await CatalogueAsync())[1].Factor!.ModelVersion, (await CatalogueAsync())[1].Factor!.Values.Span[0]));
    }

    [Fact]
    public async Task Content_vectors_come_with_the_feed_and_stay_when_the_item_changes()
    {
        await Store.PutItemsAsync([Record(1), Record(2)], Stop);
        long before = (await Store.ReadItemChangesAsync(0, 100, Stop)).Sequence;
        var vector = new ItemVector("model-a", new byte[] { 1, 0, 255, 7 });
        Assert.Equal(before + 1, await Store.PutItemVectorsAsync([new(1, vector), new(3, vector)], Stop));
        var changed = Assert.Single((await Store.ReadItemChangesAsync(before, 100, Stop)).Items);
        Assert.Equal((1, "model-a"), (changed.ItemKey, changed.TextVector!.Model));
        Assert.Equal([1, 0, 255, 7], changed.TextVector.Bytes.ToArray());

        // The same vector is no change; that of an item that comes later comes with it.
        Assert.Equal(before + 1, await Store.PutItemVectorsAsync([new(1, vector)], Stop));
        await Store.PutItemsAsync([Record(1, "other title", version: 5), Record(3)], Stop);
        await Store.PutItemVectorsAsync([new(2, vector with { Model = "model-b" })], Stop);
        var items = await CatalogueAsync();
        Assert.Equal("model-a model-b model-a", string.Join(' ', new[] { 1, 2, 3 }.Select(key => items[key].TextVector!.Model)));
        Assert.Equal("other title", items[1].Item!.Title);
    }

    [Fact]
    public void A_package_of_a_model_holds_what_was_put_in_and_those_without_a_placement_still_open()
    {
        var package = ModelPackage.Decode(new ModelPackage([3, 5], new byte[] { 1, 2, 3 }, new byte[] { 4 }).Encode());
        Assert.Equal([3, 5], package.ItemKeys);
        Assert.Equal([1, 2, 3], package.Model.ToArray());
        Assert.Equal([4], package.Placement.ToArray());
        var first = ModelPackage.Decode([(byte)'R', (byte)'P', (byte)'K', (byte)'1', 1, 0, 0, 0, 9, 0, 0, 0, 6, 7]);
        Assert.Equal([9], first.ItemKeys);
        Assert.Equal([6, 7], first.Model.ToArray());
        Assert.True(first.Placement.IsEmpty);
        Assert.True(first.EventTypes.IsEmpty);
        Assert.Throws<InvalidDataException>(() => ModelPackage.Decode(new ModelPackage([3, 5], new byte[] { 1, 2, 3 }).Encode()[..^1]));
    }

    [Fact]
    public void A_package_holds_the_event_types_of_its_training_and_those_without_still_open()
    {
        var package = new ModelPackage([3], new byte[] { 1, 2 }, new byte[] { 4, 5, 6 })
        {
            SampleUsers = [1.5f],
            EventTypes = new byte[] { 7, 8 }
        };
        byte[] bytes = package.Encode();
        var read = ModelPackage.Decode(bytes);
        Assert.Equal([1.5f], read.SampleUsers);
        Assert.Equal([1, 2], read.Model.ToArray());
        Assert.Equal([4, 5, 6], read.Placement.ToArray());
        Assert.Equal([7, 8], read.EventTypes.ToArray());
        Assert.Throws<InvalidDataException>(() => ModelPackage.Decode(bytes[..^6]));

        byte[] third = [(byte)'R', (byte)'P', (byte)'K', (byte)'3', 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 6, 7, 4];
        var before = ModelPackage.Decode(third);
        Assert.Equal([9], before.ItemKeys);
        Assert.Equal([6, 7], before.Model.ToArray());
        Assert.Equal([4], before.Placement.ToArray());
        Assert.True(before.EventTypes.IsEmpty);
    }

    [Fact]
    public async Task An_unknown_user_has_no_value() => Assert.Null(await Store.GetUserAsync(UserRef.User("nobody")));

    [Fact]
    public async Task A_leased_value_is_the_same_bytes_whoever_else_reads()
    {
        UserState[] users = [.. Enumerable.Range(0, 300)
            .Select(i => State(i % 3 == 0 ? UserRef.Session("s日" + i)
                : UserRef.User("u" + i), 1, 1, [.. Enumerable.Range(0, i).Select(f => (float)f)]))];
        await Store.PutUsersAsync(users, Stop);
        await Store.EraseUsersAsync([users[7].User], 5, Stop);
        for (int round = 0; round < 20; round++)
        {
            await Task.WhenAll(users.Append(State(UserRef.User("nobody"), 1, 1)).Select(async user =>
            {
                using var value = await Store.LeaseUserAsync(user.User);
                await Task.Yield();
                byte[] expected = user.User == users[7].User || user.User.Id == "nobody" ? [] : user.Encode();
                Assert.Equal(expected.Length == 0, value.IsNull);
                Assert.Equal(expected, value.Span.ToArray());
            }));
        }
    }

    [Fact]
    public async Task A_users_value_comes_back_byte_for_byte_and_kinds_are_apart()
    {
        var user = State(UserRef.User("x{y} 日本🛒"), 5, 2, 0.25f, float.NaN);
        var session = State(UserRef.Session("x{y} 日本🛒"), 6, 2, 1f);
        user = user with { Repeats = new RepeatRecord[] { new(3, 4, 86_400, 1_700_000_000) } };
        var bare = new UserState
        {
            User = UserRef.User(new string('界', 85)),
            Revision = 1,
            ModelVersion = 0,
            Factor = default,
            History = default
        };
        await Store.PutUsersAsync([user, session, bare], Stop);
        Assert.Equal(user.Encode(), await Store.GetUserAsync(user.User));
        Assert.Equal(session.Encode(), await Store.GetUserAsync(session.User));
        Assert.Equal(bare.Encode(), await Store.GetUserAsync(bare.User));
        await Store.DeleteUsersAsync([user.User], Stop);
        Assert.Null(await Store.GetUserAsync(user.User));
        Assert.NotNull(await Store.GetUserAsync(session.User));
    }

    [Theory]
    [InlineData(5, 2, 5, 2, true)]
    [InlineData(5, 2, 4, 9, false)]
    [InlineData(5, 2, 5, 1, true)]
    [InlineData(5, 2, 5, 3, true)]
    [InlineData(5, 2, 6, 0, true)]
    [InlineData(255, 1, 256, 1, true)]
    [InlineData(256, 1, 255, 1, false)]
    [InlineData(4294967295, 1, 4294967296, 1, true)]
    [InlineData(4294967296, 1, 4294967295, 1, false)]
    [InlineData(9007199254740992, 1, 9007199254740993, 1, true)]
    [InlineData(9007199254740993, 1, 9007199254740992, 1, false)]
    [InlineData(7, 128, 7, 127, true)]
    [InlineData(7, 127, 7, 128, true)]
    public async Task A_value_never_replaces_one_of_a_later_revision(long revision, long version, long nextRevision, long nextVersion,
    bool replaces)
    {
        var user = UserRef.User("ann");
        await Store.PutUsersAsync([State(user, revision, version, 1)], Stop);
        await Store.PutUsersAsync([State(user, nextRevision, nextVersion, 2)], Stop);
        Assert.Equal(replaces ? 2 : 1, (await ReadAsync(user))!.Value.Factor[0]);
    }

    [Fact]
    public async Task The_newest_fold_in_wins_whatever_the_order_of_writers()
    {
        var other = await OpenAnotherAsync();
        IFactorStore[] stores = [Store, other];
        var users = Enumerable.Range(0, 5).Select(n => UserRef.User($"u{n}")).ToArray();
        var random = new Random(3);
        var writes = users.SelectMany(user => Enumerable.Range(1, 100).Select(n => State(user, n, n % 3, n))).OrderBy(_ => random.Next())
            .Chunk(11).ToArray();
        await Task.WhenAll(writes.Select((write, n) => stores[n % 2].PutUsersAsync(write, Stop)));
        foreach (var user in users) Assert.Equal(100, (await ReadAsync(user))!.Value.Revision);
    }

    [Fact]
    public async Task An_erased_user_is_not_brought_back_by_an_older_fold_in_but_may_return()
    {
        var user = UserRef.User("ann");
        await Store.PutUsersAsync([State(user, 10, 1, 1)], Stop);
        await Store.EraseUsersAsync([user, UserRef.User("unknown")], 12, Stop);
        Assert.Null(await Store.GetUserAsync(user));
        Assert.Null(await Store.GetUserAsync(UserRef.User("unknown")));
        await Store.PutUsersAsync([State(user, 11, 99, 1)], Stop);
        Assert.Null(await Store.GetUserAsync(user));
        await Store.PutUsersAsync([State(user, 12, 99, 1)], Stop);
        Assert.Null(await Store.GetUserAsync(user));
        await Store.PutUsersAsync([State(user, 13, 1, 2)], Stop);
        Assert.Equal(13, (await ReadAsync(user))!.Value.Revision);
        // An erasure that comes again after the user has returned takes nothing away.
        await Store.EraseUsersAsync([user], 12, Stop);
        Assert.Equal(13, (await ReadAsync(user))!.Value.Revision);
    }

    [Fact]
    public async Task What_a_user_has_seen_comes_back_with_the_value()
    {
        var user = State(UserRef.User("ann"), 1, 1, 1, 2) with
        {
            HistoryClasses = new byte[] { 4, 0 },
            Seen = new SeenRecord[] { new(7, 4, SeenTime.FromSeconds(1_700_000_000)),
                new(int.MaxValue, EventClass.Other, SeenTime.FromSeconds(long.MaxValue / 2)) },
        };
        await Store.PutUsersAsync([user], Stop);
        using var value = await Store.LeaseUserAsync(user.User);
        Assert.True(UserStateView.TryRead(value.Span, out var view));
        Assert.Equal([4, 0], view.HistoryClasses.ToArray());
        Assert.Equal(user.Seen.ToArray(), view.Seen.ToArray());
        Assert.Equal(user.History.ToArray(), view.History.ToArray());
        Assert.Equal([1f, 2f], view.Factor.ToArray());
    }

    [Fact]
    public async Task Every_user_is_listed_with_the_factor_and_no_session_and_nobody_who_was_erased()
    {
        UserState[] users = [.. Enumerable.Range(0, 1234).Select(n => State(UserRef.User($"user {n} {{日}}*"), 1, n % 3, n, 1, 2))];
        await Store.PutUsersAsync([.. users, State(UserRef.Session("s"), 1, 1, 1, 2, 3), State(UserRef.User("bare"), 1, 5)], Stop);
        await Store.EraseUsersAsync([users[7].User, UserRef.User("never there")], 5, Stop);
        await Store.DeleteUsersAsync([users[8].User], Stop);
        var listed = new Dictionary<string, float[]?>();
        await foreach (var batch in Store.ListUserFactorsAsync(3, Stop))
            foreach (var user in batch) listed[user.UserId] = user.TryRead(user.ModelVersion, 3, out var factor) ? factor.ToArray() : null;
        Assert.Equal(users.Where((_, n) => n is not (7 or 8)).Select(user => user.User.Id).Append("bare").Order(StringComparer.Ordinal),
            listed.Keys.Order(StringComparer.Ordinal));
        Assert.Null(listed["bare"]);
        Assert.Equal([55f, 1, 2], listed[users[55].User.Id]!);

        string[] asked = [users[9].User.Id, users[7].User.Id, "nobody", "bare", .. users[20..900].Select(user => user.User.Id)];
        var got = await Store.GetUserFactorsAsync(asked, 3, Stop);
        Assert.Equal(asked.Where(id => id != users[7].User.Id && id != "nobody"), got.Select(user => user.UserId));
        Assert.True(got[0].TryRead(0, 3, out var nine));
        Assert.Equal([9f, 1, 2], nine.ToArray());
        Assert.False(got[0].TryRead(1, 3, out _));
        Assert.False(got[0].TryRead(0, 4, out _));
        Assert.False(got[0].TryRead(0, 2, out _));
        Assert.Empty(await Store.GetUserFactorsAsync([], 3, Stop));
    }

    [Fact]
    public async Task Names_of_event_types_are_only_ever_added()
    {
        Assert.Empty(await Store.GetEventTypesAsync(Stop));
        await Store.PutEventTypesAsync([], Stop);
        await Store.PutEventTypesAsync(["view", "日本", "c", "d", "e", "f", "g", "h", "i", "j", "k"], Stop);
        await Store.PutEventTypesAsync(["view", "日本"], Stop);
        Assert.Equal(["view", "日本", "c", "d", "e", "f", "g", "h", "i", "j", "k"], await Store.GetEventTypesAsync(Stop));
    }

    [Fact]
    public async Task Items_come_back_whole()
    {
        var record = new ItemRecord
        {
            ItemKey = int.MaxValue,
            ItemId = new string('é', 128),
            Item = new Item
            {
                ItemId = new string('é', 128),
                Title = "Tïtle",
                Categories = ["a"],
                Tags = ["t"],
                Properties = new Dictionary<string, JsonElement> { ["price"] = JsonElement.Parse("2.5") },
                Available = false,
                Vector = [1, 2]
            },
            Deleted = true,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123),
            Popularity = 12,
            Trend = 6789.125,
        };
        var bare = new ItemRecord { ItemKey = 1, ItemId = "b", CreatedAt = DateTimeOffset.UnixEpoch };
        await Store.PutItemsAsync([record, bare], Stop);
        var items = await CatalogueAsync();
        var read = items[int.MaxValue];
        Assert.Equal(JsonSerializer.Serialize(record.Item, ContractsJson.Default.Item),
            JsonSerializer.Serialize(read.Item, ContractsJson.Default.Item));
        Assert.Equal(record with { Item = null }, read with { Item = null });
        Assert.Equal(bare, items[1]);
    }

    [Fact]
    public async Task Statistics_make_and_change_items_and_equal_ones_are_no_change()
    {
        await Store.PutItemsAsync([Record(1, "one", 5)], Stop);
        long before = await Store.PutItemStatisticsAsync([new(1, "item-1", 6, 7), new(2, "item-2", 1, 2)], Stop);
        var items = await CatalogueAsync();
        Assert.Equal((6, 7, "one"), (items[1].Popularity, items[1].Trend, items[1].Item!.Title));
        Assert.Equal((1, 2, "item-2", null), (items[2].Popularity, items[2].Trend, items[2].ItemId, items[2].Item));
        Assert.Equal(before, await Store.PutItemStatisticsAsync([new(1, "item-1", 6, 7), new(2, "item-2", 1, 2)], Stop));
        Assert.Equal(before, await Store.PutItemStatisticsAsync([], Stop));
        Assert.True(await Store.PutItemStatisticsAsync([new(1, "item-1", 5, 7)], Stop) > before);
    }

    [Fact]
    public async Task Older_versions_never_overwrite_newer_ones()
    {
        await Store.PutItemsAsync([Record(1, "new", 10, version: 300)], Stop);
        await Store.PutItemStatisticsAsync([new(1, "item-1", 20, 20, Version: 400)], Stop);
        await Store.PutItemStatisticsAsync([new(1, "item-1", 15, 15, Version: 350)], Stop);
        // Attributes of version 350 are news; statistics of 350 are not.
        await Store.PutItemsAsync([Record(1, "newer", 15, version: 350)], Stop);
        await Store.PutItemsAsync([Record(1, "old", 99, version: 255)], Stop);
        var item = (await CatalogueAsync())[1];
        Assert.Equal(("newer", 20, 20), (item.Item!.Title, item.Popularity, item.Trend));
        await Store.PutItemsAsync([Record(1, "newest", 30, version: 400)], Stop);
        item = (await CatalogueAsync())[1];
        Assert.Equal(("newest", 30), (item.Item!.Title, item.Popularity));
    }

    [Fact]
    public async Task The_feed_yields_each_changed_item_once_from_where_one_was()
    {
        await Store.PutItemsAsync([.. Enumerable.Range(1, 25).Select(n => Record(n))], Stop);
        var seen = new List<int>();
        long sequence = 0;
        bool more = true;
        while (more)
        {
            var changes = await Store.ReadItemChangesAsync(sequence, 10, Stop);
            Assert.InRange(changes.Items.Count, 1, 10);
            seen.AddRange(changes.Items.Select(item => item.ItemKey));
            (sequence, more) = (changes.Sequence, changes.More);
        }

        Assert.Equal(Enumerable.Range(1, 25), seen);
        var none = await Store.ReadItemChangesAsync(sequence, 10, Stop);
        Assert.Equal((0, sequence, false), (none.Items.Count, none.Sequence, none.More));

        await Store.PutItemsAsync([Record(7, "first"), Record(3), Record(7, "second")], Stop);
        var changed = await Store.ReadItemChangesAsync(sequence, 10, Stop);
        Assert.Equal([3, 7], changed.Items.Select(item => item.ItemKey));
        Assert.Equal("second", changed.Items[1].Item!.Title);
        Assert.True(changed.Sequence > sequence);
    }

    [Fact]
    public async Task A_page_of_the_feed_holds_as_many_items_as_asked_for_and_never_more_than_the_documented_limit()
    {
        const int items = ItemChanges.MaxItems + 5;
        await Store.PutItemsAsync([.. Enumerable.Range(1, items).Select(n => Record(n))], Stop);
        foreach (var (limit, expected) in ((int, int)[])[(0, 1), (1, 1), (7, 7), (ItemChanges.MaxItems, ItemChanges.MaxItems),
            (ItemChanges.MaxItems + 1, ItemChanges.MaxItems), (int.MaxValue, ItemChanges.MaxItems)])
        {
            var page = await Store.ReadItemChangesAsync(0, limit, Stop);
            Assert.Equal((limit, expected, true), (limit, page.Items.Count, page.More));
        }

        var first = await Store.ReadItemChangesAsync(0, int.MaxValue, Stop);
        var rest = await Store.ReadItemChangesAsync(first.Sequence, int.MaxValue, Stop);
        Assert.False(rest.More);
        Assert.Equal(Enumerable.Range(1, items), first.Items.Concat(rest.Items).Select(item => item.ItemKey));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_reader_of_the_feed_misses_nothing_of_concurrent_writers(int seed)
    {
        var other = await OpenAnotherAsync();
        IFactorStore[] stores = [Store, other];
        var random = new Random(seed);
        var plans = Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, 40)
            .Select(_ => Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Next(1, 60)).ToArray()).ToArray()).ToArray();
        long version = 0;
        var newest = new System.Collections.Concurrent.ConcurrentDictionary<int, long>();
        var writers = Task.WhenAll(plans.Select((plan, n) => Task.Run(async () =>
        {
            foreach (int[] keys in plan)
            {
                long at = Interlocked.Increment(ref version);
                foreach (int key in keys) newest.AddOrUpdate(key, at, (_, seen) => Math.Max(seen, at));
                if (n % 2 == 0) await stores[n % 2].PutItemsAsync([.. keys.Select(key => Record(key, popularity: at, version: at))], Stop);
                else await stores[n % 2].PutItemStatisticsAsync(
                    [.. keys.Select(key => new ItemStatisticsRecord(key, $"item-{key}", at, at, at))], Stop);
            }
        }, Stop)));

        // The reader starts with the writers and keeps what it has seen: at the end it must have the last value of every item.
        var held = new Dictionary<int, double>();
        long sequence = 0;
        while (true)
        {
            bool last = writers.IsCompleted;
            var changes = await other.ReadItemChangesAsync(sequence, 5, Stop);
            foreach (var item in changes.Items) held[item.ItemKey] = item.Popularity;
            sequence = changes.Sequence;
            if (last && !changes.More) break;
        }

        await writers;
        Assert.Equal(newest.OrderBy(pair => pair.Key).Select(pair => (pair.Key, (double)pair.Value)),
            held.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData(5 * (1 << 20) + 17)]
    public async Task Models_come_back_byte_for_byte(int length)
    {
        byte[] model = new byte[length];
        new Random(length).NextBytes(model);
        Assert.Null(await Store.GetModelAsync(7, Stop));
        await Store.PutModelAsync(7, model, Stop);
        Assert.Equal(model, await Store.GetModelAsync(7, Stop));
        await Store.PutModelAsync(7, model, Stop);
        await Store.DeleteModelAsync(7, Stop);
        await Store.DeleteModelAsync(7, Stop);
        Assert.Null(await Store.GetModelAsync(7, Stop));
    }

    [Fact]
    public async Task Release_pointer_and_generation_are_null_until_set()
    {
        Assert.Null(await Store.GetReleasedAsync(Stop));
        Assert.Null(await Store.GetGenerationAsync(Stop));
        Assert.Null((await Store.ReadItemChangesAsync(0, 10, Stop)).Generation);
        await Store.SetReleasedAsync(12, Stop);
        await Store.SetGenerationAsync("g-1", Stop);
        Assert.Equal(12, await Store.GetReleasedAsync(Stop));
        Assert.Equal("g-1", await Store.GetGenerationAsync(Stop));
        Assert.Equal("g-1", (await Store.ReadItemChangesAsync(0, 10, Stop)).Generation);
        await Store.SetReleasedAsync(11, Stop);
        Assert.Equal(11, await Store.GetReleasedAsync(Stop));
    }
}
