using System.Runtime.Intrinsics.X86;

namespace Recommender.Retrieval;

/// <summary>
/// One search over quantized rows: scores blocks in int8, keeps the rows that could still enter the top k, and scores those in float32.
/// The float rows of one block's survivors are fetched while the next block is scored, so that the search seldom waits for memory.
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
    private readonly SearchScope _scope;
    private fixed int _sums[Block];
    private fixed int _survivors[Block];
    private fixed int _pendingItems[Block];
    private fixed float _pendingUppers[Block];
    private int _pending;

    /// <param name="query">Rank numbers.</param>
    /// <param name="factors">Items × rank, row-major, by item.</param>
    /// <param name="items">The item at each row; null: the row's own number.</param>
    public QuantizedScan(Kernel kernel, QuantizedRows rows, float* query, short* quantized, scoped in Bound bound, float* factors, int* items, SearchScope scope)
    {
        _kernel = kernel;
        _rows = rows;
        _query = query;
        _quantized = quantized;
        _bound = bound;
        _factors = factors;
        _items = items;
        _scope = scope;
    }

    /// <summary>Offers the rows from <paramref name="from"/> to <paramref name="to"/> − 1.</summary>
    public void Scan(int from, int to, scoped ref TopK top)
    {
        fixed (int* sums = _sums, survivors = _survivors)
        {
            for (int start = from; start < to; start += Block)
            {
                int count = Math.Min(Block, to - start);
                _kernel.DotsInt8(_quantized, _rows.Rows + ((long)start * _rows.Stride), _rows.Stride, count, sums);
                Flush(ref top);
                int found = _kernel.Survivors(sums, _rows.Scales + start, count, _bound, top.Threshold, survivors);
                for (int i = 0; i < found; i++)
                {
                    int row = start + survivors[i];
                    Keep(_items is null ? row : _items[row], _bound.Upper(sums[survivors[i]], _rows.Scales[row]));
                }
            }
        }
    }

    /// <summary>Offers the rows listed.</summary>
    /// <param name="count">At most <see cref="Block"/>.</param>
    public void ScanAt(int* rows, int count, scoped ref TopK top)
    {
        fixed (int* sums = _sums)
        {
            _kernel.DotsInt8At(_quantized, _rows.Rows, _rows.Stride, rows, count, sums);
            Flush(ref top);
            for (int i = 0; i < count; i++)
            {
                int row = rows[i];
                float upper = _bound.Upper(sums[i], _rows.Scales[row]);
                if (!(upper < top.Threshold)) Keep(_items is null ? row : _items[row], upper);
            }
        }
    }

    /// <summary>Scores what still waits in float32. To be called after the last block.</summary>
    public void Flush(scoped ref TopK top)
    {
        int rank = _rows.Rank;
        for (int i = 0; i < _pending; i++)
        {
            // The threshold may have risen since the item was kept.
            if (_pendingUppers[i] < top.Threshold) continue;
            int item = _pendingItems[i];
            top.Add(item, _kernel.Dot(_query, _factors + ((long)item * rank), rank));
        }

        _pending = 0;
    }

    private void Keep(int item, float upper)
    {
        if (!_scope.Allows(item)) return;
        if (Sse.IsSupported)
        {
            byte* row = (byte*)(_factors + ((long)item * _rows.Rank));
            for (int line = 0; line < 4 * _rows.Rank; line += 64) Sse.Prefetch0(row + line);
        }

        _pendingItems[_pending] = item;
        _pendingUppers[_pending++] = upper;
    }
}
