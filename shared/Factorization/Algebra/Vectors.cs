using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recommender.Factorization.Algebra;

/// <summary>Operations on single vectors of any length. The order of summation depends only on the length.</summary>
internal static unsafe class Vectors
{
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        fixed (float* a = x, b = y) return Dot(a, b, x.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* x, float* y, int n)
    {
        Vector256<float> s0 = default, s1 = default;
        int i = 0;
        for (; i <= n - 16; i += 16)
        {
            s0 = Vector256.MultiplyAddEstimate(Vector256.Load(x + i), Vector256.Load(y + i), s0);
            s1 = Vector256.MultiplyAddEstimate(Vector256.Load(x + i + 8), Vector256.Load(y + i + 8), s1);
        }

        if (i <= n - 8)
        {
            s0 = Vector256.MultiplyAddEstimate(Vector256.Load(x + i), Vector256.Load(y + i), s0);
            i += 8;
        }

        float sum = Vector256.Sum(s0 + s1);
        for (; i < n; i++) sum += x[i] * y[i];
        return sum;
    }

    /// <summary><c>y += scale · x</c>.</summary>
    public static void Add(float scale, ReadOnlySpan<float> x, Span<float> y)
    {
        fixed (float* a = x, b = y) Add(scale, a, b, x.Length);
    }

    /// <inheritdoc cref="Add(float, ReadOnlySpan{float}, Span{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float scale, float* x, float* y, int n)
    {
        var s = Vector256.Create(scale);
        int i = 0;
        for (; i <= n - 8; i += 8) Vector256.MultiplyAddEstimate(s, Vector256.Load(x + i), Vector256.Load(y + i)).Store(y + i);
        for (; i < n; i++) y[i] += scale * x[i];
    }

    /// <summary><c>y = scale · x ∘ z</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float scale, float* x, float* z, float* y, int n)
    {
        var s = Vector256.Create(scale);
        int i = 0;
        for (; i <= n - 8; i += 8) (s * Vector256.Load(x + i) * Vector256.Load(z + i)).Store(y + i);
        for (; i < n; i++) y[i] = scale * x[i] * z[i];
    }

    /// <summary>
    /// Transposes <paramref name="source"/> (n × k, row stride <paramref name="ld"/>) into panels of 16 rows:
    /// element (e, p) goes to <c>target[(e / 16)·k·16 + p·16 + e mod 16]</c>. Rows up to the next multiple of 16 become zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToPanels(float* source, int n, int k, nint ld, float* target)
    {
        for (int first = 0; first < n; first += 8)
        {
            float* panel = target + (nint)(first / 16) * k * 16 + first % 16;
            float* row = source + first * ld;
            int rows = Math.Min(8, n - first), p = 0;
            if (rows == 8 && Avx.IsSupported)
                for (; p <= k - 8; p += 8) Transpose8(row + p, ld, panel + p * 16, 16);
            for (; p < k; p++)
            {
                for (int e = 0; e < rows; e++) panel[p * 16 + e] = row[e * ld + p];
                for (int e = rows; e < 8; e++) panel[p * 16 + e] = 0;
            }
        }

        if ((n + 7) / 8 % 2 == 1)
        {
            float* panel = target + (nint)(n / 16) * k * 16 + 8;
            for (int p = 0; p < k; p++) Vector256<float>.Zero.Store(panel + p * 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8(float* source, nint ld, float* target, nint ldt)
    {
        var r0 = Avx.LoadVector256(source);
        var r1 = Avx.LoadVector256(source + ld);
        var r2 = Avx.LoadVector256(source + 2 * ld);
        var r3 = Avx.LoadVector256(source + 3 * ld);
        var r4 = Avx.LoadVector256(source + 4 * ld);
        var r5 = Avx.LoadVector256(source + 5 * ld);
        var r6 = Avx.LoadVector256(source + 6 * ld);
        var r7 = Avx.LoadVector256(source + 7 * ld);
        var t0 = Avx.UnpackLow(r0, r1);
        var t1 = Avx.UnpackHigh(r0, r1);
        var t2 = Avx.UnpackLow(r2, r3);
        var t3 = Avx.UnpackHigh(r2, r3);
        var t4 = Avx.UnpackLow(r4, r5);
        var t5 = Avx.UnpackHigh(r4, r5);
        var t6 = Avx.UnpackLow(r6, r7);
        var t7 = Avx.UnpackHigh(r6, r7);
        r0 = Avx.Shuffle(t0, t2, 0x44);
        r1 = Avx.Shuffle(t0, t2, 0xEE);
        r2 = Avx.Shuffle(t1, t3, 0x44);
        r3 = Avx.Shuffle(t1, t3, 0xEE);
        r4 = Avx.Shuffle(t4, t6, 0x44);
        r5 = Avx.Shuffle(t4, t6, 0xEE);
        r6 = Avx.Shuffle(t5, t7, 0x44);
        r7 = Avx.Shuffle(t5, t7, 0xEE);
        Avx.Permute2x128(r0, r4, 0x20).Store(target);
        Avx.Permute2x128(r1, r5, 0x20).Store(target + ldt);
        Avx.Permute2x128(r2, r6, 0x20).Store(target + 2 * ldt);
        Avx.Permute2x128(r3, r7, 0x20).Store(target + 3 * ldt);
        Avx.Permute2x128(r0, r4, 0x31).Store(target + 4 * ldt);
        Avx.Permute2x128(r1, r5, 0x31).Store(target + 5 * ldt);
        Avx.Permute2x128(r2, r6, 0x31).Store(target + 6 * ldt);
        Avx.Permute2x128(r3, r7, 0x31).Store(target + 7 * ldt);
    }
}
