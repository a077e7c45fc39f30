using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Quantized;

/// <summary>
/// One search over quantized rows. During the scan the top k contains lower bounds of scores: k rows score at least its threshold, so a row
/// with a lower upper bound cannot be among the best. The remaining rows, seldom more than 2 · k, are scored in float32 at the end.
/// </summary>
internal unsafe ref struct QuantizedScan
{
    /// <summary>Rows per block: their sums and survivors stay in the first-level cache.</summary>
    public const int Block = 256;

    private readonly Kernel _kernel;
    private readonly QuantizedRows _rows;
    private readonly float* _query;
    private readonly float* _factors;
    private readonly short* _quantized;
    private readonly int* _items;
    private readonly Bound _bound;
    private readonly byte* _narrow;
    private readonly Bound _narrowBound;
    private readonly SearchScope _scope;
    private fixed int _sums[Block];
    private fixed int _survivors[Block];

    // Pooled. Items with the upper bounds of their scores.
    private ScoredItem[] _kept;
    private int _count;

    /// <param name="query">Rank numbers.</param>
    /// <param name="factors">Items × rank, row-major, by item.</param>
    /// <param name="quantized">The query in 16 bits, followed by space for the narrow one: <see cref="QuantizedQuery.Length"/>
    /// numbers.</param>
    /// <param name="norm">|query|, from its quantization like the bound.</param>
    /// <param name="items">The item at each row; null: the row's own number.</param>
    public QuantizedScan(Kernel kernel, QuantizedRows rows, float* query, short* quantized, scoped in Bound bound, float norm,
        float* factors, int* items, SearchScope scope)
    {
        _kernel = kernel;
        _rows = rows;
        _query = query;
        _quantized = quantized;
        _bound = bound;
        _factors = factors;
        _items = items;
        _scope = scope;
        _kept = ArrayPool<ScoredItem>.Shared.Rent(4 * Block);
        if (!kernel.HasNarrow(rows.Stride)) return;
        _narrow = (byte*)(quantized + rows.Stride);
        _narrowBound = QuantizedQuery.Narrow(new ReadOnlySpan<float>(query, rows.Rank), rows, bound, norm,
            new Span<byte>(_narrow, rows.Stride));
    }

    /// <summary>Scans the rows from <paramref name="from"/> to <paramref name="to"/> − 1.</summary>
    public void Scan(int from, int to, scoped ref TopK top)
    {
        fixed (int* sums = _sums, survivors = _survivors)
        {
            for (int start = from; start < to; start += Block)
            {
                int count = Math.Min(Block, to - start);
                // A first pass excludes nothing while there is no threshold.
                if (_narrow is not null && top.Threshold > float.NegativeInfinity)
                {
                    _kernel.DotsNarrow(_narrow, _rows.Rows + ((long)start * _rows.Stride), _rows.NarrowOffsets + start,
                        _rows.Stride, count, sums);
                    int candidates = _kernel.Survivors(sums, _rows.Scales + start, count, _narrowBound, top.Threshold, survivors);
                    for (int i = 0; i < candidates; i++) survivors[i] += start;
                    if (candidates > 0) ScanAt(survivors, candidates, ref top);
                    continue;
                }

                _kernel.DotsInt8(_quantized, _rows.Rows + ((long)start * _rows.Stride), _rows.Stride, count, sums);
                int found = _kernel.Survivors(sums, _rows.Scales + start, count, _bound, top.Threshold, survivors);
                if (found == 0) continue;
                Reserve(found, top.Threshold);
                for (int i = 0; i < found; i++)
                {
                    int row = start + survivors[i];
                    Keep(_items is null ? row : _items[row], sums[survivors[i]], _rows.Scales[row], ref top);
                }
            }
        }
    }

    /// <summary>Scans the listed rows.</summary>
    /// <param name="count">At most <see cref="Block"/>.</param>
    public void ScanAt(int* rows, int count, scoped ref TopK top)
    {
        fixed (int* sums = _sums)
        {
            _kernel.DotsInt8At(_quantized, _rows.Rows, _rows.Stride, rows, count, sums);
            Reserve(count, top.Threshold);
            for (int i = 0; i < count; i++) Keep(_items is null ? rows[i] : _items[rows[i]], sums[i], _rows.Scales[rows[i]], ref top);
        }
    }

    /// <summary>Replaces the lower bounds by float32 scores. This object must not be used afterwards.</summary>
    public void Finish(scoped ref TopK top)
    {
        Drop(top.Threshold);
        top.Clear();
        int rank = _rows.Rank;
        const int Ahead = 4;
        for (int i = 0; i < _count; i++)
        {
            if (Sse.IsSupported && i + Ahead < _count)
            {
                byte* next = (byte*)(_factors + ((long)_kept[i + Ahead].Item * rank));
                for (int line = 0; line < 4 * rank; line += 64) Sse.Prefetch0(next + line);
            }

            int item = _kept[i].Item;
            top.Add(item, _kernel.Dot(_query, _factors + ((long)item * rank), rank));
        }

        ArrayPool<ScoredItem>.Shared.Return(_kept);
        _kept = [];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(int item, int sum, float scale, scoped ref TopK top)
    {
        float upper = _bound.Upper(sum, scale);
        // The threshold may have risen since the block was scanned. A row with a bound of NaN cannot be excluded.
        if (upper < top.Threshold || !_scope.Allows(item)) return;
        _kept[_count++] = new ScoredItem(item, upper);
        top.Add(item, -_bound.Upper(-sum, scale));
    }

    /// <summary>Ensures capacity for more items. Items that can no longer be among the best are dropped first.</summary>
    private void Reserve(int more, float threshold)
    {
        if (_count + more <= _kept.Length) return;
        Drop(threshold);
        if (_count + more <= _kept.Length / 2) return;
        ScoredItem[] larger = ArrayPool<ScoredItem>.Shared.Rent(Math.Max(2 * _kept.Length, _count + more));
        _kept.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<ScoredItem>.Shared.Return(_kept);
        _kept = larger;
    }

    private void Drop(float threshold)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++) if (!(_kept[i].Score < threshold)) _kept[kept++] = _kept[i];
        _count = kept;
    }
}
