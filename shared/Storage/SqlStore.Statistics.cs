using System.Data.Common;
using Dapper;

namespace Recommender.Storage;

/// <summary>An event that leaves the store.</summary>
internal readonly record struct RemovedEvent(int ItemKey, int TypeId, long OccurredAtMs);

public abstract partial class SqlStore
{
    /// <summary>
    /// Popularity and trend of the events' items as if the events, which are deleted already, had never been. A trend that would lose
    /// its digits to the subtraction is summed anew from the events that are left.
    /// </summary>
    private async Task TakeOutOfStatisticsAsync(DbConnection connection, List<RemovedEvent> events, CancellationToken cancellationToken)
    {
        var types = await QueryAsync(connection, "SELECT name FROM event_types ORDER BY type_id", null, r => r.GetString(0), cancellationToken).ConfigureAwait(false);
        foreach (var group in events.Where(e => !Statistics.NegativeTypes.Contains(types[e.TypeId])).GroupBy(e => e.ItemKey).OrderBy(group => group.Key))
        {
            int itemKey = group.Key;
            var (popularity, trend) = (await QueryAsync(connection, "SELECT popularity, trend FROM items WHERE item_key = @itemKey", new { itemKey }, r => (r.GetDouble(0), r.GetDouble(1)), cancellationToken).ConfigureAwait(false))[0];
            double removed = double.NegativeInfinity;
            foreach (var e in group) removed = StatisticsSettings.AddTrends(removed, Statistics.TrendOf(Time(e.OccurredAtMs)));
            popularity = Math.Max(0, popularity - group.Count());
            if (!TrySubtractTrend(trend, removed, out trend))
            {
                trend = double.NegativeInfinity;
                foreach (var (typeId, at) in await QueryAsync(connection, "SELECT type_id, occurred_at_ms FROM events WHERE item_key = @itemKey", new { itemKey }, r => (r.GetInt32(0), r.GetInt64(1)), cancellationToken).ConfigureAwait(false))
                    if (!Statistics.NegativeTypes.Contains(types[typeId])) trend = StatisticsSettings.AddTrends(trend, Statistics.TrendOf(Time(at)));
            }

            if (popularity == 0) trend = double.NegativeInfinity;
            await connection.ExecuteAsync(Command("UPDATE items SET popularity = @popularity, trend = @trend WHERE item_key = @itemKey", new { itemKey, popularity, trend }, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>log2(2^a − 2^b), or false where fewer than about 32 of its 52 bits would be left.</summary>
    internal static bool TrySubtractTrend(double a, double b, out double difference)
    {
        difference = a;
        if (double.IsNegativeInfinity(b)) return true;
        double share = 1 - Math.Pow(2, b - a);
        if (!(share > 1e-6)) return false;
        difference = a + Math.Log2(share);
        return true;
    }
}
