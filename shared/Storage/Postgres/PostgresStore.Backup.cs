using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace Recommender.Storage.Postgres;

public sealed partial class PostgresStore
{
    private protected override string KeysSql => "SELECT value::integer FROM json_array_elements_text(@keys::json)";

    private protected override string VectorLengthSql => "json_array_length(item::json -> 'vector')";

    private protected override string ItemWithoutVectorSql => "(item::jsonb - 'vector')::text";

    private protected override Task AllowIdleAsync(DbConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync((NpgsqlConnection)connection, "SET LOCAL idle_in_transaction_session_timeout = 0", cancellationToken);

    private protected override async Task RestoreTableAsync(DbConnection connection, string table, string[] columns,
        Func<object?[]?> nextRow, CancellationToken cancellationToken)
    {
        var postgres = (NpgsqlConnection)connection;
        if (table == "state") columns = ["id", .. columns];
        string list = string.Join(", ", columns);
        string[] types = new string[columns.Length];
        await using (var describe = new NpgsqlCommand($"SELECT {list} FROM {table} LIMIT 0", postgres))
        await using (var schema = await describe.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            for (int i = 0; i < types.Length; i++) types[i] = schema.GetDataTypeName(i);

        int time = Array.IndexOf(columns, "occurred_at_ms"), id = Array.IndexOf(columns, "event_id"),
            day = Array.IndexOf(columns, "day");
        var rows = new List<object?[]>();
        bool more = true;
        while (more)
        {
            // COPY occupies the connection, so partitions are created between chunks of rows.
            rows.Clear();
            long bytes = 0;
            while (rows.Count < 20_000 && bytes < 64 << 20 && (more = nextRow() is { } row && Add(row)))
                bytes += rows[^1].Sum(value => value is byte[] blob ? blob.LongLength : 16);

            bool Add(object?[] row)
            {
                rows.Add(table == "state" ? [1L, .. row] : [.. row]);
                return true;
            }

            if (table == "served_answers")
                foreach (int partition in rows.Select(row => Convert.ToInt32(row[day], CultureInfo.InvariantCulture)).Distinct())
                    await EnsureServedPartitionAsync(postgres, partition, cancellationToken).ConfigureAwait(false);
            if (table == "events") await EnsurePartitionsAsync(postgres, rows.Select(row => (long)row[time]!), cancellationToken)
                .ConfigureAwait(false);
            await CopyAsync(postgres, $"COPY {table} ({list}) FROM STDIN (FORMAT BINARY)", rows, types, cancellationToken)
                .ConfigureAwait(false);
            if (table == "events") await CopyAsync(postgres, "COPY event_ids (id) FROM STDIN (FORMAT BINARY)",
                rows.ConvertAll(row => new object?[] { EventHash((string)row[id]!) }), ["uuid"], cancellationToken).ConfigureAwait(false);
        }

        if (table is "users" or "items")
            await ExecuteAsync(
                postgres, $"SELECT setval(pg_get_serial_sequence('{table}', '{columns[0]}'), coalesce(max({columns[0]}), 0) + 1, false) "
                    + $"FROM {table}", cancellationToken).ConfigureAwait(false);
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string copy, List<object?[]> rows, string[] types,
        CancellationToken cancellationToken)
    {
        await using var import = await connection.BeginBinaryImportAsync(copy, cancellationToken).ConfigureAwait(false);
        foreach (object?[] row in rows)
        {
            await import.StartRowAsync(cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < types.Length; i++)
            {
                object? value = types[i] == "integer" && row[i] is long number ? Convert.ToInt32(number, CultureInfo.InvariantCulture)
                    : row[i];
                if (value is null) await import.WriteNullAsync(cancellationToken).ConfigureAwait(false);
                else await import.WriteAsync(value, types[i], cancellationToken).ConfigureAwait(false);
            }
        }

        await import.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }
}
