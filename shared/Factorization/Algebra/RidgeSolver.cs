using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recommender.Factorization.Algebra;

/// <summary>The observed rows of one ridge regression.</summary>
internal unsafe interface IRidgeRows
{
    int Count { get; }

    /// <summary>Confidence c ≥ 0 of row e.</summary>
    float Weight(int e);

    /// <summary>What row e's prediction should be.</summary>
    float Target(int e);

    /// <summary>Row e's vector, <c>rank</c> long; may be written to <paramref name="buffer"/>, which is as long.</summary>
    float* Row(int e, float* buffer);
}

/// <summary>
/// Solves <c>(diag(b) + Σ_e c_e f_e f_eᵀ) w = Σ_e c_e p_e f_e</c>, one thread's worth of scratch included. With F̂ the rows √c_e·f_e∘b^-½
/// this is w = b^-½∘v for either of two equal forms, whichever is smaller:
/// <c>(I + F̂ᵀF̂) v = F̂ᵀ(√c·p)</c> (rank × rank), or <c>v = F̂ᵀz, (I + F̂F̂ᵀ) z = √c·p</c> (as many unknowns as rows).
/// Both matrices are the identity plus a positive semidefinite one, which keeps single precision safe.
/// A short history therefore costs n²·rank and not rank³. The diagonal comes from rotating factors to the principal axes of their Gram matrix.
/// </summary>
internal sealed unsafe class RidgeSolver : IDisposable
{
    private const int Batch = 64;

    private readonly int rank;
    private readonly int padded;
    private readonly nint ld;
    private float* stage;
    private float* panels;
    private float* matrix;
    private readonly float* scale;
    private readonly float* target;
    private readonly float* inverse;
    private readonly float* scratch;
    private readonly float* row;
    private readonly float* solution;
    private float* steps;
    private nuint stageSize, panelSize, matrixSize, stepsSize;

    public RidgeSolver(int rank)
    {
        this.rank = rank;
        padded = Tile.Padded(rank);
        ld = padded + Tile.Columns; // An odd number of cache lines, so that columns do not collide in the first-level cache.
        scale = Allocate(padded);
        solution = Allocate(padded);
        row = Allocate(padded);
        inverse = Allocate(padded);
        scratch = Allocate(Cholesky.Scratch);
        target = Allocate(Math.Max(padded, Batch));
        NativeMemory.Clear(scale, (nuint)padded * sizeof(float));
    }

    /// <summary>Multiply-adds of <see cref="Solve"/>, for benchmarks.</summary>
    public static double Operations(int count, int rank)
    {
        double n = Math.Min(count, rank), k = Math.Max(count, rank);
        return count == 0 ? 0 : n * n * k / 2 + n * n * n / 6 + 2.0 * count * rank;
    }

    /// <param name="diagonal">b &gt; 0, <c>rank</c> long: what each axis is held back by.</param>
    /// <param name="result">w, <c>rank</c> long; zero when there are no rows.</param>
    public void Solve<T>(T rows, float* diagonal, float* result) where T : struct, IRidgeRows
    {
        int n = rows.Count;
        if (n == 0)
        {
            new Span<float>(result, rank).Clear();
            return;
        }

        for (int k = 0; k < rank; k++) scale[k] = 1 / MathF.Sqrt(diagonal[k]);
        if (n <= rank)
        {
            FactorByRows(rows, n);
            Cholesky.Solve(matrix, n, SideByRows(n), inverse, target);
            new Span<float>(solution, rank).Clear();
            for (int e = 0; e < n; e++) Vectors.Add(target[e], stage + e * ld, solution, rank);
        }
        else
        {
            FactorByAxes(rows, n);
            Cholesky.Solve(matrix, rank, ld, inverse, solution);
        }

        Vectors.Multiply(1, solution, scale, result, rank);
    }

