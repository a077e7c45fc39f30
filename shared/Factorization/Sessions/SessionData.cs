namespace Recommender.Factorization.Sessions;

/// <summary>Sessions of item indices, each oldest first, the sessions in time order. Immutable; safe to read from any thread.</summary>
public sealed class SessionData
{
    private readonly int[] _starts;
    private readonly int[] _items;

    private SessionData(int itemCount, int[] starts, int[] items) => (ItemCount, _starts, _items) = (itemCount, starts, items);

    /// <summary>Items of the catalogue; every index is below it.</summary>
    public int ItemCount { get; }

    /// <summary>Number of sessions.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>Interactions of all sessions.</summary>
    public int InteractionCount => _items.Length;

    /// <summary>Prefix and next item pairs of all sessions.</summary>
    public int PairCount
    {
        get
        {
            int pairs = 0;
            for (int s = 0; s < Count; s++) pairs += Math.Max(_starts[s + 1] - _starts[s] - 1, 0);
            return pairs;
        }
    }

    /// <summary>The items of one session, oldest first.</summary>
    public ReadOnlySpan<int> this[int session] => _items.AsSpan(_starts[session].._starts[session + 1]);

    /// <exception cref="ArgumentException">An item is outside 0..<paramref name="itemCount"/> − 1.</exception>
    public static SessionData Build(int itemCount, IEnumerable<IReadOnlyCollection<int>> sessions)
    {
        var starts = new List<int> { 0 };
        var items = new List<int>();
        foreach (var session in sessions)
        {
            items.AddRange(session);
            starts.Add(items.Count);
        }

        foreach (int item in items)
            if ((uint)item >= (uint)itemCount) throw new ArgumentException($"Item {item} is outside 0..{itemCount - 1}.", nameof(sessions));
        return new SessionData(itemCount, [.. starts], [.. items]);
    }

    /// <summary>
    /// Sessions <paramref name="first"/> .. <paramref name="first"/> + <paramref name="count"/> − 1 over the same catalogue.
    /// </summary>
    public SessionData Slice(int first, int count)
    {
        int from = _starts[first], to = _starts[first + count];
        var starts = _starts[first..(first + count + 1)];
        for (int s = 0; s < starts.Length; s++) starts[s] -= from;
        return new SessionData(ItemCount, starts, _items[from..to]);
    }

    /// <summary>How often each item occurs.</summary>
    public float[] CountItems()
    {
        var counts = new float[ItemCount];
        foreach (int item in _items) counts[item]++;
        return counts;
    }
}
