using System.Text.Json;
using Recommender.Contracts;
using Recommender.Storage.Catalogue;
using Xunit;

namespace Recommender.Storage.Tests;

public abstract partial class StoreContract
{
    private static Command PutVector(string id, params float[] vector) =>
        new() { Kind = CommandKind.PutItem, AcceptedAt = T0, Item = new Item { ItemId = id, Vector = vector } };

    private async Task<CatalogueResult> ApplyAsync(params Command[] commands) => await Store.ApplyCatalogueAsync(commands, Stop);

    private async Task<Item?> ItemAsync(string id) => (await Store.GetItemAsync(id, Stop))?.Item;

    private async Task<string?> TagAsync(string id) => EntityTag.Of(await Store.GetItemAsync(id, Stop));

    [Fact]
    public async Task A_change_is_applied_to_an_item_once_whatever_became_of_it()
    {
        var change = Patch("a", """{"title":"imported"}""") with { ChangeId = "c" };
        await ApplyAsync(change);
        Assert.Equal("imported", (await ItemAsync("a"))!.Title);
        await ApplyAsync(Patch("a", """{"title":"edited"}"""));
        var again = await ApplyAsync(change, change);
        Assert.Equal((2, "edited"), (again.Ignored, Assert.Single(again.Changed).Item!.Title));

        await ApplyAsync(Delete("a"), change);
        Assert.True((await Store.GetItemAsync("a", Stop))!.Deleted);
        await ApplyAsync(Put("a", "back"), change);
        Assert.Equal("back", (await ItemAsync("a"))!.Title);
        Assert.Equal(4, (await Store.GetStatusAsync(Stop)).Counters.IgnoredItemChanges);

        // Another change, and the same one of another item, are changes of their own. The ids are not simply joined.
        await ApplyAsync(Patch("a", """{"title":"new"}""") with { ChangeId = "d" },
            Patch("ac", """{"title":"x"}""") with { ChangeId = "c" }, Patch("a", """{"title":"y"}""") with { ChangeId = "cc" });
        Assert.Equal(("y", "x"), ((await ItemAsync("a"))!.Title, (await ItemAsync("ac"))!.Title));
    }

    [Fact]
    public async Task A_put_may_carry_a_change_id_too()
    {
        var change = Put("a", "one") with { ChangeId = new string('x', 256) };
        await ApplyAsync(change, Put("a", "two"), change,
            change with { ChangeId = new string('x', 255) + "y", Item = new Item { ItemId = "a", Title = "three" } });
        Assert.Equal("three", (await ItemAsync("a"))!.Title);
        Assert.Equal(1, (await Store.GetStatusAsync(Stop)).Counters.IgnoredItemChanges);
    }

    [Fact]
    public async Task A_change_that_was_not_applied_may_be_applied_later()
    {
        var change = Patch("a", """{"title":"imported"}""") with { ChangeId = "c" };
        var invalid = Patch("b", """{"title":1}""") with { ChangeId = "c" };
        Assert.Equal(1, (await ApplyAsync(Put("a", "x"), Delete("a"), change)).Ignored);
        Assert.Single((await ApplyAsync(invalid)).Failed);
        await ApplyAsync(Put("a", "back"), change, invalid with { Patch = JsonElement.Parse("""{"title":"b"}""") });
        Assert.Equal(("imported", "b"), ((await ItemAsync("a"))!.Title, (await ItemAsync("b"))!.Title));
    }

    [Fact]
    public async Task A_patch_of_a_deleted_item_is_ignored_and_counted_and_a_put_brings_it_back()
    {
        await ApplyAsync(Put("a", "one"), Delete("a"));
        var result = await ApplyAsync(Patch("a", """{"available":true}"""));
        Assert.Equal((1, 0, true), (result.Ignored, result.Failed.Count, Assert.Single(result.Changed).Deleted));
        Assert.Equal(1, (await Store.GetStatusAsync(Stop)).Counters.IgnoredItemChanges);
        Assert.False(Assert.Single((await ApplyAsync(Put("a", "two"))).Changed).Deleted);
    }

    [Fact]
    public async Task Deleting_an_unknown_item_keeps_it_away_until_it_is_put()
    {
        var deleted = Assert.Single((await ApplyAsync(Delete("a"))).Changed);
        Assert.Equal((true, null), (deleted.Deleted, deleted.Item));
        await PutAsync(Event("e1", "ann", "a"));
        var entry = (await Store.GetItemAsync("a", Stop))!;
        Assert.Equal((deleted.ItemKey, true, 1), (entry.ItemKey, entry.Deleted, entry.Users));
        Assert.Equal(0, (await Store.GetStatusAsync(Stop)).Items);
        Assert.Equal(1, (await ApplyAsync(Patch("a", """{"title":"x"}"""))).Ignored);
        await ApplyAsync(Put("a", "here"));
        Assert.Equal((false, 1), await Store.GetItemAsync("a", Stop) is { } back ? (back.Deleted, (int)back.Users) : default);
    }

