namespace Recommender.Factorization.Sessions.Transitions;

/// <summary>
/// Counts of one item. Weights are relative to a landmark of the row: an addition at time t counts 2^(t / half-life − landmark). The
/// landmark is a whole number of half-lives and moves with the newest addition, so moving it multiplies by a power of two, which is exact.
/// </summary>
internal sealed class TransitionRow
{
    private TransitionEntry[] _entries = [];

    /// <summary>Entries in no order.</summary>
    public ReadOnlySpan<TransitionEntry> Entries => _entries.AsSpan(0, Count);

    public int Count { get; private set; }

    /// <summary>Half-lives from time 0.</summary>
    public int Landmark { get; private set; } = int.MinValue;

    /// <summary>Weight of everything added, evicted entries included, relative to the landmark.</summary>
    public float Total { get; private set; }

    /// <summary>No item outside the row has more than this weight, relative to the landmark. 0: nothing was evicted.</summary>
    public float Floor { get; private set; }

    public bool HasEvicted { get; private set; }

    /// <summary>Bytes of the row and its entries.</summary>
    public int Bytes => 56 + 24 + (_entries.Length * 8);

    public void Add(int item, float weight, int landmark, double exponent, int limit)
    {
        MoveTo(landmark);
        weight *= (float)Math.Pow(2, exponent + (landmark - (double)Landmark));
        Total += weight;
        int at = Find(item);
        if (at >= 0)
        {
            _entries[at] = new TransitionEntry(item, _entries[at].Weight + weight);
            return;
        }

        if (Count < limit)
        {
            if (Count == _entries.Length) Array.Resize(ref _entries, Math.Min(Math.Max(Count * 2, 2), limit));
            // After an eviction the item may have been here before; how often is at most the floor.
            _entries[Count++] = new TransitionEntry(item, Floor + weight);
            return;
        }

        // Space-saving (Metwally, Agrawal, El Abbadi 2005): the new item takes the place and the weight of the lightest.
        int lightest = FindLightest();
        Floor = Math.Max(Floor, _entries[lightest].Weight);
        HasEvicted = true;
        _entries[lightest] = new TransitionEntry(item, Floor + weight);
    }

    public void Remove(int item, float weight, int landmark, double exponent)
    {
        if (Count == 0) return;
        weight *= (float)Math.Pow(2, exponent + (landmark - (double)Landmark));
        float rounding = 1e-6f * Total;
        Total = Math.Max(Total - weight, 0);
        int at = Find(item);
        if (at < 0) return;
        float rest = _entries[at].Weight - weight;
        if (rest > rounding) _entries[at] = new TransitionEntry(item, rest);
        else _entries[at] = _entries[--Count];
        if (Count == 0 && !HasEvicted) Total = 0;
    }

    private void MoveTo(int landmark)
    {
        if (landmark <= Landmark) return;
        if (Count > 0)
        {
            float scale = (float)Math.Pow(2, Landmark - (double)landmark);
            for (int e = 0; e < Count; e++) _entries[e] = _entries[e] with { Weight = _entries[e].Weight * scale };
            (Total, Floor) = (Total * scale, Floor * scale);
        }

        Landmark = landmark;
    }

    private int Find(int item)
    {
        var entries = Entries;
        for (int e = 0; e < entries.Length; e++)
            if (entries[e].Item == item) return e;
        return -1;
    }

    /// <summary>Of equally light entries the one with the largest item.</summary>
    private int FindLightest()
    {
        var entries = Entries;
        int lightest = 0;
        for (int e = 1; e < entries.Length; e++)
        {
            float difference = entries[e].Weight - entries[lightest].Weight;
            if (difference < 0 || (difference == 0 && entries[e].Item > entries[lightest].Item)) lightest = e;
        }

        return lightest;
    }
}
