using System.Runtime.Intrinsics;

namespace Recommender.Retrieval;

/// <summary>Eight floats at a time.</summary>
internal sealed unsafe class Vector256Kernel : Kernel
{
    public override string Name => "vector256";

    public override float Dot(float* x, float* y, int length)
    {
        Vector256<float> even = default, odd = default;
        int j = 0;
        for (; j <= length - 16; j += 16)
        {
            even = Vector256.MultiplyAddEstimate(Vector256.Load(x + j), Vector256.Load(y + j), even);
            odd = Vector256.MultiplyAddEstimate(Vector256.Load(x + j + 8), Vector256.Load(y + j + 8), odd);
        }

        if (j <= length - 8)
        {
            even = Vector256.MultiplyAddEstimate(Vector256.Load(x + j), Vector256.Load(y + j), even);
            j += 8;
        }

        float sum = Vector256.Sum(even + odd);
        for (; j < length; j++) sum += x[j] * y[j];
        return sum;
    }
}