    /// <summary>
    /// Improves a solution that is near already by conjugate gradients on (I + F̂ᵀF̂) v = F̂ᵀ(√c·p). Distinct large eigenvalues are as few as
    /// rows, and a changed row disturbs few of them, so a handful of steps suffices.
    /// </summary>
    /// <param name="result">In: the guess. Out: the solution; zero when there are no rows.</param>
    /// <returns>Steps taken.</returns>
    public int Improve<T>(T rows, float* diagonal, float* result) where T : struct, IRidgeRows
    {
        const int Most = 60;
        const double Tolerance = 1e-13; // Of squared lengths.
        int n = rows.Count;
        var v = new Span<float>(solution, rank);
        if (n == 0)
        {
            new Span<float>(result, rank).Clear();
            return 0;
        }

        ReserveStage(n);
        Grow(ref steps, ref stepsSize, (nuint)(3 * padded));
        float* residual = steps, direction = steps + padded, applied = steps + 2 * padded;
        for (int k = 0; k < rank; k++)
        {
            float root = MathF.Sqrt(diagonal[k]);
            scale[k] = 1 / root;
            v[k] = result[k] * root;
            residual[k] = -v[k];
        }

        new Span<float>(applied, rank).Clear();
        for (int e = 0; e < n; e++)
        {
            float root = MathF.Sqrt(rows.Weight(e));
            float* staged = stage + e * ld;
            Vectors.Multiply(root, rows.Row(e, row), scale, staged, rank);
            float goal = root * rows.Target(e);
            Vectors.Add(goal, staged, applied, rank);
            Vectors.Add(goal - Vectors.Dot(staged, solution, rank), staged, residual, rank);
        }

        double wanted = Vectors.Dot(applied, applied, rank) * Tolerance;
        new Span<float>(residual, rank).CopyTo(new Span<float>(direction, rank));
        double length = Vectors.Dot(residual, residual, rank);
        int step = 0;
        for (; step < Most && length > wanted; step++)
        {
            new Span<float>(direction, rank).CopyTo(new Span<float>(applied, rank));
            for (int e = 0; e < n; e++)
            {
                float* staged = stage + e * ld;
                Vectors.Add(Vectors.Dot(staged, direction, rank), staged, applied, rank);
            }

            float along = (float)(length / Vectors.Dot(direction, applied, rank));
            Vectors.Add(along, direction, solution, rank);
            Vectors.Add(-along, applied, residual, rank);
            double next = Vectors.Dot(residual, residual, rank);
            float turn = (float)(next / length);
            for (int k = 0; k < rank; k++) direction[k] = residual[k] + turn * direction[k];
            length = next;
        }

        Vectors.Multiply(1, solution, scale, result, rank);
        return step;
    }

    /// <summary>What each row contributes to the product of the solution with <paramref name="item"/>: the contributions sum to it.</summary>
    /// <param name="contributions">One per row.</param>
    public void Shares<T>(T rows, float* diagonal, float* item, float* contributions) where T : struct, IRidgeRows
    {
        int n = rows.Count;
        for (int k = 0; k < rank; k++) scale[k] = 1 / MathF.Sqrt(diagonal[k]);
        if (n <= rank)
        {
            FactorByRows(rows, n);
            Vectors.Multiply(1, item, scale, solution, rank);
            for (int e = 0; e < n; e++) contributions[e] = Vectors.Dot(stage + e * ld, solution, rank);
            Cholesky.Solve(matrix, n, SideByRows(n), inverse, contributions);
            for (int e = 0; e < n; e++) contributions[e] *= target[e];
        }
        else
        {
            FactorByAxes(rows, n);
            Vectors.Multiply(1, item, scale, solution, rank);
            Cholesky.Solve(matrix, rank, ld, inverse, solution);
            Vectors.Multiply(1, solution, scale, solution, rank);
            for (int e = 0; e < n; e++) contributions[e] = rows.Weight(e) * rows.Target(e) * Vectors.Dot(rows.Row(e, row), solution, rank);
        }
    }

    private static nint SideByRows(int n) => Tile.Padded(n) + Tile.Columns;

