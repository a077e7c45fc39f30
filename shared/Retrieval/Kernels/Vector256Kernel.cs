using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recommender.Retrieval.Kernels;

/// <summary>Eight floats at a time.</summary>
internal unsafe class Vector256Kernel : Kernel
{
    public override string Name => "vector256";

    public sealed override float Dot(float* x, float* y, int length) => DotInline(x, y, length);

    public sealed override void Dots(float* query, float* rows, int count, int rank, float* scores)
    {
        for (int i = 0; i < count; i++) scores[i] = DotInline(query, rows + ((long)i * rank), rank);
    }

    internal override void DotsInt8(short* query, sbyte* rows, int stride, int count, int* sums)
    {
        for (int i = 0; i < count; i++)
        {
            sbyte* row = rows + ((long)i * stride);
            Vector256<int> sum = default;
            for (int j = 0; j < stride; j += 16)
            {
                Vector256<short> x = Widen(row + j), y = Vector256.Load(query + j);
                (Vector256<int> xLow, Vector256<int> xHigh) = Vector256.Widen(x);
                (Vector256<int> yLow, Vector256<int> yHigh) = Vector256.Widen(y);
                sum += (xLow * yLow) + (xHigh * yHigh);
            }

            sums[i] = Vector256.Sum(sum);
        }
    }

    internal override int Survivors(int* sums, float* scales, int count, in Bound bound, float threshold, int* survivors)
    {
        var unit = Vector256.Create(bound.Unit);
        var slack = Vector256.Create(bound.Slack);
        var rest = Vector256.Create(bound.Rest);
        var limit = Vector256.Create(threshold);
        int found = 0, i = 0;
        // Few rows survive, so 32 are tested at once.
        for (; i <= count - 32; i += 32)
        {
            uint mask = Mask(i) | (Mask(i + 8) << 8) | (Mask(i + 16) << 16) | (Mask(i + 24) << 24);
            for (; mask != 0; mask &= mask - 1) survivors[found++] = i + System.Numerics.BitOperations.TrailingZeroCount(mask);
        }

        for (; i <= count - 8; i += 8)
        {
            for (uint mask = Mask(i); mask != 0; mask &= mask - 1)
                survivors[found++] = i + System.Numerics.BitOperations.TrailingZeroCount(mask);
        }

        return SurvivorsScalar(sums, scales, i, count, bound, threshold, survivors, found);

        // A row with a bound of NaN cannot be excluded, so it survives.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        uint Mask(int at) =>
            ~Vector256.LessThan((Vector256.Load(scales + at) * ((unit * Vector256.ConvertToSingle(Vector256.Load(sums + at))) + slack))
            + rest, limit).ExtractMostSignificantBits() & 0xFF;
    }

    internal sealed override int Nearest(int* sums, float* scales, float* halves, int count, float unit, out float bestScore)
    {
        if (count < 8) return base.Nearest(sums, scales, halves, count, unit, out bestScore);
        Vector256<float> bestScores = Vector256.Create(float.NegativeInfinity), units = Vector256.Create(unit);
        Vector256<int> bests = default, rows = Vector256<int>.Indices;
        int i = 0;
        for (; i <= count - 8; i += 8, rows += Vector256.Create(8))
        {
            Vector256<float> scores = (Vector256.Load(scales + i) * (units * Vector256.ConvertToSingle(Vector256.Load(sums + i))))
                - Vector256.Load(halves + i);
            Vector256<int> better = Vector256.GreaterThan(scores, bestScores).AsInt32();
            bestScores = Vector256.ConditionalSelect(better.AsSingle(), scores, bestScores);
            bests = Vector256.ConditionalSelect(better, rows, bests);
        }

        int best = bests[0];
        bestScore = bestScores[0];
        for (int lane = 1; lane < 8; lane++)
        {
            if (bestScores[lane] > bestScore || (bestScores[lane] == bestScore && bests[lane] < best))
                (best, bestScore) = (bests[lane], bestScores[lane]);
        }

        for (; i < count; i++)
        {
            float score = (scales[i] * (unit * sums[i])) - halves[i];
            if (score > bestScore) (best, bestScore) = (i, score);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static Vector256<short> Widen(sbyte* row)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Load(row));
        return Vector256.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float DotInline(float* x, float* y, int length)
    {
        // Two sums hide most of the latency of the additions; overlap with the next row hides the rest.
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
