using System.Buffers;
using Recommender.FactorStore.Users;
using Recommender.Storage.Events;

namespace Recommender.Trainer.Events;

/// <summary>
/// The items a user has seen, independent of the length of the history: the time of the newest event by item and type. A pure function of
/// events and history.
/// </summary>
internal static class SeenBuilder
{
    // A pair of item and class with its time.
    private const int ItemShift = 32, ClassShift = 24;

    /// <param name="events">All events of the user, in any order.</param>
    /// <param name="history">Result of <see cref="HistoryBuilder"/> for the events.</param>
    /// <returns>For <see cref="UserState.HistoryClasses"/> and <see cref="UserState.Seen"/>.</returns>
    public static (byte[] HistoryClasses, SeenRecord[] Seen) Build(IReadOnlyList<StoredEvent> events, ReadOnlySpan<HistoryRecord> history)
    {
        if (events.Count == 0) return ([], []);
        ulong[] pairs = ArrayPool<ulong>.Shared.Rent(events.Count), records = ArrayPool<ulong>.Shared.Rent(history.Length);
        try
        {
            var sorted = Newest(events, pairs);
            for (int i = 0; i < history.Length; i++) records[i] = ((ulong)(uint)history[i].ItemKey << ItemShift) | (uint)i;
            records.AsSpan(0, history.Length).Sort();
            return Divide(sorted, records.AsSpan(0, history.Length), history);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(pairs);
            ArrayPool<ulong>.Shared.Return(records);
        }
    }

    /// <summary>Distinct pairs of item and class with their newest time.</summary>
    private static Span<ulong> Newest(IReadOnlyList<StoredEvent> events, ulong[] pairs)
    {
        for (int i = 0; i < events.Count; i++)
        {
            var stored = events[i];
            uint time = SeenTime.FromSeconds((long)Math.Floor(stored.OccurredAtMs / 1000.0));
            pairs[i] = ((ulong)(uint)stored.ItemKey << ItemShift) | ((ulong)EventClass.Of(stored.TypeId) << ClassShift) | time;
        }

        var all = pairs.AsSpan(0, events.Count);
        Sort(all);
        int kept = 0;
        for (int i = 0; i < all.Length; i++)
        {
            if (kept > 0 && all[kept - 1] >> ClassShift == all[i] >> ClassShift) all[kept - 1] = Math.Max(all[kept - 1], all[i]);
            else all[kept++] = all[i];
        }

        return all[..kept];
    }

    /// <summary>Sorts by item and class. Long histories are sorted by radix, which is several times faster than by comparisons.</summary>
    private static void Sort(Span<ulong> pairs)
    {
        if (pairs.Length < 512)
        {
            pairs.Sort();
            return;
        }

        ulong used = 0;
        foreach (ulong pair in pairs) used |= pair ^ pairs[0];
        ulong[] rented = ArrayPool<ulong>.Shared.Rent(pairs.Length);
        Span<ulong> from = pairs, to = rented.AsSpan(0, pairs.Length);
        Span<int> places = stackalloc int[256];
        for (int shift = ClassShift; shift < 64; shift += 8)
        {
            if (((used >> shift) & 0xFF) == 0) continue; // All have the same byte here.
            places.Clear();
            foreach (ulong pair in from) places[(byte)(pair >> shift)]++;
            int start = 0;
            foreach (ref int place in places) (place, start) = (start, start + place);
            foreach (ulong pair in from) to[places[(byte)(pair >> shift)]++] = pair;
            var other = from;
            from = to;
            to = other;
        }

        if (from != pairs) from.CopyTo(pairs);
        ArrayPool<ulong>.Shared.Return(rented);
    }

    /// <summary>Assigns to each record of the history the class of its item's event at that time, and returns all other pairs.</summary>
    /// <param name="records">Item keys and positions in the history, by item key.</param>
    private static (byte[] HistoryClasses, SeenRecord[] Seen) Divide(Span<ulong> pairs, ReadOnlySpan<ulong> records,
        ReadOnlySpan<HistoryRecord> history)
    {
        var classes = new byte[history.Length];
        int kept = 0, next = 0;
        for (int start = 0; start < pairs.Length;)
        {
            ulong item = pairs[start] >> ItemShift;
            int end = start + 1, taken = -1;
            while (end < pairs.Length && pairs[end] >> ItemShift == item) end++;
            while (next < records.Length && records[next] >> ItemShift < item) next++;
            if (next < records.Length && records[next] >> ItemShift == item)
            {
                int record = (int)(uint)records[next];
                uint time = SeenTime.FromSeconds(history[record].LastAtSeconds);
                int newest = start;
                for (int i = start; i < end; i++)
                {
                    if (TimeOf(pairs[i]) == time) taken = i;
                    if (TimeOf(pairs[i]) > TimeOf(pairs[newest])) newest = i;
                }

                // The history may ignore a later event of the same type. The record's class then has a separate pair as well.
                classes[record] = ClassOf(pairs[taken < 0 ? newest : taken]);
            }

            for (; start < end; start++) if (start != taken) pairs[kept++] = pairs[start];
        }

        var seen = new SeenRecord[kept];
        for (int i = 0; i < kept; i++) seen[i] = new((int)(pairs[i] >> ItemShift), ClassOf(pairs[i]), TimeOf(pairs[i]));
        return (classes, seen);
    }

    private static byte ClassOf(ulong pair) => (byte)(pair >> ClassShift);

    private static uint TimeOf(ulong pair) => (uint)pair & 0xFF_FFFF;
}
