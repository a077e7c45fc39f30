using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Recommender.Storage.Events;

namespace Recommender.Storage.Sql;

public abstract partial class SqlStore
{
    /// <summary>A part of the events, small enough for one transaction.</summary>
    /// <param name="Partition">Table to delete from.</param>
    /// <param name="Where">Condition that selects the part.</param>
    /// <param name="EmptiesPartition">Whether the partition is empty afterwards and stays empty.</param>
    private protected readonly record struct Slice(string Partition, string Where, bool EmptiesPartition);

    public async IAsyncEnumerable<RemovedSlice> RemoveEventsBeforeAsync(DateTimeOffset before,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long beforeMs = before.ToUnixTimeMilliseconds();
        await WriteAsync(connection => connection.ExecuteAsync(
            Command("UPDATE state SET retained_from_ms = @beforeMs WHERE retained_from_ms < @beforeMs", new { beforeMs },
                cancellationToken)), cancellationToken).ConfigureAwait(false);
        foreach (var slice in await ReadAsync(connection => SlicesAsync(connection, beforeMs, cancellationToken), cancellationToken)
            .ConfigureAwait(false))
        {
            var removed = await WriteAsync(async connection =>
            {
                var events = await DeleteSliceAsync(connection, slice, beforeMs, cancellationToken).ConfigureAwait(false);
                if (events.Count == 0) return null;
                var items = await SettlePairsAsync(connection, [.. events.Select(e => (e.UserKey, e.ItemKey)).Distinct()], beforeMs,
                    cancellationToken).ConfigureAwait(false);
                long revision = await TakeFromStateAsync(connection, events.Count, cancellationToken).ConfigureAwait(false);
                var losses = events.GroupBy(e => e.UserKey).Select(group => (group.Key, Count: group.Count())).ToList();
                await TakeFromUsersAsync(connection, losses, revision, cancellationToken).ConfigureAwait(false);
                return new RemovedSlice(events.Count, [.. losses.Select(loss => loss.Key)], items, revision);
            }, cancellationToken).ConfigureAwait(false);
            if (removed is not null) yield return removed;
            if (slice.EmptiesPartition) await DropPartitionAsync(slice.Partition, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Slices that together contain all events from before the time.</summary>
    private protected abstract Task<List<Slice>> SlicesAsync(DbConnection connection, long beforeMs, CancellationToken cancellationToken);

    private protected virtual Task<List<RemovedEvent>> DeleteSliceAsync(DbConnection connection, Slice slice, long beforeMs,
        CancellationToken cancellationToken) =>
        ReadRowsAsync(connection,
            $"DELETE FROM {slice.Partition} WHERE {slice.Where} AND occurred_at_ms < @beforeMs RETURNING user_key, item_key",
            new { beforeMs }, ReadRemoved, cancellationToken);

    private protected virtual async Task TakeFromUsersAsync(DbConnection connection, IReadOnlyList<(int Key, int Count)> losses,
        long revision, CancellationToken cancellationToken)
    {
        foreach (var (key, count) in losses)
            await connection.ExecuteAsync(
                Command($"UPDATE users SET revision = @revision, last_at_ms = CASE WHEN events = @count THEN {NoEvents} ELSE last_at_ms "
                    + $"END, events = events - @count WHERE user_key = @key", new { key, count, revision }, cancellationToken))
                    .ConfigureAwait(false);
    }

    private protected virtual Task DropPartitionAsync(string partition, CancellationToken cancellationToken) => Task.CompletedTask;

    private protected static RemovedEvent ReadRemoved(DbDataReader r) => new(r.GetInt32(0), r.GetInt32(1));
}
