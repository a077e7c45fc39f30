using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Recommender.Messaging.Streams;
using Recommender.Sqlite;

namespace Recommender.Messaging.Embedded;

/// <summary>
/// The durable log of the embedded mode, instead of the broker: append-only streams in one SQLite file, each a table. Concurrent appends
/// share one transaction (group commit) and return after it is on disk. One process at a time.
/// </summary>
/// <remarks>
/// A failed transaction (disk full, I/O error) has no effect, and all of its calls throw a <see cref="StreamUnavailableException"/>.
/// </remarks>
public sealed class Journal : IAsyncDisposable
{
    /// <summary>Maximum size of the bodies in one transaction. A single larger body is allowed.</summary>
    private const int GroupBytes = 8 << 20;

    private readonly SqliteDatabase _database;
    private readonly FileStream _processLock;
    private readonly Channel<Change> _changes = Channel.CreateUnbounded<Change>(new() { SingleReader = true });
    private readonly ConcurrentDictionary<string, StreamState> _streams = new(StringComparer.Ordinal);
    private readonly Task _writer;
    private long _deadLetters;

    private Journal(SqliteDatabase database, FileStream processLock)
    {
        this._database = database;
        this._processLock = processLock;
        _writer = Task.Run(WriteLoopAsync);
    }

    internal SqliteDatabase Database => _database;

    /// <param name="path">File of the journal; created with its folder where absent.</param>
    /// <exception cref="StreamUnavailableException">The file cannot be used, or another process has it open.</exception>
    public static async Task<Journal> OpenAsync(string path, CancellationToken cancellationToken)
    {
        path = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        FileStream processLock;
        try
        {
            processLock = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StreamUnavailableException($"The journal {path} is in use by another process.", e);
        }

        SqliteDatabase? database = null;
        try
        {
            database = new SqliteDatabase(path, Unavailable, secureDelete: "FAST");
            var journal = new Journal(database, processLock);
            await journal.LoadAsync(cancellationToken).ConfigureAwait(false);
            return journal;
        }
        catch
        {
            if (database is not null) await database.DisposeAsync().ConfigureAwait(false);
            processLock.Dispose();
            throw;
        }
    }

    /// <summary>Appends one message and returns its id once it is durable. After cancellation the message may still be appended.</summary>
    /// <param name="headers">Any text, stored with the body.</param>
    public Task<long> AppendAsync(string stream, ReadOnlyMemory<byte> body, string? headers, CancellationToken cancellationToken)
    {
        ValidateName(stream);
        return ChangeAsync(body.Length, connection => Append(connection, stream, body, headers), cancellationToken);
    }

