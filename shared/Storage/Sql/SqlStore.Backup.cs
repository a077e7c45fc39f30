using System.Data.Common;
using Dapper;
using Recommender.Storage.Events;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore
{
    public async Task BackupAsync(Stream destination, CancellationToken cancellationToken)
    {
        // Not disposed, because that would close the caller's stream.
        var buffered = new BufferedStream(destination, 1 << 16);
        using var writer = new BackupFormat.Writer(buffered);
        await ReadAsync(async connection =>
        {
            await AllowIdleAsync(connection, cancellationToken).ConfigureAwait(false);
            writer.Begin(await SchemaVersionAsync(connection, cancellationToken).ConfigureAwait(false));
            foreach (var (table, columns) in BackupFormat.Tables)
            {
                writer.BeginTable(table, columns);
                object?[] row = new object?[columns.Length];
                await using var reader = await connection.ExecuteReaderAsync(
                    Command($"SELECT {string.Join(", ", columns)} FROM {table}", null, cancellationToken)).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    reader.GetValues(row!);
                    writer.WriteRow(row);
                }

                writer.EndTable();
            }

            writer.End();
            return true;
        }, cancellationToken).ConfigureAwait(false);
        writer.Dispose();
        await buffered.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task RestoreAsync(Stream source, CancellationToken cancellationToken) => RestoreAsync(source, null, cancellationToken);

    public Task RestoreUntilAsync(Stream source, DateTimeOffset until, CancellationToken cancellationToken) =>
        RestoreAsync(source, until.ToUnixTimeMilliseconds(), cancellationToken);

    private async Task RestoreAsync(Stream source, long? untilMs, CancellationToken cancellationToken)
    {
        using var reader = new BackupFormat.Reader(new BufferedStream(source, 1 << 16));
        await WriteAsync(async connection =>
        {
            await AllowIdleAsync(connection, cancellationToken).ConfigureAwait(false);
            int current = await SchemaVersionAsync(connection, cancellationToken).ConfigureAwait(false), version = reader.Begin();
            if (version > current)
                throw new InvalidOperationException($"The backup has schema version {version}; this store has {current}. Restore it with "
                    + $"the program that made it, or a newer one.");
            if (await connection.ExecuteScalarAsync<long>(
                Command("SELECT revision + (SELECT count(*) FROM models) + (SELECT count(*) FROM items) + (SELECT count(*) FROM settings) "
                    + "FROM state", null, cancellationToken)).ConfigureAwait(false) != 0)
                throw new InvalidOperationException("The store is not empty. Restore into a new one.");
            await connection.ExecuteAsync(Command("DELETE FROM state", null, cancellationToken)).ConfigureAwait(false);
            var left = new List<RemovedEvent>();
            bool hasVectorLength = false;
            while (reader.NextTable() is var (table, columns))
            {
                hasVectorLength |= columns.Contains("vector_length");
                object?[] row = new object?[columns.Length];
                Func<object?[]?> nextRow = () => reader.NextRow(row) ? row : null;
                await RestoreTableAsync(connection, table, columns, untilMs is { } ms ? Until(ms, table, columns, nextRow, left)
                    : nextRow, cancellationToken).ConfigureAwait(false);
            }

            if (!hasVectorLength) await CountVectorsAsync(connection, cancellationToken).ConfigureAwait(false);
            if (untilMs is not null) await TakeOutAsync(connection, left, cancellationToken).ConfigureAwait(false);
            await RecountAsync(connection, cancellationToken).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Filters out models and later events, and records the latter.</summary>
    private static Func<object?[]?> Until(long untilMs, string table, string[] columns, Func<object?[]?> nextRow, List<RemovedEvent> left)
    {
        int time = Array.IndexOf(columns, "occurred_at_ms"), user = Array.IndexOf(columns, "user_key"),
            item = Array.IndexOf(columns, "item_key"), servedAt = Array.IndexOf(columns, "at_ms");
        return () =>
        {
            while (nextRow() is { } row)
            {
                if (table is "models" or "model_chunks" || IsLater(table, row)) continue;
                if (table != "events" || (long)row[time]! <= untilMs) return row;
                left.Add(new RemovedEvent((int)(long)row[user]!, (int)(long)row[item]!));
            }

            return null;
        };

        bool IsLater(string name, object?[] row) => name switch
        {
            "served_answers" or "outcomes" or "open_outcomes" => (long)row[servedAt]! > untilMs,
            "figures" => (long)row[0]! * 3_600_000 > untilMs,
            "shown_items" => (long)row[0]! * 86_400_000 > untilMs,
            _ => false,
        };
    }

    /// <summary>Subtracts events that were not restored from the counters, and removes users and items that only had such events.</summary>
    private async Task TakeOutAsync(DbConnection connection, List<RemovedEvent> left, CancellationToken cancellationToken)
    {
        long revision = await TakeFromStateAsync(connection, left.Count, cancellationToken).ConfigureAwait(false);
        await TakeFromUsersAsync(connection, [.. left.GroupBy(e => e.UserKey).Select(group => (group.Key, group.Count()))], revision,
            cancellationToken).ConfigureAwait(false);
        await connection.ExecuteAsync(
            Command($"UPDATE users SET last_at_ms = coalesce((SELECT max(occurred_at_ms) FROM events WHERE events.user_key = "
                + $"users.user_key), {NoEvents})", null, cancellationToken)).ConfigureAwait(false);
        // Users and items with later events only are not known yet.
        await connection.ExecuteAsync(Command("DELETE FROM users WHERE events = 0 AND properties IS NULL", null, cancellationToken))
            .ConfigureAwait(false);
        await connection.ExecuteAsync(
            Command("DELETE FROM items WHERE item_key IN (SELECT item_key FROM items WHERE item IS NULL AND deleted = 0 EXCEPT SELECT "
                + "item_key FROM events)", null, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Migrates items of a backup from before schema version 4 like the migration of a database.</summary>
    private async Task CountVectorsAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(
            Command($"UPDATE items SET item = {ItemWithoutVectorSql} WHERE deleted <> 0 AND {VectorLengthSql} > 0", null,
                cancellationToken)).ConfigureAwait(false);
        await connection.ExecuteAsync(Command($"""
            UPDATE state SET
                vectors = (SELECT count(*) FROM items WHERE {VectorLengthSql} > 0),
                vector_length = (SELECT n FROM (SELECT {VectorLengthSql} AS n FROM items WHERE item IS NOT NULL) AS lengths WHERE n > 0 GROUP BY n ORDER BY count(*) DESC, n LIMIT 1)
            """, null, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Length of the vector in the column <c>item</c>; NULL without a vector.</summary>
    private protected abstract string VectorLengthSql { get; }

    /// <summary>The column <c>item</c> without its vector.</summary>
    private protected abstract string ItemWithoutVectorSql { get; }

    /// <summary>Lets the transaction wait for a slow stream.</summary>
    private protected virtual Task AllowIdleAsync(DbConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    private static Task<int> SchemaVersionAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int>(Command("SELECT max(version) FROM schema_versions", null, cancellationToken));

    /// <summary>
    /// Inserts rows until there are no more; for <c>state</c> updates the single row. The same array is reused for each row.
    /// </summary>
    private protected abstract Task RestoreTableAsync(DbConnection connection, string table, string[] columns, Func<object?[]?> nextRow,
        CancellationToken cancellationToken);
}
