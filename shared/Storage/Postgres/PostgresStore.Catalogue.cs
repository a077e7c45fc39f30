using System.Data.Common;
using Dapper;
using Npgsql;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;

namespace Recommender.Storage.Postgres;

public sealed partial class PostgresStore
{
    private protected override async Task<Dictionary<string, CatalogueEntry>> LoadItemsAsync(DbConnection connection,
        IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        (await EntriesAsync(connection, "WHERE item_id = ANY(@ids)", new { ids = ids.ToArray() }, cancellationToken).ConfigureAwait(false))
            .ToDictionary(entry => entry.ItemId, StringComparer.Ordinal);

    private protected override Task<List<CatalogueEntry>> LoadItemsAsync(DbConnection connection, int[] keys,
        CancellationToken cancellationToken) =>
        EntriesAsync(connection, "WHERE item_key = ANY(@keys) ORDER BY item_key", new { keys }, cancellationToken);

    private protected override async Task SaveItemsAsync(DbConnection connection, IReadOnlyList<CatalogueEntry> entries,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        var added = entries.Where(entry => entry.ItemKey == 0).ToList();
        batch.BatchCommands.Add(Batched("""
            INSERT INTO items (item_id, item, deleted, popularity, trend, created_at_ms, version)
            SELECT id, item, deleted, '-Infinity', '-Infinity', created, version FROM unnest($1, $2, $3, $4, $5) AS n (id, item, deleted, created, version)
            """,
            [added.Select(entry => entry.ItemId).ToArray(),
            added.Select(entry => Json(entry.Item)).ToArray(),
            added.Select(entry => entry.Deleted ? 1 : 0).ToArray(),
            added.Select(entry => entry.CreatedAt.ToUnixTimeMilliseconds()).ToArray(),
            added.Select(entry => entry.Version).ToArray()]));
        var changed = entries.Where(entry => entry.ItemKey != 0).ToList();
        batch.BatchCommands.Add(Batched(
            "UPDATE items i SET item = n.item, deleted = n.deleted, version = n.version FROM unnest($1, $2, $3, $4) AS n (key, item, "
                + "deleted, version) WHERE i.item_key = n.key",
            [changed.Select(entry => entry.ItemKey).ToArray(),
            changed.Select(entry => Json(entry.Item)).ToArray(),
            changed.Select(entry => entry.Deleted ? 1 : 0).ToArray(),
            changed.Select(entry => entry.Version).ToArray()]));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private protected override async Task<HashSet<byte[]>> FindChangesAsync(DbConnection connection, byte[][] ids,
        CancellationToken cancellationToken) =>
        new(await QueryAsync<byte[]>(connection, "SELECT id FROM item_changes WHERE id = ANY(@ids)", new { ids }, cancellationToken)
        .ConfigureAwait(false), HashComparer.Instance);

    private protected override async Task AddChangesAsync(DbConnection connection, IReadOnlyList<byte[]> ids,
        CancellationToken cancellationToken)
    {
        if (ids.Count == 0) return;
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        batch.BatchCommands.Add(Batched("INSERT INTO item_changes SELECT unnest($1)", [ids.ToArray()]));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private protected override Task DeleteEventsAsync(DbConnection connection, int userKey, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Command($"""
            WITH gone AS (DELETE FROM events WHERE user_key = @userKey RETURNING event_id)
            DELETE FROM event_ids WHERE id IN (SELECT {EventHashSql} FROM gone)
            """, new { userKey }, cancellationToken));

    /// <summary>The same as <see cref="EventHash"/>, of the column <c>event_id</c>.</summary>
    private const string EventHashSql = "encode(substring(sha256(convert_to(event_id, 'UTF8')) FOR 16), 'hex')::uuid";

    /// <param name="parameters">Values of <c>$1, $2, …</c>. Not <c>params</c>: a single array of texts would be taken for the list
    /// itself.</param>
    internal static NpgsqlBatchCommand Batched(string sql, object[]? parameters = null)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (object parameter in parameters ?? []) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }
}
