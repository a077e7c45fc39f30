using System.Runtime.InteropServices;
using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;

namespace Recommender.Benchmarks.Quality;

/// <summary>
/// EASE (Steck 2019, arXiv:1905.03375), the oracle for small catalogues: B = −P / diag(P) off the diagonal, P = (XᵀX + λI)⁻¹.
/// Takes 4 · items² bytes and items³ multiply-adds: the inverse is computed in place, in single precision, by sweeps of blocks of 256
/// rows.
/// </summary>
internal sealed unsafe class Ease : IDisposable
{
    private const int Block = 256;

    private readonly int _items;

    /// <summary>Side of the matrix: whole tiles.</summary>
    private readonly int _side;

    private readonly int _threads;
    private readonly float* _matrix;

    private Ease(int items, int threads)
    {
        (this._items, this._threads) = (items, threads);
        _side = Tile.Padded(items);
        _matrix = (float*)NativeMemory.AlignedAlloc((nuint)_side * (nuint)_side * sizeof(float), 64);
    }

    /// <param name="progress">Receives the finished share of the inversion.</param>
    public static Ease Train(InteractionMatrix data, double lambda, int threads, Action<double>? progress = null)
    {
        var ease = new Ease(data.ItemCount, threads);
        ease.FillGram(data, (float)lambda);
        var panel = (float*)NativeMemory.AlignedAlloc((nuint)ease._side * Block * sizeof(float), 64);
        var solved = (float*)NativeMemory.AlignedAlloc((nuint)ease._side * Block * sizeof(float), 64);
        for (int top = 0; top < ease._side; top += Block)
        {
            ease.Sweep(top, Math.Min(Block, ease._side - top), panel, solved);
            progress?.Invoke(Math.Min(1, (top + Block) / (double)ease._side));
        }

        NativeMemory.AlignedFree(panel);
        NativeMemory.AlignedFree(solved);
        ease.Finish();
        return ease;
    }

    /// <summary>Scores every item by the sum of the rows of B of the history.</summary>
    public void Score(ReadOnlySpan<HistoryEntry> history, Span<float> scores)
    {
        fixed (float* s = scores)
            foreach (var entry in history) Vectors.Add(entry.Target, _matrix + (nint)entry.Item * _side, s, _items);
    }

    public void Dispose() => NativeMemory.AlignedFree(_matrix);

    /// <summary>XᵀX + λI; beyond the items the identity.</summary>
    private void FillGram(InteractionMatrix data, float lambda) => ParallelRows.Run(_side, 64, _threads, take =>
    {
        while (take() is var (from, to))
        {
            for (int i = from; i < to; i++)
            {
                float* row = _matrix + (nint)i * _side;
                new Span<float>(row, _side).Clear();
                row[i] = i < _items ? lambda : 1;
                if (i >= _items) continue;
                foreach (int u in data.Items.Row(i))
                    foreach (int j in data.Users.Row(u)) row[j]++;
            }
        }
    }, default);

