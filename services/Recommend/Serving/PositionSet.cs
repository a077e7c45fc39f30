using System.Numerics;

namespace Recommender.Recommend.Serving;

/// <summary>
/// A set of positions that is cleared in time proportional to its members, so that a thread can keep one for a catalogue of any size.
/// </summary>
internal sealed class PositionSet
{
    private ulong[] _words = [];
    private int[] _members = new int[64];
    private bool _sorted = true;

    public int Count { get; private set; }

    /// <summary>The members in ascending order.</summary>
    public ReadOnlySpan<int> Ascending
    {
        get
        {
            if (!_sorted) Sort();
            _sorted = true;
            return _members.AsSpan(0, Count);
        }
    }

    public bool Contains(int position) => (uint)(position >> 6) < (uint)_words.Length && (_words[position >> 6] & (1UL << position)) != 0;

    /// <summary>Adds a position; negative ones, which stand for unknown items, do nothing.</summary>
    /// <returns>Whether it was not there before.</returns>
    public bool Add(int position)
    {
        if (position < 0 || Contains(position)) return false;
        int word = position >> 6;
        if (word >= _words.Length) Array.Resize(ref _words, Math.Max(word + 1, _words.Length * 2));
        _words[word] |= 1UL << position;
        if (Count == _members.Length) Array.Resize(ref _members, Count * 2);
        _sorted &= Count == 0 || _members[Count - 1] < position;
        _members[Count++] = position;
        return true;
    }

    /// <summary>Takes a position out; slow for a large set.</summary>
    public void Remove(int position)
    {
        int at = Contains(position) ? Array.IndexOf(_members, position, 0, Count) : -1;
        if (at < 0) return;
        _words[position >> 6] &= ~(1UL << position);
        _members[at] = _members[--Count];
        _sorted = false;
    }

    private void Sort()
    {
        // Sorting takes about this much longer for a member than a look at a word.
        const int WordsPerMember = 16;
        if (_words.Length > (long)Count * WordsPerMember)
        {
            Array.Sort(_members, 0, Count);
            return;
        }

        int at = 0;
        for (int word = 0; at < Count; word++)
            for (ulong bits = _words[word]; bits != 0; bits &= bits - 1)
                _members[at++] = (word << 6) + BitOperations.TrailingZeroCount(bits);
    }

    public void Clear()
    {
        for (int i = 0; i < Count; i++) _words[_members[i] >> 6] = 0;
        Count = 0;
        _sorted = true;
    }
}
