using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>Loops over one row of logits. Sums are taken in an order that depends on the length alone.</summary>
internal static unsafe class SoftmaxRow
{
    /// <summary><c>x = exp(scale · x + offset)</c> per element.</summary>
    /// <param name="n">A multiple of 8.</param>
    /// <returns>The sum of the results.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Exponentiate(float* x, float scale, float* offset, int n)
    {
        var s = Vector256.Create(scale);
        Vector256<float> sum = default;
        for (int i = 0; i < n; i += 8)
        {
            var y = Exp(Vector256.MultiplyAddEstimate(Vector256.Load(x + i), s, Vector256.Load(offset + i)));
            y.Store(x + i);
            sum += y;
        }

        return Vector256.Sum(sum);
    }

    /// <summary><c>x = scale · x</c>.</summary>
    /// <param name="n">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* x, float scale, int n)
    {
        var s = Vector256.Create(scale);
        for (int i = 0; i < n; i += 8) (s * Vector256.Load(x + i)).Store(x + i);
    }

    /// <summary>
    /// 2^(whole) · 2^(rest) with a polynomial for the rest (the minimax coefficients of Cephes' expf): relative error below 2e-7 in
    /// −87..87, clamped outside.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Exp(Vector256<float> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-87f)), Vector256.Create(87f));
        var whole = Vector256.Floor(x * 1.44269504f + Vector256.Create(.5f));
        x = Vector256.MultiplyAddEstimate(whole, Vector256.Create(-.693359375f), x);
        x = Vector256.MultiplyAddEstimate(whole, Vector256.Create(2.12194440e-4f), x);
        var y = Vector256.Create(1.9875691500e-4f);
        y = Vector256.MultiplyAddEstimate(y, x, Vector256.Create(1.3981999507e-3f));
        y = Vector256.MultiplyAddEstimate(y, x, Vector256.Create(8.3334519073e-3f));
        y = Vector256.MultiplyAddEstimate(y, x, Vector256.Create(4.1665795894e-2f));
        y = Vector256.MultiplyAddEstimate(y, x, Vector256.Create(1.6666665459e-1f));
        y = Vector256.MultiplyAddEstimate(y, x, Vector256.Create(5.0000001201e-1f));
        y = Vector256.MultiplyAddEstimate(y, x * x, x + Vector256<float>.One);
        return y * Vector256.ShiftLeft(Vector256.ConvertToInt32(whole) + Vector256.Create(127), 23).AsSingle();
    }
}
