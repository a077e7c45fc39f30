using System.Buffers;
using Recommender.Retrieval.Kernels;
using Recommender.Retrieval.Quantized;

namespace Recommender.Retrieval.Cells;

/// <summary>
/// Neighbourhood search: items are divided into cells, and a search visits cells in descending order of their bound, q·centre + reach · |q|
/// · radius. It stops when no remaining bound reaches the k-th best score found. With reach 1 the bound is proven and the answer exact; a
/// smaller reach, calibrated at build, meets a recall target. The rule depends on the scores found, so it also holds under filters: the
/// fewer items pass, the more cells are visited.
/// </summary>
/// <remarks>
/// The factors are referenced, not copied. In addition the index takes rank + 12 bytes per item, and the centres. Scores are float32 and
/// equal those of <see cref="ExactIndex"/> to the bit.
/// </remarks>
public sealed unsafe class CellIndex : IItemIndex
{
    /// <summary>Below this share of allowed items, a search scores them one by one.</summary>
    private const double GatherShare = 1.0 / 48;

    private readonly ExactIndex _exact;
    private readonly ReadOnlyMemory<float> _factors;
    private readonly Kernel _kernel;
    private readonly QuantizedRows _rows;
    private readonly QuantizedRows _centres;
    private readonly float[] _radii;
    private readonly int[] _starts;
    private readonly int[] _items;
    private readonly int[] _slots;
    private readonly int _rowBudget;
    private readonly float _reach;
    private readonly string _target;

    /// <param name="factors">items × rank, row-major. Must not change while the index lives.</param>
    /// <exception cref="ArgumentException">The factors are not a whole number of rows, or an option is out of range.</exception>
    public CellIndex(ReadOnlyMemory<float> factors, int rank, CellIndexOptions? options = null)
    {
        options ??= new CellIndexOptions();
        _kernel = options.Kernel ?? Kernel.Default;
        _exact = new ExactIndex(factors, rank, _kernel);
        _factors = factors;
        options.Check(rank);
        CellPartition partition = CellPartition.Of(factors, rank, options.Cells
            ?? Math.Max(1, Count / 256), options.Rounds, options.Seed, options.Threads, _kernel);
        _items = partition.Order;
        _starts = partition.Starts;
        _rows = QuantizedRows.Of(factors, rank, _items);
        _centres = QuantizedRows.Of(partition.Centres, rank);
        _slots = new int[Count];
        for (int slot = 0; slot < Count; slot++) _slots[_items[slot]] = slot;
        _radii = Radii(factors.Span, rank, partition);
        _rowBudget = options.RowBudget ?? int.MaxValue;
        _reach = options.RecallTarget >= 1 ? 1 : Calibration.Reach(this, options);
        _target = options.RecallTarget >= 1 ? "exact" : $"recall target {options.RecallTarget} (reach {_reach:0.00})";
    }

    public int Count => _exact.Count;

    public int Rank => _exact.Rank;

    public int Cells => _radii.Length;

    /// <summary>Fraction of a cell's radius in its bound, 0..1. With 1 every answer is exact.</summary>
    public float Reach => _reach;

    public string Description => $"neighbourhood of {Cells} cells, {_target}, {Count} × {Rank}, {_kernel.Name}";

    /// <summary>Bytes in addition to the factors.</summary>
    public long MemoryBytes => _rows.MemoryBytes + _centres.MemoryBytes
        + (4L * (_items.Length + _slots.Length + _starts.Length + _radii.Length));

    internal ReadOnlySpan<int> CellItems(int cell) => _items.AsSpan(_starts[cell].._starts[cell + 1]);

    internal int CellOf(int item)
    {
        int at = Array.BinarySearch(_starts, _slots[item]);
        if (at < 0) return ~at - 1;
        // Empty cells start where the next one does.
        while (_starts[at + 1] == _starts[at]) at++;
        return at;
    }

