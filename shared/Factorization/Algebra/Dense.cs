namespace Recommender.Factorization.Algebra;

/// <summary>Products of whole matrices: <c>rows × rank</c>, row-major, without padding between rows.</summary>
internal static unsafe class Dense
{
    /// <summary>Number of rows whose products are summed in single precision before the sum is added in double precision.</summary>
    private const int GramBatch = 512;

    /// <summary>Number of chunks of a Gram matrix. Fixed, so that the sum does not depend on the number of threads.</summary>
    private const int GramChunks = 32;

    /// <summary>XᵀX (<c>rank × rank</c>, row-major, symmetric), optionally with a weight ≥ 0 per row.</summary>
    public static double[] Gram(float[] x, int rows, int rank, int threads, float[]? weights, CancellationToken cancellation)
    {
        int padded = Tile.Padded(rank);
        int chunk = Math.Max(GramBatch, (rows + GramChunks - 1) / GramChunks);
        int chunks = (rows + chunk - 1) / chunk;
        var partial = new double[chunks][];
        ParallelRows.Run(chunks, 1, threads, take =>
        {
            var batch = GC.AllocateUninitializedArray<float>(GramBatch * padded, pinned: true);
            var sum = GC.AllocateUninitializedArray<float>(padded * padded, pinned: true);
            while (take() is var (c, _))
            {
                var total = new double[rank * rank];
                int end = Math.Min(rows, (c + 1) * chunk);
                for (int from = c * chunk; from < end; from += GramBatch)
                {
                    int n = Math.Min(GramBatch, end - from);
                    for (int r = 0; r < n; r++)
                    {
                        var target = batch.AsSpan(r * padded, padded);
                        var source = x.AsSpan((from + r) * rank, rank);
                        source.CopyTo(target);
                        target[rank..].Clear();
                        if (weights is null) continue;
                        float scale = MathF.Sqrt(weights[from + r]);
                        foreach (ref float v in target) v *= scale;
                    }

                    fixed (float* a = batch, s = sum)
                    {
                        for (int j = 0; j < padded; j += Tile.Columns)
                            for (int i = 0; i < j + Tile.Columns; i += Tile.Rows)
                                Tile.Run(a + i, 1, padded, a + j, padded, n, s + i * padded + j, padded, TileStore.Set);
                    }

                    for (int i = 0; i < rank; i++)
                        for (int j = i; j < rank; j++)
                            total[i * rank + j] += sum[i * padded + j];
                }

                partial[c] = total;
            }
        }, cancellation);

        var gram = new double[rank * rank];
        foreach (var part in partial)
            for (int i = 0; i < gram.Length; i++) gram[i] += part[i];
        for (int i = 0; i < rank; i++)
            for (int j = 0; j < i; j++) gram[i * rank + j] = gram[j * rank + i];
        return gram;
    }

    /// <summary>
    /// Rotates X in place to the principal axes of its Gram matrix, and returns the diagonal of the rotated Gram matrix, descending; its
    /// other numbers are zero up to rounding. Dot products with rows rotated in the same way do not change.
    /// </summary>
    public static double[] ToPrincipalAxes(float[] x, int rows, int rank, int threads, CancellationToken cancellation) =>
        ToPrincipalAxes(x, rows, rank, threads, out _, cancellation);

    /// <param name="axes"><c>rank × rank</c>: the new X is X·axes.</param>
    public static double[] ToPrincipalAxes(float[] x, int rows, int rank, int threads, out double[] axes, CancellationToken cancellation)
    {
        var (values, vectors) = SymmetricEigen.Decompose(Gram(x, rows, rank, threads, null, cancellation), rank);
        Multiply(x, rows, rank, vectors, rank, x, threads, cancellation);
        for (int k = 0; k < rank; k++) values[k] = Math.Max(values[k], 0);
        axes = vectors;
        return values;
    }

    /// <summary>X ← X·T in place, or into <paramref name="target"/> where T (<c>rank × columns</c>) is not square.</summary>
    public static void Multiply(float[] x, int rows, int rank, double[] t, int columns, float[] target, int threads,
        CancellationToken cancellation)
    {
        const int Batch = 64;
        int padded = Tile.Padded(columns);
        var right = GC.AllocateArray<float>(rank * padded, pinned: true);
        for (int i = 0; i < rank; i++)
            for (int j = 0; j < columns; j++) right[i * padded + j] = (float)t[i * columns + j];
        // Contiguous panels of 16 columns, so that the inner loop reads sequentially.
        var panels = GC.AllocateUninitializedArray<float>(rank * padded, pinned: true);
        for (int j = 0; j < padded; j += Tile.Columns)
            for (int i = 0; i < rank; i++)
                right.AsSpan(i * padded + j, Tile.Columns).CopyTo(panels.AsSpan((j * rank) + i * Tile.Columns));

        ParallelRows.Run(rows, Batch * 4, threads, take =>
        {
            var input = GC.AllocateUninitializedArray<float>(Batch * rank, pinned: true);
            var output = GC.AllocateUninitializedArray<float>(Batch * padded, pinned: true);
            while (take() is var (begin, end))
            {
                for (int from = begin; from < end; from += Batch)
                {
                    int n = Math.Min(Batch, end - from);
                    x.AsSpan(from * rank, n * rank).CopyTo(input);
                    input.AsSpan(n * rank).Clear();
                    fixed (float* a = input, b = panels, c = output)
                    {
                        for (int j = 0; j < padded; j += Tile.Columns)
                            for (int i = 0; i < n; i += Tile.Rows)
                                Tile.Run(a + i * rank, rank, 1, b + j * rank, Tile.Columns, rank, c + i * padded + j, padded,
                                    TileStore.Set);
                    }

                    for (int r = 0; r < n; r++) output.AsSpan(r * padded, columns).CopyTo(target.AsSpan((from + r) * columns));
                }
            }
        }, cancellation);
    }
}
