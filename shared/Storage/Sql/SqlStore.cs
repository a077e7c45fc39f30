using System.Data.Common;
using System.Text.Json;
using Dapper;
using Recommender.Contracts;
using Recommender.Storage.Events;

namespace Recommender.Storage.Sql;

/// <summary>
/// Common implementation for both databases: everything except the path of events, in SQL that both support. Tables and columns have the
/// same names in both (see <c>Migrations</c>).
/// </summary>
/// <remarks>
/// Writing transactions are serialized (SQLite: by the single writing connection; PostgreSQL: by a lock on the row of <c>state</c>).
/// Read-then-write sequences are therefore free of races, and sequences and revisions are in the order of commits.
/// </remarks>
public abstract partial class SqlStore(StatisticsSettings statistics) : IStore
{
    // Rows are mapped by name: user_key to UserKey.
    static SqlStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    private protected StatisticsSettings Statistics { get; } = statistics;

    /// <summary>Runs the work in a writing transaction: committed when it returns, rolled back when it throws.</summary>
    private protected abstract Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Runs the work on one snapshot.</summary>
    private protected abstract Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    public abstract Task MigrateAsync(CancellationToken cancellationToken);

    public abstract Task<StoredBatch> StoreInteractionsAsync(IReadOnlyList<Interaction> interactions, CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<UserEvents>> ReadUserEventsAsync(IReadOnlyCollection<int> userKeys,
        CancellationToken cancellationToken);

    public abstract Task<InteractionLog> ReadInteractionsAsync(long upToSequence, CancellationToken cancellationToken);

    public abstract Task<IAsyncDisposable?> TryAcquireTrainingLeaseAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    public Task<StoreStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            var rows = await QueryAsync<StatusRow>(connection, """
                SELECT events, sequence, last_stored_at_ms, duplicate_events, conflicting_events, dropped_events, ignored_item_changes,
                       (SELECT count(*) FROM users WHERE events > 0 OR properties IS NOT NULL) AS users,
                       (SELECT count(*) FROM items WHERE deleted = 0) AS items
                FROM state
                """, null, cancellationToken).ConfigureAwait(false);
            return rows[0].ToStatus();
        }, cancellationToken);

    public Task<JsonElement?> GetSettingAsync(string name, CancellationToken cancellationToken) =>
        ReadAsync(async connection =>
        {
            string? json = await connection.ExecuteScalarAsync<string?>(
                Command("SELECT value FROM settings WHERE name = @name", new { name }, cancellationToken)).ConfigureAwait(false);
            return json is null ? (JsonElement?)null : JsonElement.Parse(json);
        }, cancellationToken);

    public Task PutSettingAsync(string name, JsonElement value, CancellationToken cancellationToken) =>
        WriteAsync(connection => connection.ExecuteAsync(Command(
            "INSERT INTO settings (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            new { name, value = value.GetRawText() }, cancellationToken)), cancellationToken);

    public Task<IReadOnlyList<string>> GetEventTypesAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<string>>(async connection =>
            await QueryAsync<string>(connection, "SELECT name FROM event_types ORDER BY type_id", null, cancellationToken)
            .ConfigureAwait(false), cancellationToken);

    public Task<IReadOnlyList<EventCount>> CountEventsAsync(long afterSequence, long upToSequence, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<EventCount>>(async connection =>
            (await QueryAsync<EventCountRow>(connection, """
                SELECT item_key, type_id, count(*) AS events FROM events WHERE sequence > @afterSequence AND sequence <= @upToSequence
                GROUP BY item_key, type_id ORDER BY item_key, type_id
                """, new { afterSequence, upToSequence }, cancellationToken).ConfigureAwait(false))
                .ConvertAll(row => new EventCount(row.ItemKey, (short)row.TypeId, row.Events)), cancellationToken);

    public Task<IReadOnlyList<int>> ListUsersOfItemAsync(int itemKey, int limit, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<int>>(async connection =>
            await QueryAsync<int>(connection, """
                SELECT user_key FROM audience WHERE item_key = @itemKey
                ORDER BY counts_at_ms IS NULL, counts_at_ms DESC, user_key LIMIT @limit
                """, new { itemKey, limit }, cancellationToken).ConfigureAwait(false), cancellationToken);

    public Task<IReadOnlyList<int>> ListUserKeysAsync(int afterKey, int limit, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<int>>(async connection =>
            await QueryAsync<int>(connection, "SELECT user_key FROM users WHERE user_key > @afterKey ORDER BY user_key LIMIT @limit",
            new { afterKey, limit }, cancellationToken).ConfigureAwait(false), cancellationToken);

    private protected static CommandDefinition Command(string sql, object? parameters, CancellationToken cancellationToken) =>
        new(sql, parameters, cancellationToken: cancellationToken);

    /// <summary>Reads rows as a simple type, or as a class with properties named like the columns.</summary>
    private protected static async Task<List<T>> QueryAsync<T>(DbConnection connection, string sql, object? parameters,
        CancellationToken cancellationToken) =>
        (await connection.QueryAsync<T>(Command(sql, parameters, cancellationToken)).ConfigureAwait(false)).AsList();

    /// <summary>For many rows: reads columns by position.</summary>
    private protected static async Task<List<T>> ReadRowsAsync<T>(DbConnection connection, string sql, object? parameters,
        Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var reader = await connection.ExecuteReaderAsync(Command(sql, parameters, cancellationToken)).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) rows.Add(read(reader));
        return rows;
    }

    /// <summary>
    /// The next revision, above all earlier ones of any user. A returning user therefore never has a lower revision than before the
    /// erasure.
    /// </summary>
    private protected static Task<long> NextRevisionAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(Command("UPDATE state SET revision = revision + 1 RETURNING revision", null,
        cancellationToken));

    /// <summary>The event's context as text; null without one.</summary>
    internal static string? ContextOf(Interaction interaction) =>
        interaction.Context is { ValueKind: JsonValueKind.Object } context ? context.GetRawText() : null;

    private protected static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private sealed class StatusRow
    {
        public long Events { get; init; }
        public long Sequence { get; init; }
        public long? LastStoredAtMs { get; init; }
        public long DuplicateEvents { get; init; }
        public long ConflictingEvents { get; init; }
        public long DroppedEvents { get; init; }
        public long IgnoredItemChanges { get; init; }
        public long Users { get; init; }
        public long Items { get; init; }

        public StoreStatus ToStatus() => new(Events, Users, Items, Sequence, LastStoredAtMs is { } at ? Time(at) : null)
        {
            Counters = new StatusCounters(DuplicateEvents, ConflictingEvents, DroppedEvents, IgnoredItemChanges),
        };
    }

    private sealed class EventCountRow
    {
        public int ItemKey { get; init; }
        public int TypeId { get; init; }
        public long Events { get; init; }
    }
}
