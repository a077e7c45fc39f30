using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Recommender.Contracts;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore
{
    public Task<CatalogueResult> ApplyCatalogueAsync(IReadOnlyList<Command> commands, CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            var state = await ReadCatalogueStateAsync(connection, cancellationToken).ConfigureAwait(false);
            var entries = await LoadItemsAsync(connection, [.. commands.Select(ItemIdOf).Distinct(StringComparer.Ordinal)],
                cancellationToken).ConfigureAwait(false);
            byte[][] changeIds = [.. commands.Where(command => command.ChangeId is not null)
                .Select(command => ChangeHash(ItemIdOf(command), command.ChangeId!))];
            var known = changeIds.Length == 0 ? [] : await FindChangesAsync(connection, changeIds, cancellationToken).ConfigureAwait(false);
            var vectors = new VectorLength(state.VectorLength, state.Vectors);
            var batch = new CatalogueBatch(entries, known, vectors, state.Revision + 1);
            for (int i = 0; i < commands.Count; i++)
            {
                string id = ItemIdOf(commands[i]);
                batch.Apply(i, commands[i], id, commands[i].ChangeId is { } changeId ? ChangeHash(id, changeId) : null);
            }

            var changed = batch.Changed;
            await SaveItemsAsync(connection, changed, cancellationToken).ConfigureAwait(false);
            foreach (var deleted in changed.Where(entry => entry is { Deleted: true, ItemKey: not 0 }))
            {
                await connection.ExecuteAsync(Command("DELETE FROM item_vectors WHERE item_key = @ItemKey", new { deleted.ItemKey },
                    cancellationToken)).ConfigureAwait(false);
            }

            await AddChangesAsync(connection, batch.NewChanges, cancellationToken).ConfigureAwait(false);
            if (changed.Count + batch.IgnoredCount > 0)
            {
                await connection.ExecuteAsync(Command(
                    "UPDATE state SET revision = @revision, ignored_item_changes = ignored_item_changes + @ignored, vectors = @vectors, "
                        + "vector_length = @length",
                    new
                    {
                        revision = state.Revision + (changed.Count > 0 ? 1 : 0),
                        ignored = (long)batch.IgnoredCount,
                        vectors = vectors.Count,
                        length = vectors.Length
                    }, cancellationToken)).ConfigureAwait(false);
            }

            // Keys of new items and the revision are known only now. The result includes unchanged items, because after a crash they may
            // not have been copied to the factor store.
            var named = await LoadItemsAsync(connection, batch.Named, cancellationToken).ConfigureAwait(false);
            return new CatalogueResult
            {
                Changed = [.. named.Values.OrderBy(entry => entry.ItemKey)],
                Failed = batch.Failed,
                Ignored = batch.IgnoredCount
            };
        }, cancellationToken);

    public Task<CatalogueEntry?> GetItemAsync(string itemId, CancellationToken cancellationToken) =>
        ReadAsync(async connection => (await LoadItemsAsync(connection, [itemId], cancellationToken)
        .ConfigureAwait(false)).GetValueOrDefault(itemId), cancellationToken);

    public Task<int?> GetVectorLengthAsync(CancellationToken cancellationToken) =>
        ReadAsync(async connection => (await ReadCatalogueStateAsync(connection, cancellationToken).ConfigureAwait(false)).VectorLength,
        cancellationToken);

    public Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(int afterKey, int limit, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<CatalogueEntry>>(async connection =>
            await EntriesAsync(connection, "WHERE item_key > @afterKey ORDER BY item_key LIMIT @limit", new { afterKey, limit },
            cancellationToken).ConfigureAwait(false), cancellationToken);

    public Task<IReadOnlyList<CatalogueEntry>> ReadCatalogueAsync(IReadOnlyCollection<int> itemKeys, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<CatalogueEntry>>(async connection =>
            await LoadItemsAsync(connection, [.. itemKeys.Order()], cancellationToken).ConfigureAwait(false), cancellationToken);

    private protected static async Task<List<CatalogueEntry>> EntriesAsync(DbConnection connection, string where, object parameters,
        CancellationToken cancellationToken) =>
        (await QueryAsync<EntryRow>(connection, $"""
            SELECT item_key, item_id, item, deleted, popularity, trend, created_at_ms, version, users,
                (SELECT revision FROM state) AS revision
            FROM items {where}
            """, parameters, cancellationToken).ConfigureAwait(false)).ConvertAll(row => row.ToEntry());

    /// <summary>Loads the existing items, by ascending key.</summary>
    private protected virtual async Task<List<CatalogueEntry>> LoadItemsAsync(DbConnection connection, int[] keys,
        CancellationToken cancellationToken)
    {
        var entries = new List<CatalogueEntry>(keys.Length);
        foreach (int key in keys)
            entries.AddRange(await EntriesAsync(connection, "WHERE item_key = @key", new { key }, cancellationToken).ConfigureAwait(false));
        return entries;
    }

    /// <summary>Loads the existing items, by id.</summary>
    private protected virtual async Task<Dictionary<string, CatalogueEntry>> LoadItemsAsync(DbConnection connection,
        IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var entries = new Dictionary<string, CatalogueEntry>(StringComparer.Ordinal);
        foreach (string id in ids)
        {
            foreach (var entry in await EntriesAsync(connection, "WHERE item_id = @id", new { id }, cancellationToken)
                .ConfigureAwait(false))
                entries.Add(id, entry);
        }

        return entries;
    }

    /// <summary>Writes attributes and deletion, without statistics. Entries with key 0 are new.</summary>
    private protected virtual async Task SaveItemsAsync(DbConnection connection, IReadOnlyList<CatalogueEntry> entries,
        CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            await connection.ExecuteAsync(Command(entry.ItemKey == 0
                ? "INSERT INTO items (item_id, item, deleted, popularity, trend, created_at_ms, version) VALUES (@ItemId, @json, "
                    + "@deleted, @Popularity, @Trend, @createdAtMs, @Version)"
                : "UPDATE items SET item = @json, deleted = @deleted, version = @Version WHERE item_key = @ItemKey",
                new
                {
                    entry.ItemKey,
                    entry.ItemId,
                    entry.Version,
                    json = Json(entry.Item),
                    deleted = entry.Deleted ? 1 : 0,
                    entry.Popularity,
                    entry.Trend,
                    createdAtMs = entry.CreatedAt.ToUnixTimeMilliseconds()
                }, cancellationToken))
                    .ConfigureAwait(false);
        }
    }

    /// <summary>Finds the changes that were already applied.</summary>
    private protected virtual async Task<HashSet<byte[]>> FindChangesAsync(DbConnection connection, byte[][] ids,
        CancellationToken cancellationToken)
    {
        var known = new HashSet<byte[]>(HashComparer.Instance);
        foreach (byte[] id in ids)
            if (await connection.ExecuteScalarAsync<long?>(
                Command("SELECT 1 FROM item_changes WHERE id = @id", new { id }, cancellationToken)).ConfigureAwait(false) is not null)
                known.Add(id);
        return known;
    }

    private protected virtual async Task AddChangesAsync(DbConnection connection, IReadOnlyList<byte[]> ids,
        CancellationToken cancellationToken)
    {
        foreach (byte[] id in ids) await connection.ExecuteAsync(
            Command("INSERT INTO item_changes (id) VALUES (@id)", new { id }, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>First 16 bytes of SHA-256, for a fixed size. Ids do not contain zero bytes.</summary>
    private static byte[] ChangeHash(string itemId, string changeId) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{itemId}\0{changeId}"))[..16];

    private protected static string? Json(Item? item) => item is null ? null : JsonSerializer.Serialize(item, ContractsJson.Default.Item);

    private static async Task<CatalogueState> ReadCatalogueStateAsync(DbConnection connection, CancellationToken cancellationToken) =>
        (await QueryAsync<CatalogueState>(connection, "SELECT revision, vectors, vector_length FROM state", null, cancellationToken)
        .ConfigureAwait(false))[0];

    private static string ItemIdOf(Command command) =>
        (command.Kind == CommandKind.PutItem ? command.Item?.ItemId : command.ItemId)
            ?? throw new ArgumentException($"A {command.Kind} command names no item.", nameof(command));

    private sealed class CatalogueState
    {
        public long Revision { get; init; }
        public long Vectors { get; init; }
        public int? VectorLength { get; init; }
    }

    private sealed class EntryRow
    {
        public int ItemKey { get; init; }
        public string ItemId { get; init; } = "";
        public string? Item { get; init; }
        public int Deleted { get; init; }
        public double Popularity { get; init; }
        public double Trend { get; init; }
        public long CreatedAtMs { get; init; }
        public long Version { get; init; }
        public long Revision { get; init; }
        public long Users { get; init; }

        public CatalogueEntry ToEntry() => new()
        {
            ItemKey = ItemKey,
            ItemId = ItemId,
            Item = Item is null ? null : JsonSerializer.Deserialize(Item, ContractsJson.Default.Item),
            Deleted = Deleted != 0,
            Popularity = Popularity,
            Trend = Trend,
            CreatedAt = Time(CreatedAtMs),
            Version = Version,
            Revision = Revision,
            Users = Users,
        };
    }
}
