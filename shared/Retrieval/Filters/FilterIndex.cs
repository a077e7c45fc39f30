using System.Buffers;
using System.Numerics;

namespace Recommender.Retrieval.Filters;

/// <summary>
/// Index of item attributes by position. It compiles filters to the sets of items that pass. Any number of threads may compile filters
/// while one thread at a time changes items; each compiled set reflects one consistent state.
/// </summary>
/// <remarks>Only items in the index can pass a filter, including <see cref="ItemFilter.Not"/>.</remarks>
public sealed class FilterIndex : IDisposable
{
    private readonly ReaderWriterLockSlim _lock = new();
    private readonly Lock _writing = new();
    private readonly Dictionary<string, KeyIndex> _keys = new(StringComparer.Ordinal);
    private readonly Posting _present = new();
    // The attributes of each position, for removal. An entry takes 4 bytes instead of the value itself.
    private readonly List<KeyValue> _entries = [];
    private readonly Stack<int> _freeEntries = [];
    private int[]?[] _entriesOf = [];
    private int _length;
    private long _version;

    /// <summary>One more than the highest position ever added.</summary>
    public int Length => Volatile.Read(ref _length);

    /// <summary>Number of items in the index.</summary>
    public int Count => _present.Count;

    /// <summary>Increases with every change. A compiled set stays valid while the version is unchanged.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Adds an item, or replaces all its attributes.</summary>
    /// <exception cref="ArgumentException">Two different numbers under one key. Nothing has changed.</exception>
    public void Upsert(int position, params ReadOnlySpan<ItemAttribute> attributes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        CheckNumbers(attributes);
        lock (_writing)
        {
            _lock.EnterWriteLock();
            try
            {
                TakeOut(position);
                if (position >= _entriesOf.Length) Array.Resize(ref _entriesOf,
                    Math.Max(position + 1, _entriesOf.Length + (_entriesOf.Length / 2)));
                if (position >= _length) _length = position + 1;
                _present.Add(position, _length);
                PutIn(position, attributes);
                _version++;
            }
            finally
            {
                _lock.ExitWriteLock();
            }

            SortColumns();
        }
    }

    /// <summary>Removes an item; it passes no filter afterwards. Does nothing without such an item.</summary>
    public void Remove(int position)
    {
        lock (_writing)
        {
            if ((uint)position >= (uint)_length) return;
            _lock.EnterWriteLock();
            try
            {
                TakeOut(position);
                _present.Remove(position);
                _version++;
            }
            finally
            {
                _lock.ExitWriteLock();
            }

            SortColumns();
        }
    }

    /// <summary>The items that pass the filter; null passes every item in the index.</summary>
    public ItemSet Compile(ItemFilter? filter)
    {
        var set = new ItemSet(0);
        Compile(filter, set);
        return set;
    }

