using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval;

/// <summary>
/// Scores every item in float32. It is the reference for the other indexes, and the fastest for a few thousand items. The factors are
/// referenced, not copied.
/// </summary>
public sealed unsafe class ExactIndex : IItemIndex
{
    /// <summary>Rows per block: their scores stay in the first-level cache.</summary>
    private const int Block = 256;

    private readonly ReadOnlyMemory<float> _factors;
    private readonly Kernel _kernel;

    /// <param name="factors">items × rank, row-major. Must not change while the index lives.</param>
    /// <param name="kernel">Null: <see cref="Kernel.Default"/>.</param>
    /// <exception cref="ArgumentException">The factors are not a whole number of rows.</exception>
    public ExactIndex(ReadOnlyMemory<float> factors, int rank, Kernel? kernel = null)
    {
        Arguments.CheckFactors(factors, rank);
        _factors = factors;
        _kernel = kernel ?? Kernel.Default;
        Rank = rank;
        Count = factors.Length / rank;
    }

    public int Count { get; }

    public int Rank { get; }

    public string Description => $"exact float32 scan, {Count} × {Rank}, {_kernel.Name}";

    public int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results)
    {
        var top = new TopK(results[..Arguments.CheckSearch(this, query, k, results)]);
        fixed (float* q = query, rows = _factors.Span)
        {
            // With few allowed items, scoring them one by one is cheaper than a scan.
            if (scope.Allowed is { } allowed && allowed.Count < Count / 8) Gather(q, rows, allowed, scope, ref top);
            else Scan(q, rows, 0, Count, scope, ref top);
        }

        return top.Finish();
    }

    public void Score(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores)
    {
        Arguments.CheckScore(this, query, items, scores);
        fixed (float* q = query, rows = _factors.Span)
        {
            for (int i = 0; i < items.Length; i++)
            {
                Arguments.CheckItem(this, items[i]);
                scores[i] = _kernel.Dot(q, rows + ((long)items[i] * Rank), Rank);
            }
        }
    }

    public ReadOnlySpan<float> Factor(int item)
    {
        Arguments.CheckItem(this, item);
        return _factors.Span.Slice(item * Rank, Rank);
    }

    private void Scan(float* query, float* rows, int from, int to, in SearchScope scope, ref TopK top)
    {
        float* scores = stackalloc float[Block];
        for (int start = from; start < to; start += Block)
        {
            int count = Math.Min(Block, to - start);
            _kernel.Dots(query, rows + ((long)start * Rank), count, Rank, scores);
            for (int i = 0; i < count; i++)
            {
                // Most scores are below the threshold, so the scope is checked only for the others.
                if (scores[i] >= top.Threshold && scope.Allows(start + i)) top.Add(start + i, scores[i]);
            }
        }
    }

    private void Gather(float* query, float* rows, ItemSet allowed, in SearchScope scope, ref TopK top)
    {
        int* positions = stackalloc int[Block];
        var span = new Span<int>(positions, Block);
        for (int from = 0, found; (found = allowed.CopyTo(span, from)) > 0; from = positions[found - 1] + 1)
        {
            for (int i = 0; i < found; i++)
            {
                int item = positions[i];
                if (item >= Count) return;
                float score = _kernel.Dot(query, rows + ((long)item * Rank), Rank);
                if (score >= top.Threshold && scope.Allows(item)) top.Add(item, score);
            }
        }
    }
}
