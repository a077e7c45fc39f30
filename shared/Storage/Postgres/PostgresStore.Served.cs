using System.Data;
using System.Data.Common;
using System.Globalization;
using Npgsql;
using Recommender.Contracts.Served;

namespace Recommender.Storage.Postgres;

public sealed partial class PostgresStore
{
    /// <summary>Held shared by who adds answers, alone by who erases them or counts their outcomes.</summary>
    private const long ServedLock = 0x5265636F_0003;

    private const string ServedPrefix = "served_answers_";

    private protected override Task<T> AppendServedAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        TransactionAsync(IsolationLevel.ReadCommitted, async connection =>
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock_shared({ServedLock})", cancellationToken).ConfigureAwait(false);
            return await work(connection).ConfigureAwait(false);
        }, cancellationToken);

    private protected override Task<T> ChangeServedAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        TransactionAsync(IsolationLevel.ReadCommitted, async connection =>
        {
            await HoldServedAsync(connection, cancellationToken).ConfigureAwait(false);
            return await work(connection).ConfigureAwait(false);
        }, cancellationToken);

    private protected override string HashIsAmongSql => "user_hash = ANY(@hashes)";

    private protected override Task HoldServedAsync(DbConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync((NpgsqlConnection)connection, $"SELECT pg_advisory_xact_lock({ServedLock})", cancellationToken);

    private protected override async Task<IReadOnlyList<ServedAnswer>> InsertServedAsync(DbConnection connection,
        IReadOnlyList<(ServedAnswer Answer, ReadOnlyMemory<byte> Body)> answers, CancellationToken cancellationToken)
    {
        var postgres = (NpgsqlConnection)connection;
        foreach (int day in answers.Select(answer => DayOf(answer.Answer.AtMs)).Distinct())
            await EnsureServedPartitionAsync(postgres, day, cancellationToken).ConfigureAwait(false);
        await using var insert = new NpgsqlCommand("""
            INSERT INTO served_answers (day, id, at_ms, is_session, subject, body)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id
            """, postgres)
        {
            Parameters =
            {
                new() { Value = answers.Select(answer => DayOf(answer.Answer.AtMs)).ToArray() },
                new() { Value = answers.Select(answer => BytesOf(answer.Answer.Id)).ToArray() },
                new() { Value = answers.Select(answer => answer.Answer.AtMs).ToArray() },
                new() { Value = answers.Select(answer => answer.Answer.Subject is { } subject ? subject.IsSession ? 1 : 0 : (int?)null)
                    .ToArray() },
                new() { Value = answers.Select(answer => answer.Answer.Subject?.Id).ToArray() },
                new() { Value = answers.Select(answer => answer.Body.ToArray()).ToArray() },
            },
        };
        var added = new HashSet<RecommendationId>();
        await using (var rows = await insert.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
            while (await rows.ReadAsync(cancellationToken).ConfigureAwait(false)) added.Add(IdOf(rows.GetFieldValue<byte[]>(0)));
        // A batch may hold an answer twice.
        return [.. answers.Select(answer => answer.Answer).Where(answer => added.Remove(answer.Id))];
    }

    private protected override async Task AddShowingsAsync(DbConnection connection, IReadOnlyList<(int Day, string Placement, int ItemKey,
        double Shown)> showings, CancellationToken cancellationToken)
    {
        // In the order of their keys: two transactions never wait for each other.
        await using var add = new NpgsqlCommand("""
            INSERT INTO shown_items AS s (day, placement, item_key, shown) SELECT * FROM unnest($1, $2, $3, $4)
            ON CONFLICT (day, placement, item_key) DO UPDATE SET shown = s.shown + excluded.shown
            """, (NpgsqlConnection)connection)
        {
            Parameters =
            {
                new() { Value = showings.Select(showing => showing.Day).ToArray() },
                new() { Value = showings.Select(showing => showing.Placement).ToArray() },
                new() { Value = showings.Select(showing => showing.ItemKey).ToArray() },
                new() { Value = showings.Select(showing => showing.Shown).ToArray() },
            },
        };
        await add.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task<int> RemoveServedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        string first = PartitionOfDay(DayOf(before.ToUnixTimeMilliseconds()));
        var old = await ReadAsync(connection => QueryAsync<string>(connection, """
            SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'served_answers'::regclass AND c.relname::text COLLATE "C" < @first ORDER BY c.relname
            """, new { first }, cancellationToken), cancellationToken).ConfigureAwait(false);
        foreach (string name in old)
        {
            await TransactionAsync(IsolationLevel.ReadCommitted,
                connection => ExecuteAsync(connection, $"DROP TABLE IF EXISTS {name}", cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            _partitions.TryRemove(name, out _);
        }

        await RemoveOutcomesBeforeAsync(before, cancellationToken).ConfigureAwait(false);
        return old.Count;
    }

    /// <summary>Names sort by day.</summary>
    private static string PartitionOfDay(int day) => ServedPrefix + day.ToString("D6", CultureInfo.InvariantCulture);

    private async Task EnsureServedPartitionAsync(NpgsqlConnection connection, int day, CancellationToken cancellationToken)
    {
        string name = PartitionOfDay(day);
        if (_partitions.ContainsKey(name)) return;
        // In a transaction of its own: one that fails later must not take the partition with it.
        await TransactionAsync(IsolationLevel.ReadCommitted, async creating =>
        {
            await ExecuteAsync(creating, $"SELECT pg_advisory_xact_lock({MigrationLock})", cancellationToken).ConfigureAwait(false);
            await using var find = new NpgsqlCommand("SELECT to_regclass($1) IS NULL", creating)
            { Parameters = { new() { Value = name } } };
            if (!(bool)(await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!) return 0;
            // Unlike CREATE … PARTITION OF, this does not wait for readers such as a backup.
            return await ExecuteAsync(creating, FormattableString.Invariant($"""
                CREATE TABLE {name} (LIKE served_answers INCLUDING ALL);
                ALTER TABLE served_answers ATTACH PARTITION {name} FOR VALUES FROM ({day}) TO ({day + 1})
                """), cancellationToken).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        _partitions[name] = true;
    }
}
