namespace Recommender.Storage.Events;

/// <summary>Collects events in any order and sorts them by (occurredAt, sequence).</summary>
internal sealed class InteractionLogBuilder(int capacity)
{
    private int[] _users = new int[capacity];
    private int[] _items = new int[capacity];
    private short[] _types = new short[capacity];
    private float[] _values = new float[capacity];
    private long[] _times = new long[capacity];
    private long[] _sequences = new long[capacity];

    public int Count { get; private set; }

    public void Add(int user, int item, short type, float value, long occurredAtMs, long sequence)
    {
        if (Count == _users.Length)
        {
            int length = Math.Max(1024, Count * 2);
            Array.Resize(ref _users, length);
            Array.Resize(ref _items, length);
            Array.Resize(ref _types, length);
            Array.Resize(ref _values, length);
            Array.Resize(ref _times, length);
            Array.Resize(ref _sequences, length);
        }

        (_users[Count], _items[Count], _types[Count], _values[Count], _times[Count], _sequences[Count]) =
            (user, item, type, value, occurredAtMs, sequence);
        Count++;
    }

    public InteractionLog Build()
    {
        var sorted = _times.AsSpan(0, Count).ToArray();
        int[] order = [];
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i - 1] < sorted[i] || (sorted[i - 1] == sorted[i] && _sequences[i - 1] < _sequences[i])) continue;
            order = Order(sorted);
            break;
        }

        return new InteractionLog
        {
            UserKeys = Take(_users, order),
            ItemKeys = Take(_items, order),
            TypeIds = Take(_types, order),
            Values = Take(_values, order),
            OccurredAtMs = sorted,
        };
    }

    /// <summary>Sorts the times; returns the original position of each.</summary>
    private int[] Order(long[] times)
    {
        int[] order = new int[times.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(times, order);
        for (int start = 0; start < times.Length;)
        {
            int end = start + 1;
            while (end < times.Length && times[end] == times[start]) end++;
            if (end - start > 1) order.AsSpan(start, end - start).Sort((a, b) => _sequences[a].CompareTo(_sequences[b]));
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
