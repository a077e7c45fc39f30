using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recommender.Retrieval.Kernels;

/// <summary>Four floats at a time, in code that every CPU with vectors can run: ARM, WebAssembly and old x86.</summary>
internal sealed unsafe class Vector128Kernel : Kernel
{
    public override string Name => "vector128";

    public override float Dot(float* x, float* y, int length) => DotInline(x, y, length);

    public override void Dots(float* query, float* rows, int count, int rank, float* scores)
    {
        for (int i = 0; i < count; i++) scores[i] = DotInline(query, rows + ((long)i * rank), rank);
    }

    internal override void DotsInt8(short* query, sbyte* rows, int stride, int count, int* sums)
    {
        for (int i = 0; i < count; i++)
        {
            sbyte* row = rows + ((long)i * stride);
            Vector128<int> sum = default;
            for (int j = 0; j < stride; j += 16)
            {
                (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Load(row + j));
                sum += MultiplyAdd(low, Vector128.Load(query + j)) + MultiplyAdd(high, Vector128.Load(query + j + 8));
            }

            sums[i] = Vector128.Sum(sum);
        }
    }

    internal override int Survivors(int* sums, float* scales, int count, in Bound bound, float threshold, int* survivors)
    {
        var unit = Vector128.Create(bound.Unit);
        var slack = Vector128.Create(bound.Slack);
        var rest = Vector128.Create(bound.Rest);
        var limit = Vector128.Create(threshold);
        int found = 0, i = 0;
        for (; i <= count - 4; i += 4)
        {
            Vector128<float> upper = (Vector128.Load(scales + i) * ((unit * Vector128.ConvertToSingle(Vector128.Load(sums + i))) + slack))
                + rest;
            for (uint mask = ~Vector128.LessThan(upper, limit).ExtractMostSignificantBits() & 0xF; mask != 0; mask &= mask - 1)
            {
                survivors[found++] = i + System.Numerics.BitOperations.TrailingZeroCount(mask);
            }
        }

        return SurvivorsScalar(sums, scales, i, count, bound, threshold, survivors, found);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> MultiplyAdd(Vector128<short> x, Vector128<short> y)
    {
        (Vector128<int> xLow, Vector128<int> xHigh) = Vector128.Widen(x);
        (Vector128<int> yLow, Vector128<int> yHigh) = Vector128.Widen(y);
        return (xLow * yLow) + (xHigh * yHigh);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float DotInline(float* x, float* y, int length)
    {
        Vector128<float> even = default, odd = default;
        int j = 0;
        for (; j <= length - 8; j += 8)
        {
            even = Vector128.MultiplyAddEstimate(Vector128.Load(x + j), Vector128.Load(y + j), even);
            odd = Vector128.MultiplyAddEstimate(Vector128.Load(x + j + 4), Vector128.Load(y + j + 4), odd);
        }

        float sum = Vector128.Sum(even + odd);
        for (; j < length; j++) sum += x[j] * y[j];
        return sum;
    }
}