    [Fact]
    public async Task An_items_version_grows_when_it_changes_and_only_then()
    {
        Assert.Null(await Store.GetItemAsync("a", Stop));
        Assert.Null(await TagAsync("a"));
        await PutAsync(Event("e1", "ann", "a"));
        Assert.Null(await TagAsync("a"));
        await ApplyAsync(Put("a", "one"));
        string? first = await TagAsync("a");
        await ApplyAsync(Put("a", "one"), Patch("a", "{}"), Put("b", "b"));
        await PutAsync(Event("e2", "bob", "a"));
        Assert.Equal(first, await TagAsync("a"));
        await ApplyAsync(Patch("a", """{"title":"two"}"""));
        Assert.NotEqual(first, await TagAsync("a"));
        // Not the first version again, though the content is.
        await ApplyAsync(Put("a", "one"));
        Assert.NotEqual(first, await TagAsync("a"));
        await ApplyAsync(Delete("a"));
        Assert.Null(await TagAsync("a"));
    }

    [Fact]
    public async Task A_condition_holds_when_the_change_is_applied_or_the_change_fails()
    {
        await ApplyAsync(Put("a", "one"), Put("gone", "x"), Delete("gone"));
        string tag = (await TagAsync("a"))!.Trim('"');
        Command If(Command command, params string[] tags) => command with { IfMatch = tags, ChangeId = Guid.NewGuid().ToString() };
        var winner = If(Patch("a", """{"title":"two"}"""), "0", tag);
        var result = await ApplyAsync(If(Put("a", "never"), "999"), If(Put("a", "never")), winner, If(Put("a", "late"), tag),
            If(Delete("a"), tag), If(Put("gone", "never"), "*"), If(Put("unknown", "never"), "*"));
        Assert.Equal([0, 1, 3, 4, 5, 6], result.Failed.Select(f => f.Index));
        Assert.All(result.Failed, f => Assert.Equal("If-Match", f.Field));
        Assert.Equal("two", (await ItemAsync("a"))!.Title);
        Assert.Null(await Store.GetItemAsync("unknown", Stop));
        // Delivered again, the winner has not lost.
        var again = await ApplyAsync(winner);
        Assert.Equal((0, "two"), (again.Failed.Count, Assert.Single(again.Changed).Item!.Title));
        await ApplyAsync(If(Delete("a"), "*"));
        Assert.True((await Store.GetItemAsync("a", Stop))!.Deleted);
    }

    [Fact]
    public async Task A_catalogue_has_vectors_of_one_length_until_all_are_removed()
    {
        Assert.Null(await Store.GetVectorLengthAsync(Stop));
        await ApplyAsync(PutVector("a", 1, 2, 3), Put("b", "no vector"));
        Assert.Equal(3, await Store.GetVectorLengthAsync(Stop));
        var wrong = await ApplyAsync(PutVector("c", 1, 2), Patch("b", """{"vector":[1,2,3,4]}"""), PutVector("a", 1),
            PutVector("d", 4, 5, 6));
        Assert.Equal([0, 1, 2], wrong.Failed.Select(f => f.Index));
        Assert.All(wrong.Failed, f => Assert.Equal("vector", f.Field));
        Assert.Contains("has 2 numbers; the vectors of this catalogue have 3", wrong.Failed[0].Error, StringComparison.Ordinal);
        Assert.Null(await Store.GetItemAsync("c", Stop));

        // One goes by a patch, one with its item; the deleted one does not hold the length.
        await ApplyAsync(Patch("a", """{"vector":null}"""));
        Assert.Equal(3, await Store.GetVectorLengthAsync(Stop));
        var changed = await ApplyAsync(PutVector("e", 1), Delete("d"), PutVector("c", 1, 2), PutVector("d", 7, 8));
        Assert.Equal([0], changed.Failed.Select(f => f.Index));
        Assert.Equal(2, await Store.GetVectorLengthAsync(Stop));
        await ApplyAsync(Delete("c"));
        Assert.Null((await ItemAsync("c"))!.Vector);
        Assert.Equal(2, await Store.GetVectorLengthAsync(Stop));
        await ApplyAsync(Put("d", "without"));
        Assert.Null(await Store.GetVectorLengthAsync(Stop));
    }

