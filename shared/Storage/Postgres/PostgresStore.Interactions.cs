using System.Collections.Concurrent;
using System.Data;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Recommender.Contracts;
using Recommender.Storage.Events;

namespace Recommender.Storage.Postgres;

public sealed partial class PostgresStore
{
    /// <summary>Partitions this process has seen committed.</summary>
    private readonly ConcurrentDictionary<string, bool> _partitions = new(StringComparer.Ordinal);

    public override Task<StoredBatch> StoreInteractionsAsync(IReadOnlyList<Interaction> interactions, CancellationToken cancellationToken)
    {
        var ids = new Guid[interactions.Count];
        for (int i = 0; i < ids.Length; i++) ids[i] = EventHash(EventKey.Of(interactions[i]));
        return TranslateAsync(async () =>
        {
            await using var connection = await _pool.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            // If it is interrupted, the pool rolls back the open transaction of the returned connection.
            return await new PostgresBatch(connection, Statistics, interactions, ids, cancellationToken).StoreAsync(EnsurePartitionsAsync)
                .ConfigureAwait(false);
        });
    }

    /// <summary>First 16 bytes of SHA-256 of the <see cref="EventKey"/>, as in <c>event_ids</c>.</summary>
    private static Guid EventHash(string eventKey)
    {
        Span<byte> utf8 = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Limits.IdBytes)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.TryGetBytes(eventKey, utf8, out int length) ? utf8[..length]
            : Encoding.UTF8.GetBytes(eventKey), hash);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>Creates the missing monthly partitions. Called with <c>state</c> locked.</summary>
    private async Task EnsurePartitionsAsync(NpgsqlConnection connection, IEnumerable<long> times, CancellationToken cancellationToken)
    {
        var missing = new Dictionary<string, (string Name, long FromMs, long ToMs)>(StringComparer.Ordinal);
        (long FromMs, long ToMs) last = (0, 0);
        foreach (long at in times)
        {
            if (at >= last.FromMs && at < last.ToMs) continue;
            var partition = PartitionOf(at);
            last = (partition.FromMs, partition.ToMs);
            if (!_partitions.ContainsKey(partition.Name)) missing.TryAdd(partition.Name, partition);
        }

        foreach (var (name, fromMs, toMs) in missing.Values)
        {
            await using var find = new NpgsqlCommand("SELECT to_regclass($1) IS NOT NULL",
                connection)
            { Parameters = { new() { Value = name } } };
            if ((bool)(await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                _partitions[name] = true;
                continue;
            }

            // Created separately and then attached. Unlike CREATE … PARTITION OF, this does not wait for readers such as a training.
            await ExecuteAsync(connection,
                FormattableString.Invariant($"CREATE TABLE {name} (LIKE events INCLUDING ALL); ALTER TABLE events ATTACH PARTITION {name} FOR VALUES FROM ({fromMs}) TO ({toMs})"), cancellationToken).ConfigureAwait(false);
        }
    }

    public override Task<IReadOnlyList<UserEvents>> ReadUserEventsAsync(IReadOnlyCollection<int> userKeys,
        CancellationToken cancellationToken) =>
        TranslateAsync<IReadOnlyList<UserEvents>>(async () =>
        {
            int[] keys = [.. userKeys];
            await using var connection = await _pool.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using var batch = new NpgsqlBatch(connection);
            // One snapshot in one round trip.
            batch.BatchCommands.Add(Batched("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
            batch.BatchCommands.Add(Batched("SELECT user_key, is_session, user_id, revision, events FROM users WHERE user_key = ANY($1)",
                [keys]));
            batch.BatchCommands.Add(Batched(
                "SELECT user_key, item_key, type_id, value, occurred_at_ms FROM events WHERE user_key = ANY($1) ORDER BY user_key, "
                    + "occurred_at_ms, sequence", [keys]));
            batch.BatchCommands.Add(Batched("COMMIT"));
            await using var row = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            var histories = new List<UserEvents>(keys.Length);
            var events = new Dictionary<int, List<StoredEvent>>(keys.Length);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var history = new List<StoredEvent>((int)row.GetInt64(4));
                events.Add(row.GetInt32(0), history);
                histories.Add(new UserEvents
                {
                    UserKey = row.GetInt32(0),
                    User = new UserRef(row.GetString(2), row.GetInt32(1) != 0),
                    Revision = row.GetInt64(3),
                    Events = history
                });
            }

            await row.NextResultAsync(cancellationToken).ConfigureAwait(false);
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
                events[row.GetInt32(0)].Add(new StoredEvent(row.GetInt32(1), (short)row.GetInt32(2), row.IsDBNull(3) ? float.NaN
                    : (float)row.GetDouble(3), row.GetInt64(4)));
            return histories;
        });

    public override Task<InteractionLog> ReadInteractionsAsync(long upToSequence, CancellationToken cancellationToken) =>
        TransactionAsync(IsolationLevel.RepeatableRead, async connection =>
        {
            await using var count = new NpgsqlCommand("SELECT events FROM state", connection);
            var log = new InteractionLogBuilder(
                checked((int)(long)(await count.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!));
            await using var rows = await connection.BeginBinaryExportAsync(
                FormattableString.Invariant($"COPY (SELECT user_key, item_key, type_id, value, occurred_at_ms, sequence FROM events WHERE sequence <= {upToSequence}) TO STDOUT (FORMAT BINARY)"), cancellationToken).ConfigureAwait(false);
            while (await rows.StartRowAsync(cancellationToken).ConfigureAwait(false) >= 0)
            {
                // A row of a few numbers is nearly always in the buffer: the synchronous reads do not block.
                int user = rows.Read<int>(NpgsqlDbType.Integer), item = rows.Read<int>(NpgsqlDbType.Integer),
                    type = rows.Read<int>(NpgsqlDbType.Integer);
                float value = float.NaN;
                if (rows.IsNull) rows.Skip();
                else value = (float)rows.Read<double>(NpgsqlDbType.Double);
                long at = rows.Read<long>(NpgsqlDbType.Bigint);
                log.Add(user, item, (short)type, value, at, rows.Read<long>(NpgsqlDbType.Bigint));
            }

            return log.Build();
        }, cancellationToken);
}
