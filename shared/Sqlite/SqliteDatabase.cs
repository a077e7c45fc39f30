using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Recommender.Sqlite;

/// <summary>
/// One SQLite file in WAL mode: a single writing connection, used by one caller at a time, and reading connections with snapshots. Commits
/// are synchronous (<c>synchronous=FULL</c>) and survive a power failure.
/// </summary>
public sealed class SqliteDatabase : IAsyncDisposable
{
    private readonly string _connectionString;
    private readonly Func<SqliteException, Exception> _unavailable;
    private readonly string _secureDelete;
    private readonly SqliteConnection _writer;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentBag<SqliteConnection> _readers = [];
    private volatile bool _disposed;

    /// <param name="unavailable">Creates the exception for an unavailable file, with the message of <see cref="Describe"/>. All methods
    /// throw it.</param>
    /// <param name="secureDelete"><c>ON</c> overwrites what is deleted; <c>FAST</c> only where that costs no further writing.</param>
    public SqliteDatabase(string path, Func<SqliteException, Exception> unavailable, string secureDelete = "ON")
    {
        _unavailable = unavailable;
        Batteries_V2.Init();
        Path = System.IO.Path.GetFullPath(path);
        _secureDelete = secureDelete;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = 10 }.ToString();
        _writer = Translate(() => Connect("journal_mode = WAL", "cache_size = -65536"));
    }

    public string Path { get; }

    /// <summary>Runs the work in a transaction that is committed when it returns and rolled back when it throws.</summary>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, Task<T>> work, CancellationToken cancellationToken) =>
        // SQLite works on the calling thread; callers keep theirs.
        Task.Run(async () =>
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return await InTransaction(_writer, "BEGIN IMMEDIATE", work).ConfigureAwait(false);
            }
            finally
            {
                _gate.Release();
            }
        }, cancellationToken);

    /// <summary>Runs the work on one snapshot.</summary>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, Task<T>> work, CancellationToken cancellationToken) =>
        Task.Run(async () =>
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_readers.TryTake(out var reader)) reader = Translate(() => Connect("query_only = ON"));
            try
            {
                return await InTransaction(reader, "BEGIN", work).ConfigureAwait(false);
            }
            finally
            {
                if (_disposed) reader.Dispose();
                else _readers.Add(reader);
            }
        }, cancellationToken);

    /// <summary>Runs statements that must stand outside of transactions on the writing connection.</summary>
    public Task ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        Task.Run(async () =>
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                Translate(() => Execute(_writer, sql));
            }
            finally
            {
                _gate.Release();
            }
        }, cancellationToken);

    private async Task<T> InTransaction<T>(SqliteConnection connection, string begin, Func<SqliteConnection, Task<T>> work)
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
            // On a full disk SQLite rolls back automatically.
            if (raw.sqlite3_get_autocommit(connection.Handle) == 0) Execute(connection, "ROLLBACK");
            if (e is SqliteException sqlite && IsUnavailable(sqlite)) throw _unavailable(sqlite);
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
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            // One by one: of several statements in one command, errors behind the first that yields a row are lost.
            foreach (string pragma in (string[])["busy_timeout = 10000", "synchronous = FULL", $"secure_delete = {_secureDelete}",
                "temp_store = MEMORY", .. pragmas])
                Execute(connection, "PRAGMA " + pragma);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private T Translate<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e) when (IsUnavailable(e))
        {
            throw _unavailable(e);
        }
    }

    /// <summary>
    /// Whether the file is unavailable (locked, out of space or memory, I/O error, read-only, cannot be opened, damaged), in contrast to an
    /// error in a statement.
    /// </summary>
    private static bool IsUnavailable(SqliteException e) =>
        e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_NOMEM
            or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_PROTOCOL;

    /// <summary>Whether no space is left.</summary>
    public static bool IsFull(SqliteException e) => e.SqliteErrorCode == raw.SQLITE_FULL;

    /// <summary>The problem of the file as a sentence.</summary>
    public static string Describe(SqliteException e) => IsFull(e) ? "The disk is full." : $"The database file cannot be used: {e.Message}";

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        await _gate.WaitAsync().ConfigureAwait(false);
        _disposed = true;
        _writer.Dispose();
        while (_readers.TryTake(out var reader)) reader.Dispose();
        _gate.Release();
    }
}
