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
    private readonly EventTypeSettings[] _types = [.. typeNames.Select(name => weights[name])];

    // Users are folded in by many threads at once.
    [ThreadStatic]
    private static EventShares? s_shares;

    private readonly record struct Entry(Preference Preference, long LastAtMs);

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
