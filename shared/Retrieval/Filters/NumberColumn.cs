namespace Recommender.Retrieval;

/// <summary>
/// The numbers under one key: by position, and sorted for range queries. Numbers changed since the last sort are kept aside and
/// tested one by one, until they are enough to pay for sorting again. Not safe for concurrent use by itself; <see cref="FilterIndex"/> locks.
/// </summary>
internal sealed class NumberColumn
{
    private double[] _values = [];
    private double[] _sortedValues = [];
    private int[] _sortedPositions = [];
    private ulong[] _changed = [];
    private readonly List<int> _changedList = [];

    public int Count { get; private set; }

    /// <summary>The number at a position, or NaN where there is none.</summary>
    public double this[int position] => position < _values.Length ? _values[position] : double.NaN;

    /// <summary>Enough has changed since the last sort that sorting again pays.</summary>
    public bool WantsSort => _changedList.Count > 256 + (Count / 16);

    /// <param name="value">NaN removes.</param>
    public void Set(int position, double value)
    {
        if (position >= _values.Length)
        {
            if (double.IsNaN(value)) return;
            int old = _values.Length;
            Array.Resize(ref _values, Math.Max(position + 1, old + (old / 2)));
            _values.AsSpan(old).Fill(double.NaN);
        }

        double before = _values[position];
        if (before.Equals(value)) return;
        _values[position] = value;
        Count += (double.IsNaN(value) ? 0 : 1) - (double.IsNaN(before) ? 0 : 1);
        int word = position >> 6;
        if (word >= _changed.Length) Array.Resize(ref _changed, (_values.Length >> 6) + 1);
        if ((_changed[word] & (1UL << position)) != 0) return;
        _changed[word] |= 1UL << position;
        _changedList.Add(position);
    }

    /// <summary>What <see cref="UseSorted"/> takes: the sorted numbers that still hold, merged with those changed since.</summary>
    /// <remarks>Reads only, so readers may go on meanwhile; the one writer calls it.</remarks>
    public (double[] Values, int[] Positions) Sort()
    {
        int[] newPositions = [.. _changedList.Where(position => !double.IsNaN(_values[position]))];
        double[] newValues = [.. newPositions.Select(position => _values[position])];
        Array.Sort(newValues, newPositions);
        var values = new double[Count];
        var positions = new int[Count];
        int n = 0, next = 0;
        for (int i = 0; i < _sortedPositions.Length; i++)
        {
            if (IsChanged(_sortedPositions[i])) continue;
            for (; next < newValues.Length && newValues[next] < _sortedValues[i]; next++) (values[n], positions[n++]) = (newValues[next], newPositions[next]);
            (values[n], positions[n++]) = (_sortedValues[i], _sortedPositions[i]);
        }

        for (; next < newValues.Length; next++) (values[n], positions[n++]) = (newValues[next], newPositions[next]);
        return (values, positions);
    }

    public void UseSorted((double[] Values, int[] Positions) sorted)
    {
        (_sortedValues, _sortedPositions) = sorted;
        foreach (int position in _changedList) _changed[position >> 6] = 0;
        _changedList.Clear();
    }

    /// <summary>How many positions <see cref="OrInto"/> would about have to touch.</summary>
    public int Cost(double from, double to) => _changedList.Count + FirstAbove(to) - FirstNotBelow(from);

    /// <summary>Clears the bits of the positions whose number is not between the bounds, or that have none, by looking at each position in the set.</summary>
    public void KeepInside(Span<ulong> words, double from, bool fromOpen, double to, bool toOpen)
    {
        double[] values = _values;
        for (int word = 0; word < words.Length; word++)
        {
            for (ulong left = words[word]; left != 0; left &= left - 1)
            {
                int position = (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left);
                double value = position < values.Length ? values[position] : double.NaN;
                if (!((fromOpen ? value > from : value >= from) && (toOpen ? value < to : value <= to))) words[word] &= ~(1UL << position);
            }
        }
    }

    /// <summary>Sets the bits of the positions whose number is between <paramref name="from"/> and <paramref name="to"/>.</summary>
    /// <param name="fromOpen">Whether <paramref name="from"/> itself is outside.</param>
    /// <param name="toOpen">Whether <paramref name="to"/> itself is outside.</param>
    public void OrInto(Span<ulong> target, double from, bool fromOpen, double to, bool toOpen)
    {
        int start = fromOpen ? FirstAbove(from) : FirstNotBelow(from);
        int end = toOpen ? FirstNotBelow(to) : FirstAbove(to);
        bool anyChanged = _changedList.Count > 0;
        for (int i = start; i < end; i++)
        {
            int position = _sortedPositions[i];
            if (anyChanged && IsChanged(position)) continue;
            target[position >> 6] |= 1UL << position;
        }

        foreach (int position in _changedList)
        {
            double value = _values[position];
            bool inside = (fromOpen ? value > from : value >= from) && (toOpen ? value < to : value <= to);
            if (inside) target[position >> 6] |= 1UL << position;
        }
    }

    private bool IsChanged(int position) => position >> 6 < _changed.Length && (_changed[position >> 6] & (1UL << position)) != 0;

    private int FirstNotBelow(double bound)
    {
        int low = 0, high = _sortedValues.Length;
        while (low < high)
        {
            int middle = (int)(((uint)low + (uint)high) / 2);
            if (_sortedValues[middle] < bound) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private int FirstAbove(double bound)
    {
        int low = 0, high = _sortedValues.Length;
        while (low < high)
        {
            int middle = (int)(((uint)low + (uint)high) / 2);
            if (_sortedValues[middle] <= bound) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
