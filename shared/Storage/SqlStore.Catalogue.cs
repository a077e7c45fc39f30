using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Recommender.Contracts;

namespace Recommender.Storage;

public abstract partial class SqlStore
{
    public Task<CatalogueResult> ApplyCatalogueAsync(IReadOnlyList<Command> commands, CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            var ids = commands.Select(ItemIdOf).Distinct(StringComparer.Ordinal).ToArray();
            var entries = await LoadItemsAsync(connection, ids, cancellationToken).ConfigureAwait(false);
            var changed = new HashSet<string>(StringComparer.Ordinal);
            var failed = new List<RejectedElement>();
            for (int i = 0; i < commands.Count; i++)
            {
                string id = ItemIdOf(commands[i]);
                var (entry, error) = CatalogueChange.Apply(entries.GetValueOrDefault(id), commands[i], id);
                if (error is not null)
                {
                    failed.Add(new RejectedElement(i, error.Field, error.Error));
                }
                else if (entry is not null)
                {
                    entries[id] = entry;
                    changed.Add(id);
                }
            }

            var written = changed.Select(id => entries[id]).ToList();
            if (written.Count > 0) await NextRevisionAsync(connection, cancellationToken).ConfigureAwait(false);
            await SaveItemsAsync(connection, written, cancellationToken).ConfigureAwait(false);
            // Keys of new items, and the revision, are known only now.
            var keys = await LoadItemsAsync(connection, [.. changed], cancellationToken).ConfigureAwait(false);
            return new CatalogueResult { Changed = [.. keys.Values.OrderBy(entry => entry.ItemKey)], Failed = failed };
        }, cancellationToken);

    public Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(int afterKey, int limit, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<CatalogueEntry>>(async connection =>
            await QueryAsync(connection, $"SELECT {EntryColumns} FROM items WHERE item_key > @afterKey ORDER BY item_key LIMIT @limit", new { afterKey, limit }, ReadEntry, cancellationToken).ConfigureAwait(false), cancellationToken);

    private protected const string EntryColumns = "item_key, item_id, item, deleted, popularity, trend, created_at_ms, (SELECT revision FROM state)";

    private protected static CatalogueEntry ReadEntry(DbDataReader r) => new()
    {
        ItemKey = r.GetInt32(0),
        ItemId = r.GetString(1),
        Item = r.IsDBNull(2) ? null : JsonSerializer.Deserialize(r.GetString(2), ContractsJson.Default.Item),
        Deleted = r.GetInt32(3) != 0,
        Popularity = r.GetDouble(4),
        Trend = r.GetDouble(5),
        CreatedAt = Time(r.GetInt64(6)),
        Revision = r.GetInt64(7),
    };

    /// <summary>Those of the items that exist, by id.</summary>
    private protected virtual async Task<Dictionary<string, CatalogueEntry>> LoadItemsAsync(DbConnection connection, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var entries = new Dictionary<string, CatalogueEntry>(StringComparer.Ordinal);
        foreach (string id in ids)
        {
            foreach (var entry in await QueryAsync(connection, $"SELECT {EntryColumns} FROM items WHERE item_id = @id", new { id }, ReadEntry, cancellationToken).ConfigureAwait(false))
                entries.Add(id, entry);
        }

        return entries;
    }

    /// <summary>Writes attributes and deletion; statistics stay. Entries with key 0 are new.</summary>
    private protected virtual async Task SaveItemsAsync(DbConnection connection, IReadOnlyList<CatalogueEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            await connection.ExecuteAsync(Command(entry.ItemKey == 0
                ? "INSERT INTO items (item_id, item, deleted, popularity, trend, created_at_ms) VALUES (@ItemId, @json, @deleted, 0, @Trend, @createdAtMs)"
                : "UPDATE items SET item = @json, deleted = @deleted WHERE item_key = @ItemKey",
                new { entry.ItemKey, entry.ItemId, json = Json(entry.Item), deleted = entry.Deleted ? 1 : 0, entry.Trend, createdAtMs = entry.CreatedAt.ToUnixTimeMilliseconds() }, cancellationToken)).ConfigureAwait(false);
        }
    }

    private protected static string? Json(Item? item) => item is null ? null : JsonSerializer.Serialize(item, ContractsJson.Default.Item);

    private static string ItemIdOf(Command command) =>
        (command.Kind == CommandKind.PutItem ? command.Item?.ItemId : command.ItemId)
            ?? throw new ArgumentException($"A {command.Kind} command names no item.", nameof(command));
}

/// <summary>What a command makes of a catalogue entry. Pure.</summary>
internal static class CatalogueChange
{
    /// <summary>The entry afterwards, or null where nothing changes, or what is wrong with the patch.</summary>
    /// <param name="current">Null for an unknown item.</param>
    public static (CatalogueEntry? Entry, FieldError? Error) Apply(CatalogueEntry? current, Command command, string itemId)
    {
        var entry = current ?? new CatalogueEntry { ItemKey = 0, ItemId = itemId, CreatedAt = command.AcceptedAt };
        switch (command.Kind)
        {
            case CommandKind.PutItem:
                return (entry with { Item = command.Item, Deleted = false }, null);
            case CommandKind.DeleteItem:
                // The attributes stay: histories still show the title.
                return current is null || current.Deleted ? (null, null) : (entry with { Deleted = true }, null);
            case CommandKind.PatchItem:
                if (entry.Deleted) return (null, new FieldError("itemId", "names a deleted item; put it again"));
                var (item, error) = Patch(entry.Item ?? new Item { ItemId = itemId }, command.Patch ?? default, itemId);
                return error is null ? (entry with { Item = item }, null) : (null, error);
            default:
                throw new ArgumentException($"{command.Kind} is no catalogue command.", nameof(command));
        }
    }

    private static (Item? Item, FieldError? Error) Patch(Item item, JsonElement patch, string itemId)
    {
        if (patch.ValueKind != JsonValueKind.Object) return (null, new FieldError("patch", "is not an object"));
        try
        {
            var merged = MergePatch(JsonSerializer.SerializeToNode(item, ContractsJson.Default.Item), patch);
            var patched = merged.Deserialize(ContractsJson.Default.Item)! with { ItemId = itemId };
            return patched.Validate() is { } error ? (null, error) : (patched, null);
        }
        catch (JsonException e)
        {
            return (null, new FieldError((e.Path ?? "patch").TrimStart('$', '.'), "has a value of the wrong kind"));
        }
    }

    /// <summary>JSON merge patch, RFC 7396.</summary>
    public static JsonNode? MergePatch(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object) return JsonNode.Parse(patch.GetRawText());
        var result = target as JsonObject ?? [];
        foreach (var member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                result.Remove(member.Name);
                continue;
            }

            result.TryGetPropertyValue(member.Name, out var previous);
            result.Remove(member.Name);
            result[member.Name] = MergePatch(previous, member.Value);
        }

        return result;
    }
}
