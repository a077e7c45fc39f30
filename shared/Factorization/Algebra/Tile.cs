using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recommender.Factorization.Algebra;

/// <summary>
/// The dense inner loop of all matrix products: a 4 × 16 block of C as the sum of k products of a column of A and a row of B. Its eight
/// accumulators keep both multiply-add units of a core busy, unlike a dot product or a row update.
/// </summary>
internal static unsafe class Tile
{
    public const int Rows = 4;
    public const int Columns = 16;

    /// <summary>
    /// <c>c[i·ldc + j] (=, +=, −=) Σ_p a[i·rowStep + p·step] · b[p·ldb + j]</c> for i &lt; 4, j &lt; 16, p &lt; <paramref name="k"/>.
    /// Products are added by ascending p, so a result depends only on its inputs.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* a, nint rowStep, nint step, float* b, nint ldb, int k, float* c, nint ldc, TileStore store)
    {
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector256<float> c20 = default, c21 = default, c30 = default, c31 = default;
        float* a2 = a + 2 * rowStep;
        for (int p = 0; p < k; p++)
        {
            var b0 = Vector256.Load(b);
            var b1 = Vector256.Load(b + 8);
            var x = Vector256.Create(a[0]);
            c00 = Vector256.MultiplyAddEstimate(x, b0, c00);
            c01 = Vector256.MultiplyAddEstimate(x, b1, c01);
            x = Vector256.Create(a[rowStep]);
            c10 = Vector256.MultiplyAddEstimate(x, b0, c10);
            c11 = Vector256.MultiplyAddEstimate(x, b1, c11);
            x = Vector256.Create(a2[0]);
            c20 = Vector256.MultiplyAddEstimate(x, b0, c20);
            c21 = Vector256.MultiplyAddEstimate(x, b1, c21);
            x = Vector256.Create(a2[rowStep]);
            c30 = Vector256.MultiplyAddEstimate(x, b0, c30);
            c31 = Vector256.MultiplyAddEstimate(x, b1, c31);
            a += step;
            a2 += step;
            b += ldb;
        }

        Row(c, c00, c01, store);
        Row(c + ldc, c10, c11, store);
        Row(c + 2 * ldc, c20, c21, store);
        Row(c + 3 * ldc, c30, c31, store);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(float* c, Vector256<float> left, Vector256<float> right, TileStore store)
    {
        if (store == TileStore.Add)
        {
            left = Vector256.Load(c) + left;
            right = Vector256.Load(c + 8) + right;
        }
        else if (store == TileStore.Subtract)
        {
            left = Vector256.Load(c) - left;
            right = Vector256.Load(c + 8) - right;
        }

        left.Store(c);
        right.Store(c + 8);
    }

    /// <summary>Reference implementation, for tests of <see cref="Run"/>.</summary>
    public static void RunScalar(float* a, nint rowStep, nint step, float* b, nint ldb, int k, float* c, nint ldc, TileStore store)
    {
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                double sum = 0;
                for (int p = 0; p < k; p++) sum += (double)a[i * rowStep + p * step] * b[p * ldb + j];
                ref float target = ref c[i * ldc + j];
                target = store switch
                {
                    TileStore.Add => target + (float)sum,
                    TileStore.Subtract => target - (float)sum,
                    _ => (float)sum,
                };
            }
        }
    }

    /// <summary>Rounds a number of columns up to whole tiles.</summary>
    public static int Padded(int n) => (n + Columns - 1) / Columns * Columns;
}
