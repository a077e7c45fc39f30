using Recommender.FactorStore.Users;
using Recommender.Factorization.Events;
using Recommender.Storage.Events;

namespace Recommender.Trainer.Events;

/// <summary>
/// Combines a user's events to one preference per item, by the rules of <see cref="EventWeights"/>. A pure function of the events: the same
/// history gives the same records, for any order of arrival.
/// </summary>
/// <param name="typeNames">Names by <see cref="StoredEvent.TypeId"/>.</param>
public sealed class HistoryBuilder(EventWeights weights, IReadOnlyList<string> typeNames, int itemsLimit)
{
    /// <summary>Purchases of an item that are closer together than this are one: a corrected order, or lines of one order.</summary>
    private const long ShortestIntervalMs = 24 * 3_600_000;

    private readonly EventTypeSettings[] _types = [.. typeNames.Select(name => weights[name])];
    private readonly bool[] _purchases = [.. typeNames.Select(weights.IsPurchase)];

    // Users are folded in by many threads at once.
    [ThreadStatic]
    private static EventShares? s_shares;

    private readonly record struct Entry(Preference Preference, long LastAtMs);

    /// <param name="LastMs">Newest purchase that counts.</param>
    /// <param name="NewestMs">Newest purchase, which may be one with that.</param>
    private readonly record struct Bought(int Count, long FirstMs, long LastMs, long NewestMs)
    {
        public RepeatRecord ToRecord(int itemKey) => new(itemKey, Count,
            (uint)Math.Clamp((LastMs - FirstMs) / (Count - 1) / 1000, 1, uint.MaxValue),
            (uint)Math.Clamp(NewestMs / 1000, 0, uint.MaxValue));
    }

    /// <summary>Records newest first, equal times by item key; items of zero weight, such as a cancelled purchase, are left out.</summary>
    /// <param name="events">Oldest first.</param>
    public HistoryRecord[] Build(IReadOnlyList<StoredEvent> events)
    {
        if (events.Count == 0) return [];
        long newest = events[^1].OccurredAtMs;
        var entries = new Dictionary<int, Entry>();
        var shares = Shares(events);
        for (int e = 0; e < events.Count; e++)
        {
            var stored = events[e];
            var preference = EventWeights.Of(_types[stored.TypeId], stored.Value, Days(newest - stored.OccurredAtMs), shares[e]);
            if (preference.Weight <= 0) continue;
            entries.TryGetValue(stored.ItemKey, out var entry);
            entries[stored.ItemKey] = new(entry.Preference.Add(preference), stored.OccurredAtMs);
        }

        var records = new HistoryRecord[entries.Count];
        int n = 0;
        foreach (var (itemKey, entry) in entries)
        {
            uint lastAt = (uint)Math.Clamp(entry.LastAtMs / 1000, 0, uint.MaxValue);
            records[n++] = new(itemKey, (float)entry.Preference.Weight, (float)entry.Preference.Target, lastAt);
        }

        Array.Sort(records, static (a, b) => a.LastAtSeconds != b.LastAtSeconds
            ? b.LastAtSeconds.CompareTo(a.LastAtSeconds)
            : a.ItemKey.CompareTo(b.ItemKey));
        return records.Length <= itemsLimit ? records : records[..itemsLimit];
    }

    /// <summary>
    /// The items that were bought at least twice, a day or more apart, without purchases that were taken back: those with the most
    /// purchases, ties by the newest purchase, then by item key; at most <see cref="RepeatRecord.Limit"/>.
    /// </summary>
    /// <param name="events">Oldest first.</param>
    public RepeatRecord[] BuildRepeats(IReadOnlyList<StoredEvent> events)
    {
        if (!HasRepeats(events)) return [];
        var bought = new Dictionary<int, Bought>();
        var shares = Shares(events);
        for (int e = 0; e < events.Count; e++)
        {
            var stored = events[e];
            if (!_purchases[stored.TypeId]) continue;
            if (!EventWeights.Of(_types[stored.TypeId], stored.Value, ageDays: 0, shares[e]).IsPositive) continue;
            long atMs = stored.OccurredAtMs;
            bought[stored.ItemKey] = !bought.TryGetValue(stored.ItemKey, out var before) ? new(1, atMs, atMs, atMs)
                : atMs - before.LastMs < ShortestIntervalMs ? before with { NewestMs = atMs }
                : before with { Count = before.Count + 1, LastMs = atMs, NewestMs = atMs };
        }

        return [.. bought.Where(item => item.Value.Count > 1)
            .OrderByDescending(item => item.Value.Count).ThenByDescending(item => item.Value.NewestMs).ThenBy(item => item.Key)
            .Take(RepeatRecord.Limit).Select(item => item.Value.ToRecord(item.Key))];
    }

    /// <summary>Whether two events are purchases of one item: a test without sums.</summary>
    private bool HasRepeats(IReadOnlyList<StoredEvent> events)
    {
        HashSet<int>? items = null;
        int first = -1;
        foreach (var stored in events)
        {
            if (!_purchases[stored.TypeId]) continue;
            if (first < 0)
            {
                first = stored.ItemKey;
                continue;
            }

            items ??= [first];
            if (!items.Add(stored.ItemKey)) return true;
        }

        return false;
    }

    private ReadOnlySpan<float> Shares(IReadOnlyList<StoredEvent> events)
    {
        var shares = s_shares ??= new EventShares();
        shares.Clear();
        foreach (var stored in events)
            shares.Add(stored.ItemKey, typeNames[stored.TypeId], _types[stored.TypeId], stored.Value, stored.OccurredAtMs);
        return shares.Compute();
    }

    public static double Days(long milliseconds) => milliseconds / 86_400_000.0;
}
