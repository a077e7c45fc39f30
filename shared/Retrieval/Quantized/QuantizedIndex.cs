using System.Buffers;

namespace Recommender.Retrieval;

/// <summary>
/// Exact answers at the speed of int8: keeps a copy of the factors in 8 bits, with a proven bound on the error of each score; whatever
/// could be in the top k by that bound is scored again in float32. The result equals <see cref="ExactIndex"/>'s to the bit, at about a
/// quarter of its memory traffic. Memory: a quarter of the factors' and 4 bytes per item, beside the factors, which are referred to.
/// </summary>
public sealed unsafe class QuantizedIndex : IItemIndex
{
    /// <summary>Rows scored for one query before the next query's turn: they stay in the second-level cache meanwhile.</summary>
    private const int Tile = 2048;

    private readonly ExactIndex _exact;
    private readonly ReadOnlyMemory<float> _factors;
    private readonly QuantizedRows _rows;
    private readonly Kernel _kernel;

    /// <param name="factors">items × rank, row-major. Must not change while the index lives.</param>
    /// <param name="kernel">Null: <see cref="Kernel.Default"/>.</param>
    /// <exception cref="ArgumentException">The factors are not a whole number of rows.</exception>
    public QuantizedIndex(ReadOnlyMemory<float> factors, int rank, Kernel? kernel = null)
    {
        _exact = new ExactIndex(factors, rank, kernel);
        _factors = factors;
        _kernel = kernel ?? Kernel.Default;
        _rows = QuantizedRows.Of(factors, rank);
    }

    public int Count => _exact.Count;

    public int Rank => _exact.Rank;

    public string Description => $"exact int8 scan, {Count} × {Rank}, {_kernel.Name}";

    /// <summary>Memory beside the factors.</summary>
    public long MemoryBytes => _rows.MemoryBytes;

    public int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results)
    {
        int wanted = Arguments.CheckSearch(this, query, k, results);
        short[] rented = ArrayPool<short>.Shared.Rent(_rows.Stride);
        try
        {
            if (!QuantizedQuery.TryCreate(query, _rows, rented.AsSpan(0, _rows.Stride), out Bound bound)) return _exact.Search(query, k, scope, results);
            var top = new TopK(results[..wanted]);
            fixed (short* quantized = rented)
            fixed (float* q = query, factors = _factors.Span)
            {
                var scan = new QuantizedScan(_kernel, _rows, q, quantized, bound, factors, null, scope);
                if (scope.Allowed is { } allowed && allowed.Count < Count / 4) Gather(allowed, ref scan, ref top);
                else scan.Scan(0, Count, ref top);
                scan.Finish(ref top);
            }

            return top.Finish();
        }
        finally
        {
            ArrayPool<short>.Shared.Return(rented);
        }
    }

    public void SearchMany(ReadOnlySpan<float> queries, int k, in BatchScope scope, Span<ScoredItem> results, Span<int> counts)
    {
        Arguments.CheckSearchMany(this, queries, k, results, counts);
        int stride = _rows.Stride, wanted = Math.Min(k, Count);
        if (scope.Allowed is { } allowed && allowed.Count < Count / 4)
        {
            for (int q = 0; q < counts.Length; q++) counts[q] = Search(queries.Slice(q * Rank, Rank), k, scope.Of(q), results.Slice(q * k, k));
            return;
        }

        short[] rented = ArrayPool<short>.Shared.Rent(Math.Max(1, counts.Length * stride));
        Bound[] bounds = ArrayPool<Bound>.Shared.Rent(Math.Max(1, counts.Length));
        bool[] quantizable = ArrayPool<bool>.Shared.Rent(Math.Max(1, counts.Length));
        for (int q = 0; q < counts.Length; q++)
        {
            quantizable[q] = QuantizedQuery.TryCreate(queries.Slice(q * Rank, Rank), _rows, rented.AsSpan(q * stride, stride), out bounds[q]);
            counts[q] = quantizable[q] ? 0 : _exact.Search(queries.Slice(q * Rank, Rank), k, scope.Of(q), results.Slice(q * k, k));
        }

        fixed (short* quantized = rented)
        fixed (float* q0 = queries, factors = _factors.Span)
        {
            for (int from = 0; from < Count; from += Tile)
            {
                for (int q = 0; q < counts.Length; q++)
                {
                    if (!quantizable[q]) continue;
                    TopK top = TopK.Resume(results.Slice(q * k, wanted), counts[q]);
                    var scan = new QuantizedScan(_kernel, _rows, q0 + ((long)q * Rank), quantized + ((long)q * stride), bounds[q], factors, null, scope.Of(q));
                    scan.Scan(from, Math.Min(from + Tile, Count), ref top);
                    scan.Finish(ref top, from);
                    counts[q] = top.Count;
                }
            }
        }

        for (int q = 0; q < counts.Length; q++) if (quantizable[q]) TopK.Resume(results.Slice(q * k, wanted), counts[q]).Finish();
        ArrayPool<short>.Shared.Return(rented);
        ArrayPool<Bound>.Shared.Return(bounds);
        ArrayPool<bool>.Shared.Return(quantizable);
    }

    public void Score(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores) => _exact.Score(query, items, scores);

    public ReadOnlySpan<float> Factor(int item) => _exact.Factor(item);

    private void Gather(ItemSet allowed, scoped ref QuantizedScan scan, scoped ref TopK top)
    {
        int* positions = stackalloc int[QuantizedScan.Block];
        var span = new Span<int>(positions, QuantizedScan.Block);
        for (int from = 0, found; (found = allowed.CopyTo(span, from)) > 0; from = positions[found - 1] + 1)
        {
            while (found > 0 && positions[found - 1] >= Count) found--;
            if (found == 0) break;
            scan.ScanAt(positions, found, ref top);
        }
    }
}