    /// <summary>
    /// Messages after <paramref name="afterId"/> in order, at most about <paramref name="maxBytes"/> of bodies, but at least one message if
    /// there is one.
    /// </summary>
    public async Task<IReadOnlyList<JournalEntry>> ReadAsync(string stream, long afterId, int maxBytes, CancellationToken cancellationToken)
    {
        ValidateName(stream);
        if (!_streams.TryGetValue(stream, out var state) || Volatile.Read(ref state.LastId) <= afterId) return [];
        return await _database.ReadAsync<IReadOnlyList<JournalEntry>>(connection =>
        {
            var entries = new List<JournalEntry>();
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT id, body, headers FROM \"{Table(stream)}\" WHERE id > $after ORDER BY id";
            command.Parameters.AddWithValue("$after", afterId);
            using var reader = command.ExecuteReader();
            long bytes = 0;
            while (reader.Read())
            {
                var entry = new JournalEntry(reader.GetInt64(0), (byte[])reader[1], reader.IsDBNull(2) ? null : reader.GetString(2));
                bytes += entry.Body.Length;
                if (entries.Count > 0 && bytes > maxBytes) break;
                entries.Add(entry);
                if (bytes >= maxBytes) break;
            }

            return Task.FromResult<IReadOnlyList<JournalEntry>>(entries);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Completes once the stream has a message after <paramref name="afterId"/>.</summary>
    public async Task WaitAsync(string stream, long afterId, CancellationToken cancellationToken)
    {
        ValidateName(stream);
        var state = _streams.GetOrAdd(stream, _ => new StreamState());
        while (true)
        {
            var appended = state.Appended;
            if (Volatile.Read(ref state.LastId) > afterId) return;
            await appended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Removes messages up to and including <paramref name="upToId"/>, and adds dead letters in the same transaction. Repeating it has no
    /// effect and adds no dead letter twice.
    /// </summary>
    /// <param name="dead">Body, headers and reason of each dead message or part of a message.</param>
    public Task RemoveAsync(string stream, long upToId, IReadOnlyList<(ReadOnlyMemory<byte> Body, string? Headers, string Reason)> dead,
        CancellationToken cancellationToken)
    {
        ValidateName(stream);
        return ChangeAsync(dead.Sum(letter => letter.Body.Length), connection => Remove(connection, stream, upToId, dead),
            cancellationToken);
    }

    public Task RemoveAsync(string stream, long upToId, CancellationToken cancellationToken) =>
        RemoveAsync(stream, upToId, [], cancellationToken);

    /// <summary>Number of waiting messages by stream, from memory.</summary>
    public IReadOnlyDictionary<string, long> GetDepths() =>
        _streams.ToDictionary(pair => pair.Key, pair => Volatile.Read(ref pair.Value.Depth), StringComparer.Ordinal);

    public long DeadLetterCount => Volatile.Read(ref _deadLetters);

    /// <summary>Dead letters after <paramref name="afterId"/>, in order of arrival.</summary>
    public Task<IReadOnlyList<JournalDeadLetter>> ListDeadLettersAsync(long afterId, int limit, CancellationToken cancellationToken) =>
        _database.ReadAsync(connection => Task.FromResult<IReadOnlyList<JournalDeadLetter>>(ReadDeadLetters(connection, afterId, limit)),
        cancellationToken);

    /// <summary>Moves all dead letters to the ends of their streams, in one transaction. Returns their number.</summary>
    public Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken) =>
        ChangeAsync(0, connection =>
        {
            var letters = ReadDeadLetters(connection, 0, int.MaxValue);
            var undo = new List<Action>();
            foreach (var letter in letters) undo.Add(Append(connection, letter.Stream, letter.Body, letter.Headers).Apply);
            SqliteDatabase.Execute(connection, "DELETE FROM dead_letters");
            return new Outcome(letters.Count, () =>
            {
                foreach (var apply in undo) apply();
                Interlocked.Add(ref _deadLetters, -letters.Count);
            });
        }, cancellationToken);

    /// <summary>Removes the dead letters that match the predicate, for erasures. Returns their number.</summary>
    public Task<long> RemoveDeadLettersAsync(Func<JournalDeadLetter, bool> predicate, CancellationToken cancellationToken) =>
        ChangeAsync(0, connection =>
        {
            long removed = 0;
            foreach (var letter in ReadDeadLetters(connection, 0, int.MaxValue).Where(predicate))
                removed += SqliteDatabase.Execute(connection, $"DELETE FROM dead_letters WHERE id = {letter.Id}");
            return new Outcome(removed, () => Interlocked.Add(ref _deadLetters, -removed));
        }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!_changes.Writer.TryComplete()) return;
        await _writer.ConfigureAwait(false);
        foreach (var state in _streams.Values) state.Insert?.Dispose();
        await _database.DisposeAsync().ConfigureAwait(false);
        _processLock.Dispose();
    }

    private async Task LoadAsync(CancellationToken cancellationToken) =>
        await _database.WriteAsync(connection =>
        {
            SqliteDatabase.Execute(connection,
                "CREATE TABLE IF NOT EXISTS dead_letters (id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, body BLOB NOT NULL, "
                    + "headers TEXT NULL, reason TEXT NOT NULL, failed_at_ms INTEGER NOT NULL)");
            _deadLetters = Scalar(connection, "SELECT count(*) FROM dead_letters");
            var names = new List<string>();
            using (var command = connection.CreateCommand())
            {
                command.CommandText =
                    @"SELECT substr(name, 8) FROM sqlite_master WHERE type = 'table' AND name LIKE 'stream\_%' ESCAPE '\'";
                using var reader = command.ExecuteReader();
                while (reader.Read()) names.Add(reader.GetString(0));
            }

            foreach (string name in names)
            {
                var state = _streams.GetOrAdd(name, _ => new StreamState());
                state.HasTable = true;
                state.Depth = Scalar(connection, $"SELECT count(*) FROM \"{Table(name)}\"");
                state.LastId = Scalar(connection, $"SELECT coalesce(max(id), 0) FROM \"{Table(name)}\"");
            }

            return Task.FromResult(true);
        }, cancellationToken).ConfigureAwait(false);

    private Outcome Append(SqliteConnection connection, string stream, ReadOnlyMemory<byte> body, string? headers)
    {
        var state = _streams.GetOrAdd(stream, _ => new StreamState());
        if (!state.HasTable) SqliteDatabase.Execute(
            connection, $"CREATE TABLE IF NOT EXISTS \"{Table(stream)}\" (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, "
                + $"headers TEXT NULL)");
        state.Insert ??= new SqliteStatement(connection, $"INSERT INTO \"{Table(stream)}\" (body, headers) VALUES ($0, $1)", 2);
        state.Insert.Execute(body.ToArray(), headers);
        long id = SQLitePCL.raw.sqlite3_last_insert_rowid(connection.Handle);
        return new Outcome(id, () =>
        {
            state.HasTable = true;
            Interlocked.Increment(ref state.Depth);
            Volatile.Write(ref state.LastId, id);
            state.Signal();
        });
    }

    private Outcome Remove(SqliteConnection connection, string stream, long upToId,
        IReadOnlyList<(ReadOnlyMemory<byte> Body, string? Headers, string Reason)> dead)
    {
        if (!_streams.TryGetValue(stream, out var state) || !state.HasTable) return new Outcome(0, static () => { });
        long removed = SqliteDatabase.Execute(connection,
            FormattableString.Invariant($"DELETE FROM \"{Table(stream)}\" WHERE id <= {upToId}"));
        if (removed > 0)
        {
            foreach (var (body, headers, reason) in dead)
            {
                using var command = connection.CreateCommand();
                command.CommandText =
                    "INSERT INTO dead_letters (stream, body, headers, reason, failed_at_ms) VALUES ($stream, $body, $headers, $reason, $at)";
                command.Parameters.AddWithValue("$stream", stream);
                command.Parameters.AddWithValue("$body", body.ToArray());
                command.Parameters.AddWithValue("$headers", (object?)headers ?? DBNull.Value);
                command.Parameters.AddWithValue("$reason", reason);
                command.Parameters.AddWithValue("$at", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
                command.ExecuteNonQuery();
            }
        }

        return new Outcome(removed, () =>
        {
            Interlocked.Add(ref state.Depth, -removed);
            if (removed > 0) Interlocked.Add(ref _deadLetters, dead.Count);
        });
    }

    private static List<JournalDeadLetter> ReadDeadLetters(SqliteConnection connection, long afterId, int limit)
    {
        var letters = new List<JournalDeadLetter>();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT id, stream, body, headers, reason, failed_at_ms FROM dead_letters WHERE id > $after ORDER BY id LIMIT $limit";
        command.Parameters.AddWithValue("$after", afterId);
        command.Parameters.AddWithValue("$limit", limit);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            letters.Add(new JournalDeadLetter(reader.GetInt64(0), reader.GetString(1), (byte[])reader[2], reader.IsDBNull(3) ? null
                : reader.GetString(3), reader.GetString(4), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5))));
        return letters;
    }

    private async Task<long> ChangeAsync(int bytes, Func<SqliteConnection, Outcome> work, CancellationToken cancellationToken)
    {
        var change = new Change(bytes, work, new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(!_changes.Writer.TryWrite(change), this);
        return await change.Done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Applies all waiting changes in one transaction, and completes them after the commit. Only then is the state in memory updated.
    /// </summary>
    private async Task WriteLoopAsync()
    {
        var group = new List<Change>();
        while (await _changes.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            group.Clear();
            long bytes = 0;
            while (bytes < GroupBytes && _changes.Reader.TryRead(out var change))
            {
                group.Add(change);
                bytes += change.Bytes;
            }

            try
            {
                var outcomes = await _database.WriteAsync(connection =>
                    Task.FromResult(group.ConvertAll(change => change.Work(connection))), CancellationToken.None).ConfigureAwait(false);
                for (int i = 0; i < group.Count; i++)
                {
                    outcomes[i].Apply();
                    group[i].Done.SetResult(outcomes[i].Result);
                }
            }
            catch (Exception e)
            {
                // The whole group was rolled back, so every call fails.
                foreach (var change in group) change.Done.TrySetException(e);
            }
        }
    }

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static StreamUnavailableException Unavailable(SqliteException e) =>
        new(SqliteDatabase.Describe(e), e) { IsFull = SqliteDatabase.IsFull(e) };

    private static string Table(string stream) => "stream_" + stream;

    private static void ValidateName(string stream)
    {
        if (stream.Length is 0 or > 64 || !stream.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.'))
            throw new ArgumentException($"Stream name \"{stream}\" is not 1 to 64 letters, digits, '-' or '.'.", nameof(stream));
    }

    private sealed record Change(int Bytes, Func<SqliteConnection, Outcome> Work, TaskCompletionSource<long> Done);

    /// <param name="Result">Result of the call.</param>
    /// <param name="Apply">Updates the state in memory after the commit.</param>
    private sealed record Outcome(long Result, Action Apply);

    private sealed class StreamState
    {
        private TaskCompletionSource _appended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public bool HasTable;
        public long Depth;
        public long LastId;

        /// <summary>Prepared at the first append.</summary>
        public SqliteStatement? Insert;

        public Task Appended => Volatile.Read(ref _appended).Task;

        public void Signal() => Interlocked.Exchange(ref _appended, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }
}
