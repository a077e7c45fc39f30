using System.Buffers;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Quantized;

/// <summary>
/// Exact answers at the speed of int8. A copy of the factors in 8 bits gives scores with a proven error bound; all items that may be in the
/// top k by this bound are scored again in float32. Factors are ordered by descending length. No score exceeds the product of the lengths,
/// so the scan ends once the remaining factors are too short (length-based pruning: Teflioudi, Gemulla, Mykytiuk 2015, "LEMP"). Results
/// equal those of <see cref="ExactIndex"/> to the bit. The factors are referenced; the copy takes a quarter of their memory and 12 bytes
/// per item.
/// </summary>
public sealed unsafe class QuantizedIndex : IItemIndex
{
    /// <summary>
    /// Rows between two tests whether the remaining factors are too short. The first rows all enter the top k, so there should be few.
    /// </summary>
    private const int Step = 64;

    /// <summary>Rows before the first use of the threshold.</summary>
    private const int First = 32;

    /// <summary>Below this share of allowed items, a search scores them one by one.</summary>
    private const double GatherShare = 1.0 / 64;

    /// <summary>Below this share of allowed items, the filter is applied before scoring; above, only to rows that may enter.</summary>
    private const double PickShare = 1.0 / 4;

    private readonly ExactIndex _exact;
    private readonly ReadOnlyMemory<float> _factors;
    private readonly QuantizedRows _rows;
    private readonly Kernel _kernel;

    // The item at each row, longest factor first, and the row of each item.
    private readonly int[] _items;
    private readonly int[] _rowOf;

    // By steps: the largest length of all following factors, including the rounding error of float32 scores.
    private readonly float[] _longest;

    /// <param name="factors">items × rank, row-major. Must not change while the index lives.</param>
    /// <param name="kernel">Null: <see cref="Kernel.Default"/>.</param>
    /// <exception cref="ArgumentException">The factors are not a whole number of rows.</exception>
    public QuantizedIndex(ReadOnlyMemory<float> factors, int rank, Kernel? kernel = null)
    {
        _exact = new ExactIndex(factors, rank, kernel);
        _factors = factors;
        _kernel = kernel ?? Kernel.Default;
        (_items, _longest) = ByLength(factors.Span, rank);
        _rowOf = new int[Count];
        for (int row = 0; row < Count; row++) _rowOf[_items[row]] = row;
        _rows = QuantizedRows.Of(factors, rank, _items);
    }

    public int Count => _exact.Count;

    public int Rank => _exact.Rank;

    public string Description => $"exact int8 scan, {Count} × {Rank}, {_kernel.Name}";

    /// <summary>Bytes in addition to the factors.</summary>
    public long MemoryBytes => _rows.MemoryBytes + (4L * (_items.Length + _rowOf.Length + _longest.Length));

    public int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results) =>
        Search(query, k, scope, results, out _);

    /// <param name="read">Number of rows read.</param>
    internal int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results, out int read)
    {
        read = Count;
        int wanted = Arguments.CheckSearch(this, query, k, results);
        short[] rented = ArrayPool<short>.Shared.Rent(QuantizedQuery.Length(_rows));
        try
        {
            if (!QuantizedQuery.TryCreate(query, _rows, rented.AsSpan(0, _rows.Stride), out Bound bound, out float length))
                return _exact.Search(query, k, scope, results);
            var top = new TopK(results[..wanted]);
            fixed (short* quantized = rented)
            fixed (int* items = _items)
            fixed (float* q = query, factors = _factors.Span)
            {
                var scan = new QuantizedScan(_kernel, _rows, q, quantized, bound, length, factors, items, scope);
                if (scope.Allowed is not { } allowed || allowed.Count >= Count * PickShare)
                    read = Scan(0, Count, length, bound.Rest, ref scan, ref top);
                else if (allowed.Count >= Count * GatherShare) read = Pick(allowed, length, bound.Rest, ref scan, ref top);
                else read = Gather(allowed, ref scan, ref top);
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

    /// <returns>Number of rows read.</returns>
    private int Scan(int from, int to, float length, float rest, scoped ref QuantizedScan scan, scoped ref TopK top)
    {
        int start = from;
        while (start < to && !IsTooShort(start, length, rest, top.Threshold))
        {
            // Small blocks first: the earlier there is a threshold, the fewer rows enter.
            int end = Math.Min(start + Math.Clamp(start, First, QuantizedScan.Block), to);
            scan.Scan(start, end, ref top);
            start = end;
        }

        return start - from;
    }

    /// <summary>Scans the allowed rows only.</summary>
    private int Pick(ItemSet allowed, float length, float rest, scoped ref QuantizedScan scan, scoped ref TopK top)
    {
        int* rows = stackalloc int[QuantizedScan.Block];
        // Small blocks first: the earlier there is a threshold, the earlier the scan can end.
        int start = 0, picked = 0, enough = 32;
        for (; start < Count && !IsTooShort(start, length, rest, top.Threshold); start += Step)
        {
            int end = Math.Min(start + Step, Count);
            for (int row = start; row < end; row++)
            {
                rows[picked] = row;
                picked += allowed.Contains(_items[row]) ? 1 : 0;
            }

            if (picked < enough) continue;
            scan.ScanAt(rows, picked, ref top);
            (picked, enough) = (0, Math.Min(2 * enough, QuantizedScan.Block - Step));
        }

        scan.ScanAt(rows, picked, ref top);
        return Math.Min(start, Count);
    }

    /// <summary>
    /// Whether no row from <paramref name="row"/> on, a multiple of <see cref="Step"/>, can reach the threshold. False for a bound of NaN.
    /// </summary>
    private bool IsTooShort(int row, float length, float rest, float threshold) => (length * _longest[row / Step]) + rest < threshold;

    private int Gather(ItemSet allowed, scoped ref QuantizedScan scan, scoped ref TopK top)
    {
        int* rows = stackalloc int[QuantizedScan.Block];
        var span = new Span<int>(rows, QuantizedScan.Block);
        int scored = 0;
        for (int from = 0, found; (found = allowed.CopyTo(span, from)) > 0;)
        {
            from = rows[found - 1] + 1;
            while (found > 0 && rows[found - 1] >= Count) found--;
            if (found == 0) break;
            for (int i = 0; i < found; i++) rows[i] = _rowOf[rows[i]];
            scan.ScanAt(rows, found, ref top);
            scored += found;
        }

        return scored;
    }

    /// <summary>
    /// The items by descending length of their factors, non-finite factors first, and the length at every step. The float32 kernel's
    /// rounding is at most rank · 2⁻²⁴ · |q| · |y|, and that of the comparison a few units of 2⁻²⁴ more.
    /// </summary>
    private static (int[] Items, float[] Longest) ByLength(ReadOnlySpan<float> factors, int rank)
    {
        int count = factors.Length / rank;
        var items = new int[count];
        var lengths = new float[count];
        for (int item = 0; item < count; item++)
        {
            double squares = 0;
            foreach (float value in factors.Slice(item * rank, rank)) squares += (double)value * value;
            items[item] = item;
            // Negative, because the sort is ascending.
            lengths[item] = double.IsFinite(squares)
                ? -MathF.BitIncrement((float)(Math.Sqrt(squares) * (1 + ((rank + 16) * Math.Pow(2, -23))))) : float.NegativeInfinity;
        }

        Array.Sort(lengths, items);
        var longest = new float[(count + Step - 1) / Step];
        for (int step = 0; step < longest.Length; step++) longest[step] = -lengths[step * Step];
        return (items, longest);
    }
}
