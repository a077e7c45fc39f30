namespace Recommender.Retrieval.Filters;

/// <summary>
/// The positions of the items that share one value: a sorted list while they are few, a bitmap once the list would be larger than that.
/// Not thread-safe; <see cref="FilterIndex"/> locks.
/// </summary>
internal sealed class Posting
{
    private int[] _sorted = [];
    private ulong[]? _words;

    public int Count { get; private set; }

    public bool Contains(int position) => _words is { } words
        ? position >> 6 < words.Length && (words[position >> 6] & (1UL << position)) != 0
        : Array.BinarySearch(_sorted, 0, Count, position) >= 0;

    /// <param name="capacity">Number of positions of a bitmap; decides between list and bitmap.</param>
    public void Add(int position, int capacity)
    {
        if (_words is null && Count >= 32 && Count > capacity / 32) ToBitmap(capacity);
        if (_words is not null)
        {
            int word = position >> 6;
            if (word >= _words.Length) Array.Resize(ref _words, Math.Max(word + 1, _words.Length * 5 / 4));
            ulong bit = 1UL << position;
            if ((_words[word] & bit) != 0) return;
            _words[word] |= bit;
            Count++;
            return;
        }

        // Items are usually added in ascending order, at the end.
        int at = Count == 0 || position > _sorted[Count - 1] ? Count : Array.BinarySearch(_sorted, 0, Count, position);
        if (at >= 0 && at < Count) return;
        if (at < 0) at = ~at;
        if (Count == _sorted.Length) Array.Resize(ref _sorted, Math.Max(4, Count + (Count / 2)));
        Array.Copy(_sorted, at, _sorted, at + 1, Count - at);
        _sorted[at] = position;
        Count++;
    }

    public void Remove(int position)
    {
        if (_words is { } words)
        {
            int word = position >> 6;
            if (word >= words.Length || (words[word] & (1UL << position)) == 0) return;
            words[word] &= ~(1UL << position);
            Count--;
            return;
        }

        int at = Array.BinarySearch(_sorted, 0, Count, position);
        if (at < 0) return;
        Array.Copy(_sorted, at + 1, _sorted, at, Count - at - 1);
        Count--;
    }

    /// <summary>Sets the bits of the positions in <paramref name="target"/>, which is long enough for all of them.</summary>
    public void OrInto(Span<ulong> target)
    {
        if (_words is { } words)
        {
            int common = Math.Min(words.Length, target.Length);
            for (int i = 0; i < common; i++) target[i] |= words[i];
            return;
        }

        for (int i = 0; i < Count; i++) target[_sorted[i] >> 6] |= 1UL << _sorted[i];
    }

    /// <summary>Clears the bits of <paramref name="target"/> that are not in this posting.</summary>
    public void AndInto(Span<ulong> target)
    {
        if (_words is { } words)
        {
            int common = Math.Min(words.Length, target.Length);
            for (int i = 0; i < common; i++) target[i] &= words[i];
            target[common..].Clear();
            return;
        }

        int from = 0;
        for (int word = 0; word < target.Length; word++)
        {
            ulong mask = 0;
            for (; from < Count && _sorted[from] >> 6 == word; from++) mask |= 1UL << _sorted[from];
            target[word] &= mask;
        }
    }

    private void ToBitmap(int capacity)
    {
        var words = new ulong[(capacity >> 6) + 1];
        OrInto(words);
        _words = words;
        _sorted = [];
    }
}