    /// <summary>As <see cref="Compile(ItemFilter)"/>, into a reusable set, without allocation.</summary>
    /// <param name="target">Its content and length are replaced.</param>
    /// <returns>The <see cref="Version"/> that the set reflects.</returns>
    public long Compile(ItemFilter? filter, ItemSet target)
    {
        _lock.EnterReadLock();
        try
        {
            Span<ulong> words = target.Reset(_length);
            _present.OrInto(words);
            if (filter is not null) Keep(filter, words);
            return _version;
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Clears the bits of <paramref name="words"/> that do not pass the filter.</summary>
    private void Keep(ItemFilter filter, Span<ulong> words)
    {
        switch (filter)
        {
            case ItemFilter.All all:
                // Ranges come last: the other filters often leave few items, which are then tested one by one.
                foreach (ItemFilter part in all.Filters) if (part is not ItemFilter.Range) Keep(part, words);
                foreach (ItemFilter part in all.Filters) if (part is ItemFilter.Range range) KeepRange(range, words);
                break;
            case ItemFilter.Range range:
                KeepRange(range, words);
                break;
            case ItemFilter.HasAll hasAll:
                // All values must be present, so each is tested separately.
                foreach (AttributeValue value in hasAll.Values) KeepValue(hasAll.Key, value, words);
                break;
            case ItemFilter.HasAny { Values.Count: 1 } hasOne:
                // The most common filter needs no second bitmap.
                KeepValue(hasOne.Key, hasOne.Values[0], words);
                break;
            case ItemFilter.Exists exists:
                if (_keys.TryGetValue(exists.Key, out KeyIndex? key)) key.Present.AndInto(words);
                else words.Clear();
                break;
            default:
                ulong[] rented = ArrayPool<ulong>.Shared.Rent(Math.Max(1, words.Length));
                Span<ulong> passing = rented.AsSpan(0, words.Length);
                passing.Clear();
                Collect(filter, words, passing);
                bool keepsOthers = filter is ItemFilter.Not;
                for (int i = 0; i < words.Length; i++) words[i] &= keepsOthers ? ~passing[i] : passing[i];
                ArrayPool<ulong>.Shared.Return(rented);
                break;
        }
    }

    /// <summary>Sets the bits of what passes the filter, or for Not, of what its inner filter lets through, at least among those in
    /// <paramref name="within"/>.</summary>
    private void Collect(ItemFilter filter, ReadOnlySpan<ulong> within, Span<ulong> passing)
    {
        switch (filter)
        {
            case ItemFilter.HasAny hasAny:
                foreach (AttributeValue value in hasAny.Values) OrValue(hasAny.Key, value, passing);
                break;
            case ItemFilter.Positions positions:
                foreach (int position in positions.Items) if ((uint)position < (uint)_length) passing[position >> 6] |= 1UL << position;
                break;
            case ItemFilter.Any any:
                ulong[] rented = ArrayPool<ulong>.Shared.Rent(Math.Max(1, within.Length));
                foreach (ItemFilter part in any.Filters)
                {
                    Span<ulong> one = rented.AsSpan(0, within.Length);
                    within.CopyTo(one);
                    Keep(part, one);
                    for (int i = 0; i < passing.Length; i++) passing[i] |= one[i];
                }

                ArrayPool<ulong>.Shared.Return(rented);
                break;
            case ItemFilter.Not not:
                within.CopyTo(passing);
                Keep(not.Filter, passing);
                break;
            default:
                throw new ArgumentException($"Unknown filter {filter.GetType().Name}.", nameof(filter));
        }
    }

    private void KeepValue(string key, AttributeValue value, Span<ulong> words)
    {
        if (value.Kind != AttributeKinds.Number)
        {
            if (_keys.TryGetValue(key, out KeyIndex? index) && index.Entries.TryGetValue(value, out int entry))
                _entries[entry].Posting.AndInto(words);
            else words.Clear();
            return;
        }

        ulong[] rented = ArrayPool<ulong>.Shared.Rent(Math.Max(1, words.Length));
        Span<ulong> passing = rented.AsSpan(0, words.Length);
        passing.Clear();
        OrValue(key, value, passing);
        for (int i = 0; i < words.Length; i++) words[i] &= passing[i];
        ArrayPool<ulong>.Shared.Return(rented);
    }

    private void KeepRange(ItemFilter.Range range, Span<ulong> words)
    {
        if (!_keys.TryGetValue(range.Key, out KeyIndex? key) || key.Numbers is not { } numbers)
        {
            words.Clear();
            return;
        }

        var bounds = NumberRange.Of(range);
        int left = 0;
        foreach (ulong word in words) left += BitOperations.PopCount(word);
        if (left <= numbers.Cost(bounds))
        {
            numbers.KeepInside(words, bounds);
            return;
        }

        ulong[] rented = ArrayPool<ulong>.Shared.Rent(Math.Max(1, words.Length));
        Span<ulong> passing = rented.AsSpan(0, words.Length);
        passing.Clear();
        numbers.OrInto(passing, bounds);
        for (int i = 0; i < words.Length; i++) words[i] &= passing[i];
        ArrayPool<ulong>.Shared.Return(rented);
    }

    private void OrValue(string key, AttributeValue value, Span<ulong> passing)
    {
        if (!_keys.TryGetValue(key, out KeyIndex? index)) return;
        if (value.Kind == AttributeKinds.Number) index.Numbers?.OrInto(passing, NumberRange.Equal(value.Number));
        else if (index.Entries.TryGetValue(value, out int entry)) _entries[entry].Posting.OrInto(passing);
    }

    private void PutIn(int position, ReadOnlySpan<ItemAttribute> attributes)
    {
        var entries = new List<int>(attributes.Length);
        foreach (ItemAttribute attribute in attributes)
        {
            if (!_keys.TryGetValue(attribute.Key, out KeyIndex? key)) _keys.Add(attribute.Key, key = new KeyIndex(attribute.Key));
            key.Present.Add(position, _length);
            if (attribute.Value.Kind == AttributeKinds.Number)
            {
                (key.Numbers ??= new NumberColumn()).Set(position, attribute.Value.Number);
                continue;
            }

            if (!key.Entries.TryGetValue(attribute.Value, out int entry))
            {
                var added = new KeyValue(key, attribute.Value, new Posting());
                if (_freeEntries.TryPop(out entry)) _entries[entry] = added;
                else
                {
                    entry = _entries.Count;
                    _entries.Add(added);
                }

                key.Entries.Add(attribute.Value, entry);
            }

            Posting posting = _entries[entry].Posting;
            if (posting.Contains(position)) continue;
            posting.Add(position, _length);
            entries.Add(entry);
        }

        _entriesOf[position] = entries.Count == 0 ? null : [.. entries];
    }

    private void TakeOut(int position)
    {
        if ((uint)position >= (uint)_entriesOf.Length) return;
        if (_entriesOf[position] is { } entries)
        {
            foreach (int entry in entries)
            {
                KeyValue value = _entries[entry];
                value.Posting.Remove(position);
                if (value.Posting.Count > 0) continue;
                value.Key.Entries.Remove(value.Value);
                _freeEntries.Push(entry);
            }

            _entriesOf[position] = null;
        }

        List<string>? empty = null;
        foreach ((string name, KeyIndex key) in _keys)
        {
            key.Numbers?.Remove(position);
            key.Present.Remove(position);
            if (key.Present.Count == 0) (empty ??= []).Add(name);
        }

        if (empty is not null) foreach (string name in empty) _keys.Remove(name);
    }

    /// <summary>Sorting only reads, so readers continue and wait only for the swap.</summary>
    private void SortColumns()
    {
        foreach (KeyIndex key in _keys.Values)
        {
            if (key.Numbers is not { WantsSort: true } column) continue;
            var sorted = column.Sort();
            _lock.EnterWriteLock();
            column.UseSorted(sorted);
            _lock.ExitWriteLock();
        }
    }

    private static void CheckNumbers(ReadOnlySpan<ItemAttribute> attributes)
    {
        for (int i = 0; i < attributes.Length; i++)
        {
            if (attributes[i].Value.Kind == AttributeKinds.None)
                throw new ArgumentException($"Attribute {i}, '{attributes[i].Key}', has no value.", nameof(attributes));
            if (attributes[i].Value.Kind != AttributeKinds.Number) continue;
            for (int j = 0; j < i; j++)
            {
                if (attributes[j].Key == attributes[i].Key && attributes[j].Value.Kind == AttributeKinds.Number
                    && attributes[j].Value != attributes[i].Value)
                {
                    throw new ArgumentException($"'{attributes[i].Key}' has two numbers, {attributes[j].Value} and {attributes[i].Value}; "
                        + $"an item has one.", nameof(attributes));
                }
            }
        }
    }

    private sealed record KeyValue(KeyIndex Key, AttributeValue Value, Posting Posting);

    private sealed class KeyIndex(string name)
    {
        public string Name { get; } = name;
        public Posting Present { get; } = new();
        public Dictionary<AttributeValue, int> Entries { get; } = [];
        public NumberColumn? Numbers { get; set; }
    }
}
