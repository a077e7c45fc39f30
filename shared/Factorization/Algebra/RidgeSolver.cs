using System.Runtime.InteropServices;

namespace Recommender.Factorization.Algebra;

/// <summary>
/// Solves <c>(diag(b) + Σ_e c_e f_e f_eᵀ) w = Σ_e c_e p_e f_e</c>, one thread's worth of scratch included. With F̂ the rows √c_e·f_e∘b^-½
/// this is w = b^-½∘v for either of two equal forms, whichever is smaller:
/// <c>(I + F̂ᵀF̂) v = F̂ᵀ(√c·p)</c> (rank × rank), or <c>v = F̂ᵀz, (I + F̂F̂ᵀ) z = √c·p</c> (as many unknowns as rows).
/// Both matrices are the identity plus a positive semidefinite one, which keeps single precision safe.
/// A short history therefore costs n²·rank and not rank³. The diagonal comes from rotating factors to the principal axes of their Gram
/// matrix.
/// </summary>
internal sealed unsafe class RidgeSolver : IDisposable
{
    private const int Batch = 64;

    private readonly int _rank;
    private readonly int _padded;
    private readonly nint _ld;
    private float* _stage;
    private float* _panels;
    private float* _matrix;
    private readonly float* _scale;
    private readonly float* _target;
    private readonly float* _inverse;
    private readonly float* _scratch;
    private readonly float* _row;
    private readonly float* _solution;
    private nuint _stageSize, _panelSize, _matrixSize;

    public RidgeSolver(int rank)
    {
        this._rank = rank;
        _padded = Tile.Padded(rank);
        _ld = _padded + Tile.Columns; // An odd number of cache lines, so that columns do not collide in the first-level cache.
        _scale = Allocate(_padded);
        _solution = Allocate(_padded);
        _row = Allocate(_padded);
        _inverse = Allocate(_padded);
        _scratch = Allocate(Cholesky.Scratch);
        _target = Allocate(Math.Max(_padded, Batch));
        NativeMemory.Clear(_scale, (nuint)_padded * sizeof(float));
    }

    /// <summary>Multiply-adds of <see cref="Solve"/>, for benchmarks.</summary>
    public static double Operations(int count, int rank)
    {
        double n = Math.Min(count, rank), k = Math.Max(count, rank);
        return count == 0 ? 0 : n * n * k / 2 + n * n * n / 6 + 2.0 * count * rank;
    }

    /// <param name="diagonal">b &gt; 0, <c>rank</c> long: regularization of each axis.</param>
    /// <param name="result">Receives w, <c>rank</c> long; zero without rows.</param>
    public void Solve<T>(T rows, float* diagonal, float* result) where T : struct, IRidgeRows
    {
        int n = rows.Count;
        if (n == 0)
        {
            new Span<float>(result, _rank).Clear();
            return;
        }

        for (int k = 0; k < _rank; k++) _scale[k] = 1 / MathF.Sqrt(diagonal[k]);
        if (n <= _rank)
        {
            FactorByRows(rows, n);
            Cholesky.Solve(_matrix, n, SideByRows(n), _inverse, _target);
            new Span<float>(_solution, _rank).Clear();
            for (int e = 0; e < n; e++) Vectors.Add(_target[e], _stage + e * _ld, _solution, _rank);
        }
        else
        {
            FactorByAxes(rows, n);
            Cholesky.Solve(_matrix, _rank, _ld, _inverse, _solution);
        }

        Vectors.Multiply(1, _solution, _scale, result, _rank);
    }

