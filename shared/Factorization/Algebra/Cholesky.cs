using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recommender.Factorization.Algebra;

/// <summary>
/// In-place factorization S = Uᵀ·U of a symmetric positive definite matrix whose upper triangle is given row-major. Left-looking, in blocks
/// of 16 rows: each block is updated once with all rows above it, so nearly all work runs in <see cref="Tile"/>.
/// </summary>
internal static unsafe class Cholesky
{
    private const int Block = Tile.Columns;

    /// <summary>Floats of scratch that <see cref="Factor"/> needs.</summary>
    public const int Scratch = 2 * Block * Block;

    /// <param name="s"><c>n × ld</c>; columns from n up to the next multiple of 16 must be readable and hold finite numbers.</param>
    /// <param name="inverse">Receives 1 / U_kk for k &lt; n.</param>
    /// <returns>False if a pivot is not positive: the matrix is not positive definite in single precision.</returns>
    public static bool Factor(float* s, int n, nint ld, float* inverse, float* scratch)
    {
        int padded = Tile.Padded(n);
        float* blockInverse = scratch;
        float* copy = scratch + Block * Block;
        for (int top = 0; top < n; top += Block)
        {
            int rows = Math.Min(Block, n - top);
            if (top > 0)
            {
                for (int j = top; j < padded; j += Block)
                    for (int i = 0; i < rows; i += Tile.Rows)
                        Tile.Run(s + top + i, 1, ld, s + j, ld, top, s + (top + i) * ld + j, ld, TileStore.Subtract);
            }

            float* diagonal = s + top * ld + top;
            if (!FactorBlock(diagonal, rows, ld, inverse + top)) return false;
            if (top + Block >= padded) continue;
            InvertBlock(diagonal, ld, inverse + top, blockInverse);
            for (int j = top + Block; j < padded; j += Block)
            {
                float* right = s + top * ld + j;
                for (int i = 0; i < Block; i++)
                {
                    Vector256.Load(right + i * ld).Store(copy + i * Block);
                    Vector256.Load(right + i * ld + 8).Store(copy + i * Block + 8);
                }

                for (int i = 0; i < Block; i += Tile.Rows)
                    Tile.Run(blockInverse + i, 1, Block, copy, Block, i + Tile.Rows, right + i * ld, ld, TileStore.Set);
            }
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool FactorBlock(float* s, int rows, nint ld, float* inverse)
    {
        for (int k = 0; k < rows; k++)
        {
            float* row = s + k * ld;
            float pivot = row[k];
            if (!(pivot > 0) || float.IsInfinity(pivot)) return false;
            float scale = 1 / MathF.Sqrt(pivot);
            inverse[k] = scale;
            var left = Vector256.Load(row) * scale;
            var right = Vector256.Load(row + 8) * scale;
            left.Store(row);
            right.Store(row + 8);
            for (int i = k + 1; i < rows; i++)
            {
                float* lower = s + i * ld;
                var x = Vector256.Create(-row[i]);
                if (i < 8) Vector256.MultiplyAddEstimate(x, left, Vector256.Load(lower)).Store(lower);
                Vector256.MultiplyAddEstimate(x, right, Vector256.Load(lower + 8)).Store(lower + 8);
            }
        }

        return true;
    }

    /// <summary>V = U⁻¹ of the upper triangular 16 × 16 block, with zeros below the diagonal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InvertBlock(float* u, nint ld, float* inverse, float* v)
    {
        for (int i = Block - 1; i >= 0; i--)
        {
            Vector256<float> left = default, right = default;
            for (int k = i + 1; k < Block; k++)
            {
                var x = Vector256.Create(-u[i * ld + k]);
                left = Vector256.MultiplyAddEstimate(x, Vector256.Load(v + k * Block), left);
                right = Vector256.MultiplyAddEstimate(x, Vector256.Load(v + k * Block + 8), right);
            }

            float* row = v + i * Block;
            (left * inverse[i]).Store(row);
            (right * inverse[i]).Store(row + 8);
            row[i] = inverse[i];
        }
    }

    /// <summary>Solves Uᵀ·U·x = y in place.</summary>
    public static void Solve(float* u, int n, nint ld, float* inverse, float* y)
    {
        for (int k = 0; k < n; k++)
        {
            y[k] *= inverse[k];
            Vectors.Add(-y[k], u + k * ld + k + 1, y + k + 1, n - k - 1);
        }

        for (int k = n - 1; k >= 0; k--)
            y[k] = (y[k] - Vectors.Dot(u + k * ld + k + 1, y + k + 1, n - k - 1)) * inverse[k];
    }
}