    /// <summary>Leaves the factored I + F̂F̂ᵀ in the matrix, F̂ in the stage and √c·p in the target.</summary>
    private void FactorByRows<T>(T rows, int n) where T : struct, IRidgeRows
    {
        Reserve(n);
        for (int e = 0; e < n; e++)
        {
            float root = MathF.Sqrt(rows.Weight(e));
            target[e] = root * rows.Target(e);
            Vectors.Multiply(root, rows.Row(e, row), scale, stage + e * ld, rank);
        }

        Vectors.ToPanels(stage, n, rank, ld, panels);
        nint lds = SideByRows(n);
        for (int j = 0; j < n; j += Tile.Columns)
        {
            float* right = panels + (nint)j * rank;
            int last = Math.Min(j + Tile.Columns, n);
            for (int i = 0; i < last; i += Tile.Rows)
                Tile.Run(panels + (nint)(i / 16) * 16 * rank + i % 16, 1, 16, right, 16, rank, matrix + i * lds + j, lds, TileStore.Set);
        }

        Factor(n, lds);
    }

    /// <summary>Leaves the factored I + F̂ᵀF̂ in the matrix and F̂ᵀ(√c·p) in the solution.</summary>
    private void FactorByAxes<T>(T rows, int n) where T : struct, IRidgeRows
    {
        Reserve(rank);
        new Span<float>(solution, padded).Clear();
        for (int from = 0; from < n; from += Batch)
        {
            int count = Math.Min(Batch, n - from);
            for (int e = 0; e < count; e++)
            {
                float root = MathF.Sqrt(rows.Weight(from + e));
                float* staged = stage + e * ld;
                Vectors.Multiply(root, rows.Row(from + e, row), scale, staged, rank);
                new Span<float>(staged + rank, padded - rank).Clear();
                Vectors.Add(root * rows.Target(from + e), staged, solution, rank);
            }

            var store = from == 0 ? TileStore.Set : TileStore.Add;
            for (int j = 0; j < padded; j += Tile.Columns)
                for (int i = 0; i < j + Tile.Columns && i < rank; i += Tile.Rows)
                    Tile.Run(stage + i, 1, ld, stage + j, ld, count, matrix + i * ld + j, ld, store);
        }

        Factor(rank, ld);
    }

    private void Factor(int n, nint lds)
    {
        for (int i = 0; i < n; i++) matrix[i * lds + i] += 1;
        if (!Cholesky.Factor(matrix, n, lds, inverse, scratch))
            throw new ArithmeticException("A factor cannot be solved: weights or factors hold numbers that are not finite or far too large.");
    }

    /// <summary>Room for a system of n unknowns; grows to what the longest history asks for, never beyond rank.</summary>
    private void Reserve(int n)
    {
        int side = Tile.Padded(n);
        ReserveStage(side);
        Grow(ref panels, ref panelSize, (nuint)((nint)side * padded));
        Grow(ref matrix, ref matrixSize, (nuint)(side * (nint)(side + Tile.Columns)));
    }

    private void ReserveStage(int rows) => Grow(ref stage, ref stageSize, (nuint)(Math.Max(rows, Batch) * ld));

    private static void Grow(ref float* buffer, ref nuint size, nuint wanted)
    {
        if (size >= wanted) return;
        NativeMemory.AlignedFree(buffer);
        buffer = Allocate((nint)wanted);
        size = wanted;
    }

    private static float* Allocate(nint floats)
    {
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);
        NativeMemory.Clear(memory, (nuint)floats * sizeof(float));
        return memory;
    }

    public void Dispose()
    {
        foreach (nint p in (ReadOnlySpan<nint>)[(nint)stage, (nint)panels, (nint)matrix, (nint)scale, (nint)target, (nint)inverse, (nint)scratch, (nint)row, (nint)solution, (nint)steps])
            NativeMemory.AlignedFree((void*)p);
        stage = panels = matrix = steps = null;
        GC.SuppressFinalize(this);
    }

    ~RidgeSolver() => Dispose();
}

/// <summary>Rows that are rows of one factor matrix, chosen by index.</summary>
internal readonly unsafe struct FactorRows(float* factors, int rank, int* indices, float* weights, float* targets, float* columnWeights, float weight, int count) : IRidgeRows
{
    /// <summary>Rows of <paramref name="factors"/> (<c>rows × rank</c>); null weights and targets stand for ones.</summary>
    public int Count => count;

    /// <summary>Product of the entry's own weight, its column's and the row's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Weight(int e) => weight * (weights == null ? 1 : weights[e]) * (columnWeights == null ? 1 : columnWeights[indices[e]]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Target(int e) => targets == null ? 1 : targets[e];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int e, float* buffer) => factors + (nint)indices[e] * rank;
}
