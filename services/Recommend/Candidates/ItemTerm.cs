using Recommender.Factorization.Data;
using Recommender.Factorization.Learners.Neighbourhood;

namespace Recommender.Recommend.Candidates;

/// <summary>
/// The item–item term of one history: what it adds to the score of each item that was consumed together with one of the history. Sparse, in
/// memory that the next request on the same thread uses again.
/// </summary>
internal sealed class ItemTerm
{
    private float[] _sums = [];
    private int[] _touched = new int[256];
    private int _count;

    /// <summary>Items the term is not 0 for, in no order.</summary>
    public ReadOnlySpan<int> Touched => _touched.AsSpan(0, _count);

    /// <summary>What the term adds to an item's score.</summary>
    public float this[int position] => (uint)position < (uint)_sums.Length ? _sums[position] : 0;

    /// <summary>Takes the term of a history over; the same sums, in the same order, as <see cref="ItemNeighbours.Score"/>.</summary>
    public void Set(ItemNeighbours neighbours, ReadOnlySpan<HistoryEntry> history)
    {
        Clear();
        if (_sums.Length < neighbours.ItemCount) _sums = new float[neighbours.ItemCount];
        float scale = neighbours.Scale(history);
        foreach (var entry in history)
        {
            float given = scale * neighbours.Given(entry);
            if (!(given > 0)) continue;
            var items = neighbours.Of(entry.Item);
            var strengths = neighbours.StrengthsOf(entry.Item);
            if (_touched.Length < _count + items.Length) Array.Resize(ref _touched, Math.Max(_count + items.Length, _touched.Length * 2));
            for (int n = 0; n < items.Length; n++)
            {
                float add = given * strengths[n];
                if (!(add > 0)) continue;
                ref float sum = ref _sums[items[n]];
                if (sum == 0) _touched[_count++] = items[n];
                sum += add;
            }
        }
    }

    /// <summary>Takes one item's neighbours over, the strongest with 1.</summary>
    public void SetNeighboursOf(ItemNeighbours neighbours, int item)
    {
        var strengths = neighbours.StrengthsOf(item);
        if (!strengths.ContainsAnyExcept(0f)) return;
        Set(neighbours, [new HistoryEntry(item, 1, 1)]);
        float strongest = neighbours.Scale([new HistoryEntry(item, 1, 1)]) * System.Numerics.Tensors.TensorPrimitives.Max(strengths);
        foreach (int touched in Touched) _sums[touched] /= strongest;
    }

    public void Clear()
    {
        foreach (int item in Touched) _sums[item] = 0;
        _count = 0;
    }
}
