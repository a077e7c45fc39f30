using System.Data.Common;
using Dapper;

namespace Recommender.Storage;

/// <summary>An event that has left the store.</summary>
internal readonly record struct RemovedEvent(int UserKey, int ItemKey, int TypeId, long OccurredAtMs);

public abstract partial class SqlStore
{
    /// <summary>
    /// Popularity and trend of the events' items as if the events, which are deleted already, had never been. A trend that would lose
    /// its digits to the subtraction is summed anew from the events that are left. Returns the items' statistics now.
    /// </summary>
    private async Task<IReadOnlyList<ItemStatistics>> TakeOutOfStatisticsAsync(DbConnection connection, IReadOnlyList<RemovedEvent> events, CancellationToken cancellationToken)
    {
        var types = await QueryAsync(connection, "SELECT name FROM event_types ORDER BY type_id", null, r => r.GetString(0), cancellationToken).ConfigureAwait(false);
        bool Counts(int typeId) => !Statistics.NegativeTypes.Contains(types[typeId]);
        var losses = new Dictionary<int, (int Count, double Trend)>();
        foreach (var e in events)
        {
            if (!Counts(e.TypeId)) continue;
            var (count, trend) = losses.GetValueOrDefault(e.ItemKey, (0, double.NegativeInfinity));
            losses[e.ItemKey] = (count + 1, StatisticsSettings.AddTrends(trend, Statistics.TrendOf(Time(e.OccurredAtMs))));
        }

        if (losses.Count == 0) return [];
        var items = await LoadStatisticsAsync(connection, [.. losses.Keys], cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < items.Count; i++)
        {
            var item = items[i];
            var loss = losses[item.ItemKey];
            double popularity = Math.Max(0, item.Popularity - loss.Count);
            if (popularity == 0)
            {
                items[i] = item with { Popularity = 0, Trend = double.NegativeInfinity };
                continue;
            }

            if (!TrySubtractTrend(item.Trend, loss.Trend, out double trend))
            {
                trend = double.NegativeInfinity;
                foreach (var (typeId, at) in await QueryAsync(connection, "SELECT type_id, occurred_at_ms FROM events WHERE item_key = @ItemKey", new { item.ItemKey }, r => (r.GetInt32(0), r.GetInt64(1)), cancellationToken).ConfigureAwait(false))
                    if (Counts(typeId)) trend = StatisticsSettings.AddTrends(trend, Statistics.TrendOf(Time(at)));
            }

            items[i] = item with { Popularity = popularity, Trend = trend };
        }

        await SaveStatisticsAsync(connection, items, cancellationToken).ConfigureAwait(false);
        return items;
    }

    private protected virtual async Task<List<ItemStatistics>> LoadStatisticsAsync(DbConnection connection, int[] itemKeys, CancellationToken cancellationToken)
    {
        var items = new List<ItemStatistics>(itemKeys.Length);
        foreach (int key in itemKeys)
            items.AddRange(await QueryAsync(connection, "SELECT item_key, item_id, popularity, trend FROM items WHERE item_key = @key", new { key }, ReadStatistics, cancellationToken).ConfigureAwait(false));
        return items;
    }

    private protected virtual async Task SaveStatisticsAsync(DbConnection connection, IReadOnlyList<ItemStatistics> items, CancellationToken cancellationToken)
    {
        foreach (var item in items)
            await connection.ExecuteAsync(Command("UPDATE items SET popularity = @Popularity, trend = @Trend WHERE item_key = @ItemKey", new { item.Popularity, item.Trend, item.ItemKey }, cancellationToken)).ConfigureAwait(false);
    }

    private protected static ItemStatistics ReadStatistics(DbDataReader r) => new(r.GetInt32(0), r.GetString(1), r.GetDouble(2), r.GetDouble(3));

    /// <summary>Counts events out and takes the next revision.</summary>
    private static Task<long> TakeFromStateAsync(DbConnection connection, long removed, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(Command("UPDATE state SET revision = revision + 1, events = events - @removed RETURNING revision", new { removed }, cancellationToken));

    /// <summary>log2(2^a − 2^b), or false where fewer than about 32 of its 52 bits would be left.</summary>
    internal static bool TrySubtractTrend(double a, double b, out double difference)
    {
        difference = a;
        double share = 1 - Math.Pow(2, b - a);
        if (!(share > 1e-6)) return false;
        difference = a + Math.Log2(share);
        return true;
    }
}
