using System.Data.Common;
using Microsoft.Data.Sqlite;
using Recommender.Sqlite;
using Recommender.Storage.Events;
using Recommender.Storage.Migrations;
using Recommender.Storage.Sql;

namespace Recommender.Storage.Sqlite;

/// <summary>The store of the embedded mode: one SQLite file.</summary>
public sealed partial class SqliteStore : SqlStore
{
    private readonly SqliteDatabase _database;

    internal SqliteDatabase Database => _database;

    /// <exception cref="StoreUnavailableException">The file cannot be opened or is no database.</exception>
    public SqliteStore(string path, StatisticsSettings statistics) : base(statistics) =>
        _database = new SqliteDatabase(path,
            e => new StoreUnavailableException(SqliteDatabase.Describe(e), e) { IsFull = SqliteDatabase.IsFull(e) });

    public override async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await _database.WriteAsync(connection =>
        {
            SqliteDatabase.Execute(connection,
                "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)");
            using var current = connection.CreateCommand();
            current.CommandText = "SELECT coalesce(max(version), 0) FROM schema_versions";
            foreach (var migration in Migration.Pending(Migration.All("sqlite"),
                Convert.ToInt32(current.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture)))
            {
                SqliteDatabase.Execute(connection, migration.Sql);
                using var record = new SqliteStatement(connection, "INSERT INTO schema_versions VALUES ($0, $1, $2)", 3);
                record.Execute(migration.Version, migration.Name,
                    DateTimeOffset.UtcNow.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
            }

            return Task.FromResult(true);
        }, cancellationToken).ConfigureAwait(false);
        await EnsureStatisticsAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A lock on a file next to the database. The operating system releases it when its process ends.</summary>
    public override Task<IAsyncDisposable?> TryAcquireTrainingLeaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<IAsyncDisposable?>(
                new FileStream(_database.Path + ".training", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return Task.FromResult<IAsyncDisposable?>(null);
        }
    }

    private protected override Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        _database.WriteAsync(work, cancellationToken);

    private protected override Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        _database.ReadAsync(work, cancellationToken);

    /// <summary>
    /// Empties the write-ahead log, which still has deleted content. In the database file it is overwritten (<c>secure_delete</c>).
    /// </summary>
    private protected override Task ForgetAsync(CancellationToken cancellationToken) =>
        _database.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)", cancellationToken);

    /// <summary>Spans of sequences: the table is in their order.</summary>
    private protected override async Task<List<Slice>> SlicesAsync(DbConnection connection, long beforeMs,
        CancellationToken cancellationToken)
    {
        const int span = 20_000;
        var sequences = (await QueryAsync<SequenceSpan>(connection,
            "SELECT coalesce(min(sequence), 1) AS first, coalesce(max(sequence), 0) AS last FROM events", null, cancellationToken)
            .ConfigureAwait(false))[0];
        var slices = new List<Slice>();
        for (long first = sequences.First; first <= sequences.Last; first += span)
            slices.Add(new Slice("events", FormattableString.Invariant($"sequence BETWEEN {first} AND {first + span - 1}"),
                EmptiesPartition: false));
        return slices;
    }

    private protected override string KeysSql => "SELECT value FROM json_each(@keys)";

    private protected override string VectorLengthSql => "json_array_length(item, '$.vector')";

    private protected override string ItemWithoutVectorSql => "json_remove(item, '$.vector')";

    private protected override Task RestoreTableAsync(DbConnection connection, string table, string[] columns, Func<object?[]?> nextRow,
        CancellationToken cancellationToken)
    {
        bool state = table == "state";
        string names = string.Join(", ", columns), values = string.Join(", ", columns.Select((_, i) => "$" + i));
        using var insert = new SqliteStatement(
            (SqliteConnection)connection, $"INSERT INTO {table} ({(state ? "id, " : "")}{names}) VALUES ({(state ? "1, " : "")}{values})",
                columns.Length);
        while (nextRow() is { } row)
        {
            cancellationToken.ThrowIfCancellationRequested();
            insert.Execute(row);
        }

        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _hotStatements?.Dispose();
        return _database.DisposeAsync();
    }

    private sealed class SequenceSpan
    {
        public long First { get; init; }
        public long Last { get; init; }
    }
}
