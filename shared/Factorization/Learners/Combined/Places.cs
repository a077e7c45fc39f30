using System.Buffers;
using Recommender.Factorization.Data;

namespace Recommender.Factorization.Learners.Combined;

/// <summary>Computes the <see cref="HistoryEntry.Place"/> of entries.</summary>
public static class Places
{
    /// <param name="times">Time of each entry, in any unit. Entries of equal time have the same place.</param>
    public static void Set(Span<HistoryEntry> history, ReadOnlySpan<long> times)
    {
        var rented = ArrayPool<long>.Shared.Rent(history.Length);
        var sorted = rented.AsSpan(0, history.Length);
        times[..history.Length].CopyTo(sorted);
        sorted.Sort();
        for (int e = 0; e < history.Length; e++) history[e] = history[e] with { Place = Newer(sorted, times[e]) };
        ArrayPool<long>.Shared.Return(rented);
    }

    /// <summary>Places of all (user, item) pairs, by their newest interactions.</summary>
    internal static int[] Of(SparseRows rows, ReadOnlySpan<int> users, ReadOnlySpan<int> items, ReadOnlySpan<long> times)
    {
        var newest = new long[rows.Columns.Length];
        Array.Fill(newest, long.MinValue);
        for (int e = 0; e < users.Length; e++)
        {
            ref long time = ref newest[rows.Starts[users[e]] + rows.Row(users[e]).BinarySearch(items[e])];
            time = Math.Max(time, times[e]);
        }

        var places = new int[newest.Length];
        for (int u = 0; u < rows.Count; u++)
        {
            int from = (int)rows.Starts[u], length = rows.Length(u);
            long[] sorted = [.. newest.AsSpan(from, length)];
            sorted.AsSpan().Sort();
            for (int e = from; e < from + length; e++) places[e] = Newer(sorted, newest[e]);
        }

        return places;
    }

    private static int Newer(ReadOnlySpan<long> sorted, long time)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (sorted[middle] <= time) low = middle + 1;
            else high = middle;
        }

        return sorted.Length - low;
    }
}
