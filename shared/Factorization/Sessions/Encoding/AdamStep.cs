using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>One step of Adam (Kingma, Ba 2015) for single rows. Rows without a gradient keep their moments (lazy Adam).</summary>
internal readonly unsafe struct AdamStep
{
    private const float Decay1 = .9f, Decay2 = .999f, Epsilon = 1e-8f;

    private readonly float _rate;
    private readonly float _correction2;

    /// <param name="rate">Step length.</param>
    /// <param name="step">1-based.</param>
    public AdamStep(double rate, long step)
    {
        _rate = (float)(rate / (1 - Math.Pow(Decay1, step)));
        _correction2 = (float)(1 / (1 - Math.Pow(Decay2, step)));
    }

    /// <param name="n">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* gradient, float* value, float* moment1, float* moment2, int n)
    {
        var rate = Vector256.Create(_rate);
        var correction = Vector256.Create(_correction2);
        for (int i = 0; i < n; i += 8)
        {
            var g = Vector256.Load(gradient + i);
            var m = Vector256.Load(moment1 + i) * Decay1 + g * (1 - Decay1);
            var v = Vector256.Load(moment2 + i) * Decay2 + g * g * (1 - Decay2);
            m.Store(moment1 + i);
            v.Store(moment2 + i);
            (Vector256.Load(value + i) - rate * m / (Vector256.Sqrt(v * correction) + Vector256.Create(Epsilon))).Store(value + i);
        }
    }
}
