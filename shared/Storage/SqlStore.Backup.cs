using System.Data.Common;
using Dapper;

namespace Recommender.Storage;

public abstract partial class SqlStore
{
    public async Task BackupAsync(Stream destination, CancellationToken cancellationToken)
    {
        // Not disposed: that would close the caller's stream.
        var buffered = new BufferedStream(destination, 1 << 16);
        using var writer = new BackupFormat.Writer(buffered);
        await ReadAsync(async connection =>
        {
            writer.Begin(await SchemaVersionAsync(connection, cancellationToken).ConfigureAwait(false));
            foreach (var (table, columns) in BackupFormat.Tables)
            {
                writer.BeginTable(table, columns);
                object?[] row = new object?[columns.Length];
                await using var reader = await connection.ExecuteReaderAsync(Command($"SELECT {string.Join(", ", columns)} FROM {table}", null, cancellationToken)).ConfigureAwait(false);
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

    public async Task RestoreAsync(Stream source, CancellationToken cancellationToken)
    {
        using var reader = new BackupFormat.Reader(new BufferedStream(source, 1 << 16));
        await WriteAsync(async connection =>
        {
            int current = await SchemaVersionAsync(connection, cancellationToken).ConfigureAwait(false), version = reader.Begin();
            if (version > current) throw new InvalidOperationException($"The backup has schema version {version}; this store has {current}. Restore it with the program that made it, or a newer one.");
            if (await connection.ExecuteScalarAsync<long>(Command("SELECT revision + (SELECT count(*) FROM models) + (SELECT count(*) FROM items) + (SELECT count(*) FROM settings) FROM state", null, cancellationToken)).ConfigureAwait(false) != 0)
                throw new InvalidOperationException("The store is not empty. Restore into a new one.");
            await connection.ExecuteAsync(Command("DELETE FROM state", null, cancellationToken)).ConfigureAwait(false);
            while (reader.NextTable() is var (table, columns))
            {
                object?[] row = new object?[columns.Length];
                await RestoreTableAsync(connection, table, columns, () => reader.NextRow(row) ? row : null, cancellationToken).ConfigureAwait(false);
            }

            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    private static Task<int> SchemaVersionAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int>(Command("SELECT max(version) FROM schema_versions", null, cancellationToken));

    /// <summary>Inserts rows (<c>state</c>: the one row) until there are no more. The row is the same array each time.</summary>
    private protected abstract Task RestoreTableAsync(DbConnection connection, string table, string[] columns, Func<object?[]?> nextRow, CancellationToken cancellationToken);
}
