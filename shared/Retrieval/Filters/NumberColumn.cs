namespace Recommender.Retrieval.Filters;

/// <summary>
/// The numbers under one key: by position, and sorted for range queries. Numbers changed since the last sort are kept separately and tested
/// one by one, until sorting again is worthwhile. Not thread-safe; <see cref="FilterIndex"/> locks.
/// </summary>
internal sealed class NumberColumn
{
    private double[] _values = [];
    private double[] _sortedValues = [];
    private int[] _sortedPositions = [];
    private ulong[] _changed = [];
    private readonly List<int> _changedList = [];
    // By position: difference from the double to an integer that no double represents; null while there is none.
    private Dictionary<int, short>? _rests;

    public int Count { get; private set; }

    private bool HasRests => _rests is { Count: > 0 };

    /// <summary>Whether enough has changed since the last sort to sort again.</summary>
    public bool WantsSort => _changedList.Count > 256 + (Count / 16);

    public void Set(int position, FilterNumber number)
    {
        Set(position, number.Value);
        if (number.Rest != 0) (_rests ??= [])[position] = number.Rest;
        else _rests?.Remove(position);
    }

    public void Remove(int position)
    {
        Set(position, double.NaN);
        _rests?.Remove(position);
    }

    private void Set(int position, double value)
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

    /// <summary>Merges the unchanged sorted numbers with the changed ones, for <see cref="UseSorted"/>.</summary>
    /// <remarks>Only reads, so readers may run concurrently. Only the writer may call it.</remarks>
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
            for (; next < newValues.Length && newValues[next] < _sortedValues[i]; next++)
                (values[n], positions[n++]) = (newValues[next], newPositions[next]);
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

    /// <summary>Approximate number of positions that <see cref="OrInto"/> touches.</summary>
    public int Cost(in NumberRange range) => _changedList.Count + FirstAbove(range.To) - FirstNotBelow(range.From);

    /// <summary>Clears the bits of the positions whose number is not in the range, or that have none, by looking at each position in the
    /// set.</summary>
    public void KeepInside(Span<ulong> words, in NumberRange range)
    {
        double[] values = _values;
        double from = range.From, to = range.To;
        bool fromOutside = range.IsFromOutside, toOutside = range.IsToOutside, exact = HasRests;
        for (int word = 0; word < words.Length; word++)
        {
            for (ulong left = words[word]; left != 0; left &= left - 1)
            {
                int position = (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left);
                double value = position < values.Length ? values[position] : double.NaN;
                bool inside = (fromOutside ? value > from : value >= from) && (toOutside ? value < to : value <= to);
                if (exact && (value == from || value == to)) inside = range.Contains(value, RestOf(position));
                if (!inside) words[word] &= ~(1UL << position);
            }
        }
    }

    /// <summary>Sets the bits of the positions whose number is in the range.</summary>
    public void OrInto(Span<ulong> target, in NumberRange range)
    {
        // All numbers with a double equal to a bound are on the same side, unless some are integers between doubles.
        double from = range.From, to = range.To;
        bool fromOutside = range.IsFromOutside, toOutside = range.IsToOutside, exact = HasRests;
        int start = fromOutside && !exact ? FirstAbove(from) : FirstNotBelow(from);
        int end = toOutside && !exact ? FirstNotBelow(to) : FirstAbove(to);
        bool anyChanged = _changedList.Count > 0;
        for (int i = start; i < end; i++)
        {
            int position = _sortedPositions[i];
            if (anyChanged && IsChanged(position)) continue;
            if (exact && !range.Contains(_sortedValues[i], RestOf(position))) continue;
            target[position >> 6] |= 1UL << position;
        }

        foreach (int position in _changedList)
        {
            double value = _values[position];
            bool inside = (fromOutside ? value > from : value >= from) && (toOutside ? value < to : value <= to);
            if (exact && (value == from || value == to)) inside = range.Contains(value, RestOf(position));
            if (inside) target[position >> 6] |= 1UL << position;
        }
    }

    private short RestOf(int position) => _rests is not null && _rests.TryGetValue(position, out short rest) ? rest : (short)0;

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
