using System.Text.Json;
using Recommender.Contracts;
using Recommender.Storage.Migrations;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private static Command Put(string id, string title) =>
        new() { Kind = CommandKind.PutItem, AcceptedAt = T0, Item = new Item { ItemId = id, Title = title } };

    private static Command Patch(string id, string patch) =>
        new() { Kind = CommandKind.PatchItem, AcceptedAt = T0, ItemId = id, Patch = JsonElement.Parse(patch) };

    private static Command Delete(string id) => new() { Kind = CommandKind.DeleteItem, AcceptedAt = T0, ItemId = id };

    protected static ModelInfo Info(ModelState state = ModelState.Trained) => new()
    {
        Version = 0,
        State = state,
        TrainedAt = T0,
        TrainSeconds = 1.5,
        Learner = "ials",
        Rank = 8,
        Users = 1,
        Items = 2,
        Interactions = 3,
        Watermark = 4,
        Settings = JsonElement.Parse("""{"alpha":0.1}"""),
    };

    /// <summary>Runs with another, empty, migrated store of the same kind.</summary>
    protected abstract Task RecreateAsync(Func<IStore, Task> work);

    [Fact]
    public async Task Catalogue_commands_apply_in_order_and_again_without_effect()
    {
        await PutAsync(Event("e1", "ann", "known"));
        Command[] commands = [Put("a", "one"), Patch("a", """{"title":"two","tags":["t"],"properties":{"price":2}}"""), Put("b", "b"),
            Delete("b"), Patch("known", """{"available":false}"""), Patch("a", """{"properties":{"price":null,"x":1}}"""),
                Delete("never-seen")];
        var result = await Store.ApplyCatalogueAsync(commands, Stop);
        Assert.Empty(result.Failed);
        var entries = result.Changed.ToDictionary(e => e.ItemId);
        Assert.Equal(["a", "b", "known", "never-seen"], entries.Keys.Order());
        Assert.Equal("two", entries["a"].Item!.Title);
        Assert.Equal(["t"], entries["a"].Item!.Tags);
        Assert.Equal(["x"], entries["a"].Item!.Properties.Keys);
        Assert.True(entries["b"].Deleted);
        Assert.Equal((false, 1, "known"), (entries["known"].Item!.Available, (int)entries["known"].Users, entries["known"].Item!.ItemId));
        Assert.All(result.Changed, e => Assert.True(e.ItemKey > 0));
        Assert.Equal(2, (await Store.GetStatusAsync(Stop)).Items);
        var read = await Store.ReadCatalogueAsync(0, 10, Stop);
        Assert.Equal(result.Changed.Select(e => (e.ItemKey, e.Deleted, e.Item?.Title)),
            read.Select(e => (e.ItemKey, e.Deleted, e.Item?.Title)));

        var again = await Store.ApplyCatalogueAsync(commands[..1], Stop);
        Assert.Equal((entries["a"].ItemKey, "one"), (again.Changed[0].ItemKey, again.Changed[0].Item!.Title));
        Assert.True(again.Changed[0].Revision > entries["a"].Revision);
        Assert.Equal(4, (await Store.ReadCatalogueAsync(0, 10, Stop)).Count);
        Assert.Equal(3, (await Store.ReadCatalogueAsync(read[0].ItemKey, 10, Stop)).Count);
        int[] some = [read[3].ItemKey, 999_999, read[0].ItemKey];
        Assert.Equal([read[0].ItemId, read[3].ItemId], (await Store.ReadCatalogueAsync(some, Stop)).Select(e => e.ItemId));
        Assert.Empty(await Store.ReadCatalogueAsync([], Stop));
    }

    [Fact]
    public async Task Patches_that_make_no_valid_item_fail_alone()
    {
        await Store.ApplyCatalogueAsync([Put("a", "one"), Put("gone", "g"), Delete("gone")], Stop);
        var result = await Store.ApplyCatalogueAsync(
            [Patch("a", """{"title":5}"""), Patch("a", """{"properties":{"p":{"q":1}}}"""), Patch("gone", """{"title":"back"}"""),
                Patch("a", "[]"), Patch("a", """{"title":"good","itemId":"other"}""")], Stop);
        Assert.Equal([0, 1, 3], result.Failed.Select(f => f.Index));
        Assert.Equal(["title", "properties.p", "patch"], result.Failed.Select(f => f.Field));
        Assert.Equal(("gone", 1), (Assert.Single(result.Changed, e => e.Deleted).ItemId, result.Ignored));
        var changed = Assert.Single(result.Changed, e => !e.Deleted);
        Assert.Equal(("a", "a", "good"), (changed.ItemId, changed.Item!.ItemId, changed.Item.Title));
        Assert.Equal("back again", (await Store.ApplyCatalogueAsync([Put("gone", "back again")], Stop)).Changed[0].Item!.Title);
    }

    [Fact]
    public async Task Models_are_numbered_released_rolled_back_and_pruned()
    {
        byte[] large = new byte[(16 << 20) + 3];
        new Random(1).NextBytes(large);
        Assert.Null(await Store.GetReleasedModelAsync(Stop));
        long first = await Store.SaveModelAsync(Info(), large, Stop);
        long second = await Store.SaveModelAsync(Info(ModelState.Rejected) with { Reason = "worse" }, new byte[] { 2 }, Stop);
        long third = await Store.SaveModelAsync(Info(), Array.Empty<byte>(), Stop);
        Assert.Equal([first, first + 1, first + 2], new[] { first, second, third });
        Assert.Equal(large, await Store.ReadModelAsync(first, Stop));
        Assert.Empty((await Store.ReadModelAsync(third, Stop))!);
        Assert.Null(await Store.ReadModelAsync(99, Stop));
        Assert.Equal([third, second, first], (await Store.ListModelsAsync(10, Stop)).Select(m => m.Version));
        Assert.Single(await Store.ListModelsAsync(1, Stop));
        var rejected = (await Store.GetModelAsync(second, Stop))!;
        Assert.Equal((ModelState.Rejected, "worse", 0.1),
            (rejected.State, rejected.Reason, rejected.Settings.GetProperty("alpha").GetDouble()));

        var released = (await Store.ReleaseModelAsync(first, T0, Stop))!;
        Assert.Equal((ModelState.Released, T0, first), (released.State, released.ReleasedAt, released.Version));
        await Store.ReleaseModelAsync(third, T0.AddHours(1), Stop);
        Assert.Equal(ModelState.Retired, (await Store.GetModelAsync(first, Stop))!.State);
        Assert.Equal(third, (await Store.GetReleasedModelAsync(Stop))!.Version);
        Assert.Equal(first, (await Store.ReleaseModelAsync(first, T0.AddHours(2), Stop))!.Version);
        Assert.Equal(T0.AddHours(2), (await Store.ReleaseModelAsync(first, T0.AddHours(3), Stop))!.ReleasedAt);
        Assert.Null(await Store.ReleaseModelAsync(99, T0, Stop));

        Assert.Equal([second], await Store.PruneModelsAsync(1, Stop));
        Assert.Empty(await Store.PruneModelsAsync(1, Stop));
        Assert.Null(await Store.ReadModelAsync(second, Stop));
        Assert.Null(await Store.ReleaseModelAsync(second, T0, Stop));
        Assert.NotNull(await Store.GetModelAsync(second, Stop));
        Assert.Equal(large, await Store.ReadModelAsync(first, Stop));
        Assert.Equal(third + 1, await Store.SaveModelAsync(Info(), new byte[] { 1 }, Stop));
    }

    [Fact]
    public async Task Releases_at_once_leave_exactly_one_released()
    {
        var versions = new List<long>();
        for (int i = 0; i < 4; i++) versions.Add(await Store.SaveModelAsync(Info(), new byte[] { 1 }, Stop));
        await using var second = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(n => (n % 2 == 0 ? Store : second).ReleaseModelAsync(versions[n % 4], T0, Stop)));
        Assert.Single(await Store.ListModelsAsync(10, Stop), m => m.State == ModelState.Released);
    }

    [Fact]
    public async Task One_process_at_a_time_may_train()
    {
        await using var second = await OpenAsync();
        var lease = await Store.TryAcquireTrainingLeaseAsync(Stop);
        Assert.NotNull(lease);
        Assert.Null(await second.TryAcquireTrainingLeaseAsync(Stop));
        Assert.Null(await Store.TryAcquireTrainingLeaseAsync(Stop));
        await lease.DisposeAsync();
        var next = await second.TryAcquireTrainingLeaseAsync(Stop);
        Assert.NotNull(next);
        await next.DisposeAsync();
    }

    [Fact]
    public async Task Settings_are_kept_by_name()
    {
        Assert.Null(await Store.GetSettingAsync("a", Stop));
        await Store.PutSettingAsync("a", JsonElement.Parse("""{"x":1}"""), Stop);
        await Store.PutSettingAsync("a", JsonElement.Parse("""{"x":2}"""), Stop);
        Assert.Equal("""{"x":2}""", (await Store.GetSettingAsync("a", Stop))!.Value.GetRawText());
    }

    [Fact]
    public async Task Migrating_again_and_at_once_changes_nothing()
    {
        await PutAsync(Event("e1", "ann", "a"));
        await RecreateAsync(async empty => await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => empty.MigrateAsync(Stop))));
        await using var second = await OpenAsync();
        await Task.WhenAll(Store.MigrateAsync(Stop), second.MigrateAsync(Stop), Store.MigrateAsync(Stop));
        Assert.Equal(1, (await Store.GetStatusAsync(Stop)).Events);
    }

    /// <summary>Runs with another, empty store without any schema, and a way to run statements past it.</summary>
    protected abstract Task WithoutSchemaAsync(string dialect, Func<IStore, Func<string, Task>, Task> work);

    /// <summary>For each schema version before the newest, the rows that a program of that version left.</summary>
    private protected async Task EveryEarlierSchemaUpgradesAsync(string dialect)
    {
        var migrations = Migration.All(dialect);
        Assert.Equal(migrations.Select(m => (m.Version, m.Name)),
            Migration.All(dialect == "sqlite" ? "postgres" : "sqlite").Select(m => (m.Version, m.Name)));
        foreach (var newest in migrations.SkipLast(1))
        {
            using var fixture = GetType().Assembly.GetManifestResourceStream(
                FormattableString.Invariant($"Fixtures/{newest.Version:000}.{dialect}.sql"));
            Assert.NotNull(fixture);
            string rows = await new StreamReader(fixture).ReadToEndAsync(Stop);
            await WithoutSchemaAsync(dialect, async (store, execute) =>
            {
                await execute(dialect == "sqlite"
                    ? "CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"
                    : "CREATE TABLE schema_versions (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL "
                        + "DEFAULT now())");
                foreach (var migration in migrations.Where(m => m.Version <= newest.Version))
                {
                    await execute(migration.Sql);
                    await execute(
                        FormattableString.Invariant($"INSERT INTO schema_versions (version, name, applied_at) VALUES ({migration.Version}, '{migration.Name}', '2024-03-01')"));
                }

                await execute(rows);
                await store.MigrateAsync(Stop);
                Assert.Equal(new StoreStatus(3, 2, 2, 3, T0), await store.GetStatusAsync(Stop));
                Assert.Equal(["e2", "e1"], (await store.ExportUserAsync("ann", Stop))!.Events.Select(e => e.EventId));
                Assert.Equal("Älter", (await store.ReadCatalogueAsync(0, 10, Stop))[0].Item!.Title);
                Assert.Equal([1, 2, 3, 4], (await store.ReadModelAsync((await store.GetReleasedModelAsync(Stop))!.Version, Stop))!);
                Assert.Equal(3, (await store.GetErasureAsync("x-1", Stop))!.EventsRemoved);
                Assert.Equal(newest.Version < 2 ? 0 : 2, await store.GetErasureRevisionAsync("x-1", Stop));
                Assert.Equal("pending", (await store.GetErasureAsync("x-1", Stop))!.State);
                if (newest.Version >= 2) Assert.Equal("done", (await store.GetErasureAsync("x-2", Stop))!.State);
                // An erasure that was under way is taken up at once; those that are done, or whose user is not known, never.
                string[] open = newest.Version < 4 ? [] : ["x-3"];
                Assert.Equal(open, (await store.ListOpenErasuresAsync(Stop)).Select(erasure => erasure.ErasureId));
                Assert.Equal(open, await store.ClaimDueErasuresAsync(T0, DateTimeOffset.MaxValue, 10, Stop));
                if (newest.Version >= 3)
                {
                    // The deleted item's vector, of another length, is gone; nothing else of it is.
                    Assert.Equal(3, await store.GetVectorLengthAsync(Stop));
                    var deleted = (await store.GetItemAsync("c", Stop))!.Item!;
                    Assert.Equal((null, "C", 1), (deleted.Vector, deleted.Title, deleted.Properties["p"].GetInt32()));
                }

                // Statistics of earlier versions counted events; now they count users, and copies of them are out of date.
                var upgraded = (await store.ReadCatalogueAsync(0, 10, Stop)).ToDictionary(item => item.ItemId);
                AssertCounts(upgraded["a"], T0, T0.AddHours(-1));
                AssertCounts(upgraded["b"], T0.AddHours(-1));
                Assert.True(upgraded["a"].Revision > 2);
                Assert.True(await store.AreStatisticsRecountedAsync(Stop));
                Assert.Equal(1, (await store.GetSettingAsync("tuned", Stop))!.Value.GetProperty("alpha").GetInt32());
                var more = await store.StoreInteractionsAsync(
                    [Event("e1", "ann", "a"), Event("n1", "gone", "a"), SessionEvent("n2", "other", "a"), Event("n3", "new", "new")], Stop);
                Assert.Equal((2, 1, 1, 5L), (more.Stored, more.Duplicates, more.Dropped, more.Sequence));
                Assert.Equal(3, (await store.ExportUserAsync("ann", Stop))!.Events.Count);
            });
        }
    }

    /// <summary>Runs a statement past the store.</summary>
    protected abstract Task ExecuteAsync(string sql);

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await ExecuteAsync("INSERT INTO schema_versions (version, name, applied_at) VALUES (9999, 'future', '2999-01-01')");
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => Store.MigrateAsync(Stop));
        Assert.Contains("9999", refusal.Message, StringComparison.Ordinal);
    }
}