    /// <summary>
    /// Computes the contribution of each row to the dot product of the solution and <paramref name="item"/>. The contributions sum to the
    /// dot product.
    /// </summary>
    /// <param name="contributions">Receives one number per row.</param>
    public void Shares<T>(T rows, float* diagonal, float* item, float* contributions) where T : struct, IRidgeRows
    {
        int n = rows.Count;
        for (int k = 0; k < _rank; k++) _scale[k] = 1 / MathF.Sqrt(diagonal[k]);
        if (n <= _rank)
        {
            FactorByRows(rows, n);
            Vectors.Multiply(1, item, _scale, _solution, _rank);
            for (int e = 0; e < n; e++) contributions[e] = Vectors.Dot(_stage + e * _ld, _solution, _rank);
            Cholesky.Solve(_matrix, n, SideByRows(n), _inverse, contributions);
            for (int e = 0; e < n; e++) contributions[e] *= _target[e];
        }
        else
        {
            FactorByAxes(rows, n);
            Vectors.Multiply(1, item, _scale, _solution, _rank);
            Cholesky.Solve(_matrix, _rank, _ld, _inverse, _solution);
            Vectors.Multiply(1, _solution, _scale, _solution, _rank);
            for (int e = 0; e < n; e++) contributions[e] =
                rows.Weight(e) * rows.Target(e) * Vectors.Dot(rows.Row(e, _row), _solution, _rank);
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
            _target[e] = root * rows.Target(e);
            Vectors.Multiply(root, rows.Row(e, _row), _scale, _stage + e * _ld, _rank);
        }

        Vectors.ToPanels(_stage, n, _rank, _ld, _panels);
        nint lds = SideByRows(n);
        for (int j = 0; j < n; j += Tile.Columns)
        {
            float* right = _panels + (nint)j * _rank;
            int last = Math.Min(j + Tile.Columns, n);
            for (int i = 0; i < last; i += Tile.Rows)
                Tile.Run(_panels + (nint)(i / 16) * 16 * _rank + i % 16, 1, 16, right, 16, _rank, _matrix + i * lds + j, lds,
                    TileStore.Set);
        }

        Factor(n, lds);
    }

    /// <summary>Leaves the factored I + F̂ᵀF̂ in the matrix and F̂ᵀ(√c·p) in the solution.</summary>
    private void FactorByAxes<T>(T rows, int n) where T : struct, IRidgeRows
    {
        Reserve(_rank);
        new Span<float>(_solution, _padded).Clear();
        for (int from = 0; from < n; from += Batch)
        {
            int count = Math.Min(Batch, n - from);
            for (int e = 0; e < count; e++)
            {
                float root = MathF.Sqrt(rows.Weight(from + e));
                float* staged = _stage + e * _ld;
                Vectors.Multiply(root, rows.Row(from + e, _row), _scale, staged, _rank);
                new Span<float>(staged + _rank, _padded - _rank).Clear();
                Vectors.Add(root * rows.Target(from + e), staged, _solution, _rank);
            }

            var store = from == 0 ? TileStore.Set : TileStore.Add;
            for (int j = 0; j < _padded; j += Tile.Columns)
                for (int i = 0; i < j + Tile.Columns && i < _rank; i += Tile.Rows)
                    Tile.Run(_stage + i, 1, _ld, _stage + j, _ld, count, _matrix + i * _ld + j, _ld, store);
        }

        Factor(_rank, _ld);
    }

    private void Factor(int n, nint lds)
    {
        for (int i = 0; i < n; i++) _matrix[i * lds + i] += 1;
        if (!Cholesky.Factor(_matrix, n, lds, _inverse, _scratch))
            throw new ArithmeticException(
                "A factor cannot be solved: weights or factors hold numbers that are not finite or far too large.");
    }

    /// <summary>Scratch for a system of n unknowns; grows to the longest history, at most to rank.</summary>
    private void Reserve(int n)
    {
        int side = Tile.Padded(n);
        ReserveStage(side);
        Grow(ref _panels, ref _panelSize, (nuint)((nint)side * _padded));
        Grow(ref _matrix, ref _matrixSize, (nuint)(side * (nint)(side + Tile.Columns)));
    }

    private void ReserveStage(int rows) => Grow(ref _stage, ref _stageSize, (nuint)(Math.Max(rows, Batch) * _ld));

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
        foreach (nint p in (ReadOnlySpan<nint>)[(nint)_stage, (nint)_panels, (nint)_matrix, (nint)_scale, (nint)_target, (nint)_inverse,
            (nint)_scratch, (nint)_row, (nint)_solution])
            NativeMemory.AlignedFree((void*)p);
        _stage = _panels = _matrix = null;
        GC.SuppressFinalize(this);
    }

#pragma warning disable MA0055 // The solver owns native memory.
    ~RidgeSolver() => Dispose();
#pragma warning restore MA0055
}
