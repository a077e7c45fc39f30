namespace Recommender.Factorization.Judging;

/// <summary>The k best of a stream of scores, highest first, ties by index.</summary>
internal sealed class TopK(int k)
{
    private readonly float[] _scores = new float[k];
    private readonly int[] _items = new int[k];
    private int _count;

    /// <summary>
    /// Offers the scores of items first, first + 1, … except those in <paramref name="masked"/> (ascending). Overwrites masked scores.
    /// </summary>
    public void Offer(Span<float> block, int first, ReadOnlySpan<int> masked)
    {
        int from = masked.BinarySearch(first);
        for (int m = from < 0 ? ~from : from; m < masked.Length && masked[m] < first + block.Length; m++)
            block[masked[m] - first] = float.NegativeInfinity;
        int i = 0;
        for (; _count < k && i < block.Length; i++)
            if (block[i] > float.NegativeInfinity) Insert(block[i], first + i);
        if (_count < k) return;
        float least = _scores[k - 1];
        int width = System.Numerics.Vector<float>.Count;
        while (i < block.Length)
        {
            if (i + width <= block.Length && !System.Numerics.Vector.GreaterThanAny(new System.Numerics.Vector<float>(block[i..]),
                new System.Numerics.Vector<float>(least)))
            {
                i += width;
                continue;
            }

            int end = Math.Min(i + width, block.Length);
            for (; i < end; i++)
            {
                if (!(block[i] > least)) continue;
                Insert(block[i], first + i);
                least = _scores[k - 1];
            }
        }
    }

    /// <summary>Returns the items, best first, and clears the heap.</summary>
    public int[] Take()
    {
        var result = _items.AsSpan(0, _count).ToArray();
        _count = 0;
        return result;
    }

    public int[] Select(Span<float> all, ReadOnlySpan<int> masked)
    {
        Offer(all, 0, masked);
        return Take();
    }

    private void Insert(float score, int item)
    {
        int at = _count < k ? _count++ : k - 1;
        for (; at > 0 && score > _scores[at - 1]; at--)
        {
            _scores[at] = _scores[at - 1];
            _items[at] = _items[at - 1];
        }

        _scores[at] = score;
        _items[at] = item;
    }
}