    [Fact]
    public async Task A_backup_from_before_versions_and_vector_lengths_restores()
    {
        await PutAsync(Event("e1", "ann", "a"));
        await ApplyAsync(PutVector("a", 1, 2), PutVector("b", 3, 4), Delete("b"), Patch("c", """{"title":"C"}""") with { ChangeId = "c" });
        await Store.PutSettingAsync("s", JsonElement.Parse("1"), Stop);
        using var backup = new MemoryStream();
        await Store.BackupAsync(backup, Stop);
        using var earlier = WithoutSchema4(backup, deletedVector: ",\"vector\":[1,2,3]}");
        await RecreateAsync(async empty =>
        {
            await empty.RestoreAsync(earlier, Stop);
            Assert.Equal(2, await empty.GetVectorLengthAsync(Stop));
            Assert.Null((await empty.GetItemAsync("b", Stop))!.Item!.Vector);
            Assert.Equal("\"0\"", EntityTag.Of(await empty.GetItemAsync("c", Stop)));
            Assert.Equal((0, 1), await empty.StoreInteractionsAsync([Event("e1", "ann", "a", at: T0.AddDays(1))], Stop) is var again
                ? (again.Stored, again.Duplicates) : default);
            Assert.Equal(new StatusCounters(DuplicateEvents: 1), (await empty.GetStatusAsync(Stop)).Counters);
        });
    }

    /// <summary>The backup as a program of schema version 3 made it.</summary>
    private static MemoryStream WithoutSchema4(MemoryStream backup, string deletedVector)
    {
        string[] added = ["version", "occurred_at_stated", "duplicate_events", "conflicting_events", "dropped_events",
            "ignored_item_changes", "vectors", "vector_length"];
        backup.Position = 0;
        var earlier = new MemoryStream();
        using var reader = new BackupFormat.Reader(backup);
        using var writer = new BackupFormat.Writer(earlier);
        reader.Begin();
        writer.Begin(3);
        while (reader.NextTable() is var (table, columns))
        {
            int[] kept = [.. Enumerable.Range(0, columns.Length)
                .Where(i => table is "models" or "model_chunks" || !added.Contains(columns[i]))];
            if (table != "item_changes") writer.BeginTable(table, [.. kept.Select(i => columns[i])]);
            object?[] row = new object?[columns.Length];
            while (reader.NextRow(row))
            {
                if (table == "items" && row[3] is 1L) row[2] = ((string)row[2]!).TrimEnd('}') + deletedVector;
                if (table != "item_changes") writer.WriteRow([.. kept.Select(i => row[i])]);
            }

            if (table != "item_changes") writer.EndTable();
        }

        writer.End();
        earlier.Position = 0;
        return earlier;
    }

    [Fact]
    public async Task Vectors_are_listed_until_they_are_of_the_current_content_and_encoder()
    {
        await ApplyAsync(Put("a", "one"), Put("b", "two"), Delete("gone"));
        await ApplyAsync(Put("c", "one"));
        var items = await ToEncodeAsync("m");
        Assert.Equal(["a", "b", "c"], items.Select(item => item.ItemId));
        Assert.Equal(["c"], (await ToEncodeAsync("m", items[1].Version, items[1].ItemKey)).Select(item => item.ItemId));
        byte[] hash = [.. Enumerable.Range(0, 16).Select(n => (byte)n)];
        StoredVector VectorOf(CatalogueEntry item, string model = "m") => new(item.ItemKey, item.Version, model, hash, [1, 0, 255]);
        await Store.PutVectorsAsync("text", [VectorOf(items[0]), VectorOf(items[1])], Stop);
        Assert.Equal(["c"], (await ToEncodeAsync("m")).Select(item => item.ItemId));
        Assert.Equal(3, (await ToEncodeAsync("other")).Count);
        Assert.Equal([1, 0, 255], (await Store.FindVectorsAsync("m", [hash, new byte[16]], Stop))[Convert.ToHexStringLower(hash)]);
        Assert.Empty(await Store.FindVectorsAsync("other", [hash], Stop));

        await ApplyAsync(Put("a", "changed"));
        Assert.Equal(["c", "a"], (await ToEncodeAsync("m")).Select(item => item.ItemId));

        // Writing again replaces; a deleted item has no vector, and takes none.
        await ApplyAsync(Delete("b"));
        await Store.PutVectorsAsync("text", [VectorOf(items[0], "n"), VectorOf(items[1], "n")], Stop);
        var stored = Assert.Single(await Store.ReadVectorsAsync("text", 0, 10, Stop));
        Assert.Equal((items[0].ItemKey, "n", 3), (stored.ItemKey, stored.Model, stored.Vector.Length));
        Assert.Empty(await Store.ReadVectorsAsync("image", 0, 10, Stop));

        Task<IReadOnlyList<CatalogueEntry>> ToEncodeAsync(string model, long version = -1, int key = 0) =>
            Store.ListItemsToEncodeAsync("text", model, version, key, 100, Stop);
    }
}
