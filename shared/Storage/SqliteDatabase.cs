using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Recommender.Storage;

/// <summary>
/// One SQLite file in WAL mode: one writing connection that callers take in turn, and reading connections that see snapshots.
/// Commits are synchronous (<c>synchronous=FULL</c>): what is committed survives a power cut.
/// </summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    private readonly string connectionString;
    private readonly string secureDelete;
    private readonly SqliteConnection writer;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly ConcurrentBag<SqliteConnection> readers = [];
    private volatile bool disposed;

    /// <param name="secureDelete"><c>ON</c> overwrites what is deleted; <c>FAST</c> only where that costs no further writing.</param>
    /// <exception cref="StoreUnavailableException">The file cannot be opened or is no database.</exception>
    public SqliteDatabase(string path, string secureDelete = "ON")
    {
        Batteries_V2.Init();
        Path = System.IO.Path.GetFullPath(path);
        this.secureDelete = secureDelete;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        connectionString = new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = 10 }.ToString();
        writer = Translate(() => Connect("journal_mode = WAL", "cache_size = -65536"));
    }

    public string Path { get; }

    /// <summary>Runs the work in a transaction that is committed when it returns and rolled back when it throws.</summary>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, Task<T>> work, CancellationToken cancellationToken) =>
        // SQLite works on the calling thread; callers keep theirs.
        Task.Run(async () =>
        {
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                return await InTransaction(writer, "BEGIN IMMEDIATE", work).ConfigureAwait(false);
            }
            finally
            {
                gate.Release();
            }
        }, cancellationToken);

    /// <summary>Runs the work on one snapshot.</summary>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, Task<T>> work, CancellationToken cancellationToken) =>
        Task.Run(async () =>
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (!readers.TryTake(out var reader)) reader = Translate(() => Connect("query_only = ON"));
            try
            {
                return await InTransaction(reader, "BEGIN", work).ConfigureAwait(false);
            }
            finally
            {
                if (disposed) reader.Dispose();
                else readers.Add(reader);
            }
        }, cancellationToken);

    /// <summary>Runs statements that must stand outside of transactions on the writing connection.</summary>
    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        Task.Run(async () =>
        {
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                Translate(() => Execute(writer, sql));
            }
            finally
            {
                gate.Release();
            }
        }, cancellationToken);

    private static async Task<T> InTransaction<T>(SqliteConnection connection, string begin, Func<SqliteConnection, Task<T>> work)
    {
        try
        {
            Execute(connection, begin);
            var result = await work(connection).ConfigureAwait(false);
            Execute(connection, "COMMIT");
            return result;
        }
        catch (Exception e)
        {
            // A full disk makes SQLite roll back by itself.
            if (raw.sqlite3_get_autocommit(connection.Handle) == 0) Execute(connection, "ROLLBACK");
            if (e is SqliteException sqlite && IsUnavailable(sqlite)) throw Unavailable(sqlite);
            throw;
        }
    }

    public static int Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    private SqliteConnection Connect(params string[] pragmas)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            // One by one: of several statements in one command, errors behind the first that yields a row are lost.
            foreach (string pragma in (string[])["busy_timeout = 10000", "synchronous = FULL", $"secure_delete = {secureDelete}", "temp_store = MEMORY", .. pragmas])
                Execute(connection, "PRAGMA " + pragma);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static T Translate<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e) when (IsUnavailable(e))
        {
            throw Unavailable(e);
        }
    }

    /// <summary>Locked, out of space or memory, I/O error, read-only, cannot open, damaged: states of the world, not errors in a statement.</summary>
    private static bool IsUnavailable(SqliteException e) =>
        e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_NOMEM
            or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_PROTOCOL;

    private static StoreUnavailableException Unavailable(SqliteException e) =>
        new(e.SqliteErrorCode == raw.SQLITE_FULL ? "The disk is full." : $"The database file cannot be used: {e.Message}", e) { IsFull = e.SqliteErrorCode == raw.SQLITE_FULL };

    public async ValueTask DisposeAsync()
    {
        if (disposed) return;
        await gate.WaitAsync().ConfigureAwait(false);
        disposed = true;
        writer.Dispose();
        while (readers.TryTake(out var reader)) reader.Dispose();
        gate.Release();
    }
}

/// <summary>A prepared statement with positional parameters <c>$0, $1, …</c>, for statements that run once per row.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteCommand command;

    public SqliteStatement(SqliteConnection connection, string sql, int parameters)
    {
        command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = "$" + i });
        command.Prepare();
    }

    public int Execute(params ReadOnlySpan<object?> values) => Bind(values).ExecuteNonQuery();

    public SqliteDataReader Query(params ReadOnlySpan<object?> values) => Bind(values).ExecuteReader();

    private SqliteCommand Bind(ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    public void Dispose() => command.Dispose();
}
