using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Neighbourhood;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// The sparse part of the scores for one history: for each item the sum of the terms other than the dot product (item–item neighbours,
/// transitions, recent popularity). Sparse, in memory that the next request on the same thread uses again.
/// </summary>
internal sealed class ItemTerm
{
    private float[] _sums = [];
    private int[] _touched = new int[256];
    private int _count;

    /// <summary>Items the term is not 0 for, in no order.</summary>
    public ReadOnlySpan<int> Touched => _touched.AsSpan(0, _count);

    /// <summary>No more items than this have a term below 0.</summary>
    public int Lowered { get; private set; }

    /// <summary>What the term adds to an item's score.</summary>
    public float this[int position] => (uint)position < (uint)_sums.Length ? _sums[position] : 0;

    /// <summary>Adds the item–item term of a history; the same sums, in the same order, as <see cref="ItemNeighbours.Score"/>.</summary>
    public void Add(ItemNeighbours neighbours, ReadOnlySpan<HistoryEntry> history)
    {
        EnsureCapacity(neighbours.ItemCount);
        float scale = neighbours.Scale(history);
        foreach (var entry in history)
        {
            float given = scale * neighbours.Given(entry);
            if (!(given > 0)) continue;
            var items = neighbours.Of(entry.Item);
            var strengths = neighbours.StrengthsOf(entry.Item);
            EnsureTouchable(items.Length);
            for (int n = 0; n < items.Length; n++)
                if (given * strengths[n] is > 0 and var addition) Add(items[n], addition);
        }
    }

    /// <summary>Makes room for the next additions.</summary>
    /// <param name="positions">Of the catalogue: more than any position that is added to.</param>
    /// <param name="additions">At most so many follow.</param>
    public void Expect(int positions, int additions)
    {
        EnsureCapacity(positions);
        EnsureTouchable(additions);
    }

    /// <summary>Adds to one item, for which <see cref="Expect"/> has made room.</summary>
    public void Add(int position, float addition)
    {
        ref float sum = ref _sums[position];
        if (sum == 0) _touched[_count++] = position;
        if (addition < 0) Lowered++;
        sum += addition;
        if (sum == 0) sum = float.Epsilon; // 0 marks items that were never touched.
    }

    /// <summary>Takes one item's neighbours over, the strongest with 1.</summary>
    public void SetNeighboursOf(ItemNeighbours neighbours, int item)
    {
        var strengths = neighbours.StrengthsOf(item);
        if (!strengths.ContainsAnyExcept(0f)) return;
        Clear();
        Add(neighbours, [new HistoryEntry(item, 1, 1)]);
        float strongest = neighbours.Scale([new HistoryEntry(item, 1, 1)]) * System.Numerics.Tensors.TensorPrimitives.Max(strengths);
        foreach (int touched in Touched) _sums[touched] /= strongest;
    }

    public void Clear()
    {
        foreach (int item in Touched) _sums[item] = 0;
        _count = Lowered = 0;
    }

    private void EnsureCapacity(int positions)
    {
        if (_sums.Length < positions) Array.Resize(ref _sums, Math.Max(positions, _sums.Length + (_sums.Length / 8)));
    }

    private void EnsureTouchable(int more)
    {
        if (_touched.Length < _count + more) Array.Resize(ref _touched, Math.Max(_count + more, _touched.Length * 2));
    }
}
