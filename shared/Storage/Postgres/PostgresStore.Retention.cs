using System.Data;
using System.Data.Common;
using Npgsql;
using Recommender.Storage.Events;

namespace Recommender.Storage.Postgres;

public sealed partial class PostgresStore
{
    private protected override async Task TakeFromUsersAsync(DbConnection connection, IReadOnlyList<(int Key, int Count)> losses,
        long revision, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        batch.BatchCommands.Add(
            Batched($"UPDATE users u SET revision = $1, last_at_ms = CASE WHEN u.events = n.count THEN {NoEvents} ELSE u.last_at_ms END, "
                + $"events = u.events - n.count FROM unnest($2, $3) AS n (key, count) WHERE u.user_key = n.key",
            [revision, losses.Select(loss => loss.Key).ToArray(), losses.Select(loss => loss.Count).ToArray()]));
        await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs of pages of the partitions that begin before the time.</summary>
    private protected override async Task<List<Slice>> SlicesAsync(DbConnection connection, long beforeMs,
        CancellationToken cancellationToken)
    {
        const int pages = 256;
        var partitions = await QueryAsync<Partition>(connection, """
            SELECT c.relname::text AS name, pg_relation_size(c.oid) / current_setting('block_size')::int AS pages
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass ORDER BY c.relname
            """, null, cancellationToken).ConfigureAwait(false);
        var (boundary, boundaryFromMs, _) = PartitionOf(beforeMs);
        var slices = new List<Slice>();
        foreach (var partition in partitions)
        {
            var (name, length) = (partition.Name, partition.Pages);
            // Names sort by time.
            int order = string.CompareOrdinal(name, boundary);
            if (order > 0 || (order == 0 && boundaryFromMs == beforeMs)) continue;
            for (long page = 0; page == 0 || page < length; page += pages)
            {
                bool last = page + pages >= length;
                string until = last ? "" : FormattableString.Invariant($" AND ctid < '({page + pages},0)'::tid");
                slices.Add(new Slice(name, FormattableString.Invariant($"ctid >= '({page},0)'::tid{until}"), EmptiesPartition: last
                    && order < 0));
            }
        }

        return slices;
    }

    private protected override Task<List<RemovedEvent>> DeleteSliceAsync(DbConnection connection, Slice slice, long beforeMs,
        CancellationToken cancellationToken) =>
        ReadRowsAsync(connection, $"""
            WITH gone AS (DELETE FROM {slice.Partition} WHERE {slice.Where} AND occurred_at_ms < @beforeMs RETURNING user_key, item_key, event_id),
                 ids AS (DELETE FROM event_ids WHERE id IN (SELECT {EventHashSql} FROM gone))
            SELECT user_key, item_key FROM gone
            """, new { beforeMs }, ReadRemoved, cancellationToken);

    /// <summary>Drops an empty partition to free its space. While events are being read, it is kept until the next call.</summary>
    private protected override async Task DropPartitionAsync(string partition, CancellationToken cancellationToken)
    {
        try
        {
            await TransactionAsync(IsolationLevel.ReadCommitted, async connection =>
            {
                await ExecuteAsync(connection, "SET LOCAL lock_timeout = '200ms'; SELECT FROM state FOR UPDATE", cancellationToken)
                    .ConfigureAwait(false);
                await using var empty = new NpgsqlCommand($"SELECT NOT EXISTS (SELECT FROM {partition})", connection);
                if (!(bool)(await empty.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!) return 0;
                return await ExecuteAsync(connection, $"DROP TABLE {partition}", cancellationToken).ConfigureAwait(false);
            }, cancellationToken).ConfigureAwait(false);
            _partitions.TryRemove(partition, out _);
        }
        catch (StoreUnavailableException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
        {
            // Keeping an empty partition is harmless.
        }
    }

    private sealed class Partition
    {
        public string Name { get; init; } = "";
        public long Pages { get; init; }
    }
}