    public int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results) =>
        Search(query, k, scope, results, _reach, _rowBudget, out _);

    /// <param name="scored">Number of scored rows.</param>
    internal int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results, float reach, int rowBudget,
        out int scored)
    {
        int wanted = Arguments.CheckSearch(this, query, k, results);
        scored = 0;
        short[] rented = ArrayPool<short>.Shared.Rent(QuantizedQuery.Length(_rows));
        try
        {
            Span<short> quantizedSpan = rented.AsSpan(0, _rows.Stride);
            if (!QuantizedQuery.TryCreate(query, _centres, quantizedSpan, out Bound centreBound, out float norm)
                || !QuantizedQuery.TryCreate(query, _rows, quantizedSpan, out Bound bound))
            {
                scored = Count;
                return _exact.Search(query, k, scope, results);
            }

            if (wanted == 0) return 0;
            var top = new TopK(results[..wanted]);
            fixed (short* quantized = rented)
            fixed (int* items = _items)
            fixed (float* q = query, factors = _factors.Span)
            {
                var scan = new QuantizedScan(_kernel, _rows, q, quantized, bound, norm, factors, items, scope);
                if (scope.Allowed is { } allowed && allowed.Count <= Math.Max(wanted, Count * GatherShare))
                    scored = Gather(allowed, ref scan, ref top);
                else scored = Visit(quantized, centreBound, norm * reach, rowBudget, ref scan, ref top);
                scan.Finish(ref top);
            }

            return top.Finish();
        }
        finally
        {
            ArrayPool<short>.Shared.Return(rented);
        }
    }

    public void Score(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores) => _exact.Score(query, items, scores);

    public ReadOnlySpan<float> Factor(int item) => _exact.Factor(item);

    private int Visit(short* quantized, in Bound bound, float reach, int rowBudget, scoped ref QuantizedScan scan, scoped ref TopK top)
    {
        int cells = Cells;
        int[] sums = ArrayPool<int>.Shared.Rent(cells);
        float[] promises = ArrayPool<float>.Shared.Rent(cells);
        ScoredItem[] picked = ArrayPool<ScoredItem>.Shared.Rent(cells);
        try
        {
            Promise(quantized, bound, reach, sums, promises.AsSpan(0, cells));
            int scored = 0, visited = 0;
            // Most searches visit few cells, so the best ones are selected in growing batches instead of sorting all.
            for (int batch = 16; visited < cells; batch *= 4)
            {
                var best = new TopK(picked.AsSpan(0, Math.Min(batch, cells - visited)));
                for (int cell = 0; cell < cells; cell++)
                {
                    float promise = promises[cell];
                    if (promise >= top.Threshold) best.Add(cell, promise);
                }

                int found = best.Finish();
                for (int i = 0; i < found; i++)
                {
                    // At a bound equal to the threshold, the cell may contain an equal score with a lower position.
                    if (picked[i].Score < top.Threshold) return scored;
                    int cell = picked[i].Item;
                    scan.Scan(_starts[cell], _starts[cell + 1], ref top);
                    scored += _starts[cell + 1] - _starts[cell];
                    promises[cell] = float.NaN; // Visited.
                    if (scored >= rowBudget && top.IsFull) return scored;
                }

                if (!best.IsFull) break;
                visited += found;
            }

            return scored;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(sums);
            ArrayPool<float>.Shared.Return(promises);
            ArrayPool<ScoredItem>.Shared.Return(picked);
        }
    }

    /// <summary>Computes the bound of each cell. NaN becomes infinite, so that its cell is visited.</summary>
    private void Promise(short* quantized, in Bound bound, float reach, int[] sums, Span<float> promises)
    {
        fixed (int* s = sums)
        {
            _kernel.DotsInt8(quantized, _centres.Rows, _centres.Stride, promises.Length, s);
            for (int cell = 0; cell < promises.Length; cell++)
            {
                float promise = bound.Upper(s[cell], _centres.Scales[cell]) + (reach * _radii[cell]);
                promises[cell] = float.IsNaN(promise) ? float.PositiveInfinity : promise;
            }
        }
    }

    private int Gather(ItemSet allowed, scoped ref QuantizedScan scan, scoped ref TopK top)
    {
        int* slots = stackalloc int[QuantizedScan.Block];
        var span = new Span<int>(slots, QuantizedScan.Block);
        int scored = 0;
        for (int from = 0, found; (found = allowed.CopyTo(span, from)) > 0;)
        {
            from = slots[found - 1] + 1;
            while (found > 0 && slots[found - 1] >= Count) found--;
            if (found == 0) break;
            for (int i = 0; i < found; i++) slots[i] = _slots[slots[i]];
            scan.ScanAt(slots, found, ref top);
            scored += found;
        }

        return scored;
    }

    /// <summary>
    /// The largest distance of a cell's rows from its centre, plus the rounding error of float32 scores relative to |q|: at most rank ·
    /// 2⁻²⁴ · (|centre| + radius), doubled for the rounding of the bound. Infinite if a row is not finite.
    /// </summary>
    private static float[] Radii(ReadOnlySpan<float> factors, int rank, CellPartition partition)
    {
        var radii = new float[partition.Starts.Length - 1];
        for (int cell = 0; cell < radii.Length; cell++)
        {
            ReadOnlySpan<float> centre = partition.Centres.AsSpan(cell * rank, rank);
            double largest = 0, centreSquares = 0;
            foreach (float value in centre) centreSquares += (double)value * value;
            for (int slot = partition.Starts[cell]; slot < partition.Starts[cell + 1]; slot++)
            {
                ReadOnlySpan<float> row = factors.Slice(partition.Order[slot] * rank, rank);
                double squares = 0;
                for (int j = 0; j < rank; j++)
                {
                    double difference = (double)row[j] - centre[j];
                    squares += difference * difference;
                }

                largest = double.IsNaN(squares) ? double.PositiveInfinity : Math.Max(largest, squares);
            }

            double radius = Math.Sqrt(largest);
            radii[cell] = MathF.BitIncrement((float)((radius * (1 + 1e-6))
                + ((rank + 16) * Math.Pow(2, -23) * (Math.Sqrt(centreSquares) + radius))));
        }

        return radii;
    }
}
