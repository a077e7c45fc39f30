using System.Runtime.CompilerServices;

namespace Recommender.Retrieval;

/// <summary>
/// Keeps the best <c>k</c> of the items offered to it, in storage the caller provides, without allocating. The result does not depend
/// on the order of the offers.
/// </summary>
/// <remarks>
/// Rules: NaN never enters; ±∞ are scores like any other; among equal scores the lower item is better; k = 0 keeps nothing; with fewer
/// offers than k, all of them are kept. The storage is a binary heap with the worst item first, so an offer costs one comparison
/// unless it enters, and then log k. Offering one item twice keeps it twice.
/// </remarks>
public ref struct TopK
{
    private readonly Span<ScoredItem> _heap;
    private int _count;

    /// <param name="storage">Its length is the number of items to keep; its content is ignored.</param>
    public TopK(Span<ScoredItem> storage)
    {
        _heap = storage;
        _count = 0;
        Threshold = storage.IsEmpty ? float.PositiveInfinity : float.NegativeInfinity;
    }

    private TopK(Span<ScoredItem> storage, int kept)
        : this(storage)
    {
        _count = kept;
        if (kept == storage.Length && kept > 0) Threshold = storage[0].Score;
    }

    /// <summary>Continues from a finished result of <paramref name="kept"/> items.</summary>
    public static TopK Continue(Span<ScoredItem> storage, int kept)
    {
        // Worst first is a heap with the worst at the top.
        storage[..kept].Reverse();
        return new TopK(storage, kept);
    }

    /// <summary>Number of items kept so far.</summary>
    public readonly int Count => _count;

    public readonly bool IsFull => _count == _heap.Length;

    /// <summary>
    /// A score below this cannot enter: the worst kept score once k are kept, −∞ before. A score equal to it enters if its item is
    /// lower than the worst kept one's.
    /// </summary>
    public float Threshold { get; private set; }

    /// <summary>Offers one item.</summary>
    /// <returns>Whether the item is now among those kept.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Add(int item, float score) => score >= Threshold && Enter(new ScoredItem(item, score));

    /// <summary>Sorts the kept items best first, in the storage. Nothing may be offered afterwards.</summary>
    /// <returns>Number of items kept.</returns>
    public int Finish()
    {
        for (int end = _count - 1; end > 0; end--)
        {
            (_heap[0], _heap[end]) = (_heap[end], _heap[0]);
            SiftDown(_heap[..end]);
        }

        return _count;
    }

    /// <summary>Removes all items.</summary>
    internal void Clear()
    {
        _count = 0;
        Threshold = _heap.IsEmpty ? float.PositiveInfinity : float.NegativeInfinity;
    }

    private bool Enter(ScoredItem candidate)
    {
        if (_heap.IsEmpty) return false;
        if (_count < _heap.Length)
        {
            int at = _count++;
            while (at > 0)
            {
                int parent = (at - 1) / 2;
                if (!_heap[parent].IsBetterThan(candidate)) break;
                _heap[at] = _heap[parent];
                at = parent;
            }

            _heap[at] = candidate;
        }
        else
        {
            if (!candidate.IsBetterThan(_heap[0])) return false;
            _heap[0] = candidate;
            SiftDown(_heap);
        }

        if (_count == _heap.Length) Threshold = _heap[0].Score;
        return true;
    }

    private static void SiftDown(Span<ScoredItem> heap)
    {
        if (heap.Length < 2) return;
        ScoredItem moving = heap[0];
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= heap.Length) break;
            if (child + 1 < heap.Length && heap[child].IsBetterThan(heap[child + 1])) child++;
            if (!moving.IsBetterThan(heap[child])) break;
            heap[at] = heap[child];
            at = child;
        }

        heap[at] = moving;
    }
}
