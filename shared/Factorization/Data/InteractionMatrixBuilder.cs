using System.Runtime.InteropServices;
using Recommender.Factorization.Learners.Combined;

namespace Recommender.Factorization.Data;

/// <summary>Builds an <see cref="InteractionMatrix"/> from single entries.</summary>
public sealed class InteractionMatrixBuilder(int users, int items)
{
    private readonly List<int> _userIndices = [];
    private readonly List<int> _itemIndices = [];
    private readonly List<float> _weights = [];
    private readonly List<float> _targets = [];

    private readonly List<long> _times = [];

    public int Count => _userIndices.Count;

    /// <summary>
    /// Adds an entry with its time, in any unit. <see cref="InteractionMatrix.Ages"/> and places of histories are known only if all entries
    /// have a time.
    /// </summary>
    public void Add(Entry entry, long time)
    {
        Add(entry);
        _times.Add(time);
    }

    /// <summary>Adds an entry without a time.</summary>
    public void Add(Entry entry)
    {
        _userIndices.Add(entry.User);
        _itemIndices.Add(entry.Item);
        _weights.Add(entry.Weight);
        _targets.Add(entry.Target);
    }

    /// <exception cref="ArgumentException">An index or number is out of range; the message names the entry.</exception>
    /// <summary>Builds the matrix of all added entries.</summary>
    public InteractionMatrix Build()
    {
        var matrix = InteractionMatrix.Build(
            users, items, CollectionsMarshal.AsSpan(_userIndices), CollectionsMarshal.AsSpan(_itemIndices),
                CollectionsMarshal.AsSpan(_weights), CollectionsMarshal.AsSpan(_targets));
        if (_times.Count == 0 || _times.Count != Count) return matrix;
        long newest = _times.Max();
        double span = Math.Max(newest - _times.Min(), 1);
        return matrix.WithAges(new EventAges(
            [.. _userIndices], [.. _itemIndices], [.. _times.Select(t => (float)((newest - t) / span))], UnlessOnes(_weights),
                UnlessOnes(_targets)),
            Places.Of(matrix.Users, CollectionsMarshal.AsSpan(_userIndices), CollectionsMarshal.AsSpan(_itemIndices),
                CollectionsMarshal.AsSpan(_times)));

        static float[]? UnlessOnes(List<float> numbers) => CollectionsMarshal.AsSpan(numbers).ContainsAnyExcept(1f) ? [.. numbers] : null;
    }
}
