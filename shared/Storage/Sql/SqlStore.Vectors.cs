using Dapper;
using Recommender.Storage.Catalogue;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore
{
    public Task<IReadOnlyList<CatalogueEntry>> ListItemsToEncodeAsync(string name, string model, long afterVersion, int afterKey, int limit,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<CatalogueEntry>>(async connection =>
            await EntriesAsync(connection, """
                WHERE (version, item_key) > (@afterVersion, @afterKey) AND deleted = 0 AND item IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM item_vectors v
                    WHERE v.item_key = items.item_key AND v.name = @name AND v.model = @model AND v.version >= items.version)
                ORDER BY version, item_key LIMIT @limit
                """, new { name, model, afterVersion, afterKey, limit }, cancellationToken).ConfigureAwait(false), cancellationToken);

    public Task<IReadOnlyDictionary<string, byte[]>> FindVectorsAsync(string model, IReadOnlyCollection<byte[]> hashes,
        CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyDictionary<string, byte[]>>(async connection =>
        {
            var found = new Dictionary<string, byte[]>(StringComparer.Ordinal);
            foreach (byte[] hash in hashes)
            {
                const string Sql = "SELECT vector FROM item_vectors WHERE model = @model AND hash = @hash LIMIT 1";
                byte[]? vector = await connection.ExecuteScalarAsync<byte[]?>(Command(Sql, new { model, hash }, cancellationToken))
                    .ConfigureAwait(false);
                if (vector is not null) found[Convert.ToHexStringLower(hash)] = vector;
            }

            return found;
        }, cancellationToken);

    public Task PutVectorsAsync(string name, IReadOnlyList<StoredVector> vectors, CancellationToken cancellationToken) =>
        WriteAsync(async connection =>
        {
            foreach (var vector in vectors)
            {
                await connection.ExecuteAsync(Command("""
                    INSERT INTO item_vectors (item_key, name, model, version, hash, vector)
                    SELECT item_key, @name, @Model, @Version, @Hash, @Vector FROM items WHERE item_key = @ItemKey AND deleted = 0
                    ON CONFLICT (item_key, name) DO UPDATE SET
                        model = excluded.model, version = excluded.version, hash = excluded.hash, vector = excluded.vector
                    """, new { name, vector.Model, vector.Version, vector.Hash, vector.Vector, vector.ItemKey }, cancellationToken))
                    .ConfigureAwait(false);
            }

            return true;
        }, cancellationToken);

    public Task<IReadOnlyList<StoredVector>> ReadVectorsAsync(string name, int afterKey, int limit, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<StoredVector>>(async connection =>
            await ReadRowsAsync(connection, """
                SELECT item_key, version, model, hash, vector FROM item_vectors
                WHERE name = @name AND item_key > @afterKey ORDER BY item_key LIMIT @limit
                """, new { name, afterKey, limit }, row => new StoredVector(row.GetInt32(0), row.GetInt64(1), row.GetString(2),
                row.GetFieldValue<byte[]>(3), row.GetFieldValue<byte[]>(4)), cancellationToken).ConfigureAwait(false), cancellationToken);
}