    /// <summary>
    /// One block sweep of the upper triangle: with D the inverse of the block and B its rows, A ← A − Bᵀ·D·B elsewhere, rows ← D·B,
    /// block ← −D. After all blocks A is −A⁻¹.
    /// </summary>
    private void Sweep(int top, int rows, float* panel, float* solved)
    {
        var inverse = Inverse(top, rows);
        // Panels of 16 columns, each contiguous: column j of B is at panel[(j / 16)·rows·16 + p·16 + j mod 16].
        ParallelRows.Run(_side / Tile.Columns, 4, _threads, take =>
        {
            var square = new float[rows * rows];
            for (int k = 0; k < square.Length; k++) square[k] = (float)inverse[k];
            fixed (float* d = square)
            {
                while (take() is var (from, to))
                {
                    for (int group = from; group < to; group++)
                    {
                        int first = group * Tile.Columns;
                        float* b = panel + (nint)group * rows * Tile.Columns;
                        bool own = first >= top && first < top + rows;
                        for (int p = 0; p < rows; p++)
                        {
                            for (int j = 0; j < Tile.Columns; j++)
                            {
                                int column = first + j;
                                b[p * Tile.Columns + j] = own ? 0 : column > top ? _matrix[(nint)(top + p) * _side + column]
                                    : _matrix[(nint)column * _side + top + p];
                            }
                        }

                        for (int p = 0; p < rows; p += Tile.Rows)
                            Tile.Run(d + p, 1, rows, b, Tile.Columns, rows, solved + (nint)group * rows * Tile.Columns + p * Tile.Columns,
                                Tile.Columns, TileStore.Set);
                    }
                }
            }
        }, default);

        const int Rows = 64;
        ParallelRows.Run((_side + Rows - 1) / Rows, 1, _threads, take =>
        {
            while (take() is var (from, _))
            {
                int begin = from * Rows, end = Math.Min(begin + Rows, _side);
                for (int j = begin; j < _side; j += Tile.Columns)
                {
                    if (j >= top && j < top + rows) continue;
                    float* right = panel + (nint)j * rows;
                    for (int i = begin; i < end && i < j + Tile.Columns; i += Tile.Rows)
                    {
                        if (i >= top && i < top + rows) continue;
                        Tile.Run(solved + (nint)(i / 16) * 16 * rows + i % 16, 1, 16, right, 16, rows,
                            _matrix + (nint)i * _side + j, _side, TileStore.Subtract);
                    }
                }
            }
        }, default);

        for (int column = 0; column < _side; column++)
        {
            float* d = solved + (nint)(column / 16) * 16 * rows + column % 16;
            for (int p = 0; p < rows; p++)
            {
                if (column >= top && column < top + rows)
                    _matrix[(nint)(top + p) * _side + column] = -(float)inverse[p * rows + column - top];
                else if (column > top) _matrix[(nint)(top + p) * _side + column] = d[p * 16];
                else _matrix[(nint)column * _side + top + p] = d[p * 16];
            }
        }
    }

    /// <summary>Of the block at <paramref name="top"/>, in double precision, by Gauss–Jordan: positive definite, so no pivots are
    /// chosen.</summary>
    private double[] Inverse(int top, int n)
    {
        var a = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) a[i * n + j] = _matrix[(nint)(top + Math.Min(i, j)) * _side + top + Math.Max(i, j)];
        for (int k = 0; k < n; k++)
        {
            double pivot = 1 / a[k * n + k];
            a[k * n + k] = 1;
            for (int j = 0; j < n; j++) a[k * n + j] *= pivot;
            for (int i = 0; i < n; i++)
            {
                double factor = a[i * n + k];
                if (i == k || factor == 0) continue;
                a[i * n + k] = 0;
                for (int j = 0; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
            }
        }

        return a;
    }

    /// <summary>From −P in the upper triangle to B: b_ij = −p_ij / p_jj.</summary>
    private void Finish()
    {
        var diagonal = new float[_side];
        for (int i = 0; i < _side; i++) diagonal[i] = _matrix[(nint)i * _side + i];
        ParallelRows.Run(_side / Tile.Columns, 4, _threads, take =>
        {
            while (take() is var (from, to))
            {
                for (int i = from * Tile.Columns; i < to * Tile.Columns; i++)
                    for (int j = i + 1; j < _side; j++) _matrix[(nint)j * _side + i] = -_matrix[(nint)i * _side + j] / diagonal[i];
            }
        }, default);
        ParallelRows.Run(_side, 64, _threads, take =>
        {
            while (take() is var (from, to))
            {
                for (int i = from; i < to; i++)
                {
                    float* row = _matrix + (nint)i * _side;
                    row[i] = 0;
                    for (int j = i + 1; j < _side; j++) row[j] = -row[j] / diagonal[j];
                }
            }
        }, default);
    }
}
