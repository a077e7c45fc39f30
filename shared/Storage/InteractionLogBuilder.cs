namespace Recommender.Storage;

/// <summary>Collects events in any order and puts them in the order of (occurredAt, sequence).</summary>
internal sealed class InteractionLogBuilder(int capacity)
{
    private int[] users = new int[capacity];
    private int[] items = new int[capacity];
    private short[] types = new short[capacity];
    private float[] values = new float[capacity];
    private long[] times = new long[capacity];
    private long[] sequences = new long[capacity];

    public int Count { get; private set; }

    public void Add(int user, int item, short type, float value, long occurredAtMs, long sequence)
    {
        if (Count == users.Length)
        {
            int length = Math.Max(1024, Count * 2);
            Array.Resize(ref users, length);
            Array.Resize(ref items, length);
            Array.Resize(ref types, length);
            Array.Resize(ref values, length);
            Array.Resize(ref times, length);
            Array.Resize(ref sequences, length);
        }

        (users[Count], items[Count], types[Count], values[Count], times[Count], sequences[Count]) = (user, item, type, value, occurredAtMs, sequence);
        Count++;
    }

    public InteractionLog Build()
    {
        var sorted = times.AsSpan(0, Count).ToArray();
        int[] order = [];
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i - 1] < sorted[i] || (sorted[i - 1] == sorted[i] && sequences[i - 1] < sequences[i])) continue;
            order = Order(sorted);
            break;
        }

        return new InteractionLog
        {
            UserKeys = Take(users, order),
            ItemKeys = Take(items, order),
            TypeIds = Take(types, order),
            Values = Take(values, order),
            OccurredAtMs = sorted,
        };
    }

    /// <summary>Sorts the times; the result says which position each came from.</summary>
    private int[] Order(long[] times)
    {
        int[] order = new int[times.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(times, order);
        for (int start = 0; start < times.Length;)
        {
            int end = start + 1;
            while (end < times.Length && times[end] == times[start]) end++;
            if (end - start > 1) order.AsSpan(start, end - start).Sort((a, b) => sequences[a].CompareTo(sequences[b]));
            start = end;
        }

        return order;
    }

    private T[] Take<T>(T[] column, int[] order)
    {
        if (order.Length == 0) return column.AsSpan(0, Count).ToArray();
        var taken = new T[order.Length];
        for (int i = 0; i < taken.Length; i++) taken[i] = column[order[i]];
        return taken;
    }
}
