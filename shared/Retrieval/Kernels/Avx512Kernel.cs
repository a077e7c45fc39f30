using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recommender.Retrieval.Kernels;

/// <summary>As <see cref="Avx2Kernel"/>, 32 numbers at a time. Floats use 256 bits, because float scans are limited by memory.</summary>
internal sealed unsafe class Avx512Kernel : Vector256Kernel
{
    public override string Name => "avx512";

    internal override void DotsInt8(short* query, sbyte* rows, int stride, int count, int* sums)
    {
        if (stride == 64)
        {
            Dots64(query, rows, count, sums);
            return;
        }

        int i = 0;
        sbyte* row = rows;
        for (; i <= count - 4; i += 4, row += 4L * stride)
        {
            Vector512<int> a = default, b = default, c = default, d = default;
            int j = 0;
            for (; j <= stride - 32; j += 32)
            {
                Vector512<short> q = Vector512.Load(query + j);
                a += Multiply(row + j, q);
                b += Multiply(row + stride + j, q);
                c += Multiply(row + (2L * stride) + j, q);
                d += Multiply(row + (3L * stride) + j, q);
            }

            Vector256<int> a2 = a.GetLower() + a.GetUpper(), b2 = b.GetLower() + b.GetUpper(), c2 = c.GetLower() + c.GetUpper(),
                d2 = d.GetLower() + d.GetUpper();
            if (j < stride)
            {
                Vector256<short> q = Vector256.Load(query + j);
                a2 += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row + j), q);
                b2 += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row + stride + j), q);
                c2 += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row + (2L * stride) + j), q);
                d2 += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row + (3L * stride) + j), q);
            }

            Avx2Kernel.Store(a2, b2, c2, d2, sums + i);
        }

        for (; i < count; i++, row += stride)
        {
            Vector256<int> sum = default;
            for (int j = 0; j < stride; j += 16) sum += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row + j),
                Vector256.Load(query + j));
            sums[i] = Vector256.Sum(sum);
        }
    }

    /// <summary>The most common rank: the whole query stays in registers.</summary>
    private static void Dots64(short* query, sbyte* rows, int count, int* sums)
    {
        Vector512<short> low = Vector512.Load(query), high = Vector512.Load(query + 32);
        int i = 0;
        sbyte* row = rows;
        for (; i <= count - 16; i += 16, row += 16 * 64)
        {
            Sixteen(Four(row, low, high), Four(row + 256, low, high), Four(row + 512, low, high), Four(row + 768, low, high))
                .Store(sums + i);
        }

        for (; i < count; i++, row += 64) sums[i] = Vector512.Sum(Multiply(row, low) + Multiply(row + 32, high));
    }

    internal override int Survivors(int* sums, float* scales, int count, in Bound bound, float threshold, int* survivors)
    {
        var unit = Vector512.Create(bound.Unit);
        var slack = Vector512.Create(bound.Slack);
        var rest = Vector512.Create(bound.Rest);
        var limit = Vector512.Create(threshold);
        int found = 0, i = 0;
        for (; i <= count - 64; i += 64)
        {
            ulong mask = Mask(i) | (Mask(i + 16) << 16) | (Mask(i + 32) << 32) | (Mask(i + 48) << 48);
            for (; mask != 0; mask &= mask - 1) survivors[found++] = i + System.Numerics.BitOperations.TrailingZeroCount(mask);
        }

        for (; i <= count - 16; i += 16)
        {
            for (ulong mask = Mask(i); mask != 0; mask &= mask - 1)
                survivors[found++] = i + System.Numerics.BitOperations.TrailingZeroCount(mask);
        }

        return SurvivorsScalar(sums, scales, i, count, bound, threshold, survivors, found);

        // A row with a bound of NaN cannot be excluded, so it survives.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        ulong Mask(int at) => Avx512F.CompareNotLessThan(
        (Vector512.Load(scales + at) * ((unit * Vector512.ConvertToSingle(Vector512.Load(sums + at))) + slack)) + rest, limit)
            .ExtractMostSignificantBits();
    }

    internal override bool HasNarrow(int stride) => stride % 64 == 0;

    internal override void DotsNarrow(byte* query, sbyte* rows, int* offsets, int stride, int count, int* sums)
    {
        int i = 0;
        for (; i <= count - 16; i += 16, rows += 16L * stride)
        {
            Vector512<int> a = FourNarrow(query, rows, stride), b = FourNarrow(query, rows + (4L * stride), stride);
            Vector512<int> c = FourNarrow(query, rows + (8L * stride), stride), d = FourNarrow(query, rows + (12L * stride), stride);
            (Sixteen(a, b, c, d) - Vector512.Load(offsets + i)).Store(sums + i);
        }

        for (; i < count; i++, rows += stride)
        {
            Vector512<int> sum = default;
            for (nint j = 0; j < stride; j += 64) sum += MultiplyNarrow(Vector512.Load(query + j), rows + j);
            sums[i] = Vector512.Sum(sum) - offsets[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> FourNarrow(byte* query, sbyte* rows, int stride)
    {
        Vector512<byte> q = Vector512.Load(query);
        Vector512<int> a = MultiplyNarrow(q, rows), b = MultiplyNarrow(q, rows + stride);
        Vector512<int> c = MultiplyNarrow(q, rows + (2L * stride)), d = MultiplyNarrow(q, rows + (3L * stride));
        for (nint j = 64; j < stride; j += 64)
        {
            q = Vector512.Load(query + j);
            a += MultiplyNarrow(q, rows + j);
            b += MultiplyNarrow(q, rows + stride + j);
            c += MultiplyNarrow(q, rows + (2L * stride) + j);
            d += MultiplyNarrow(q, rows + (3L * stride) + j);
        }

        return Quarters(a, b, c, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> MultiplyNarrow(Vector512<byte> query, sbyte* row) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(query, Vector512.Load(row)), Vector512<short>.One);

    /// <summary>The sums of four rows, in four parts each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Four(sbyte* row, Vector512<short> low, Vector512<short> high) => Quarters(
        Multiply(row, low) + Multiply(row + 32, high),
        Multiply(row + 64, low) + Multiply(row + 96, high),
        Multiply(row + 128, low) + Multiply(row + 160, high),
        Multiply(row + 192, low) + Multiply(row + 224, high));

    /// <summary>
    /// The sums of sixteen rows. Each argument has the sums of four rows in four parts, one per quarter. The quarters are transposed and
    /// the parts added.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Sixteen(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        Vector512<int> ab = Avx512F.Shuffle4x128(a, b, 0b10_00_10_00) + Avx512F.Shuffle4x128(a, b, 0b11_01_11_01);
        Vector512<int> cd = Avx512F.Shuffle4x128(c, d, 0b10_00_10_00) + Avx512F.Shuffle4x128(c, d, 0b11_01_11_01);
        return Avx512F.Shuffle4x128(ab, cd, 0b10_00_10_00) + Avx512F.Shuffle4x128(ab, cd, 0b11_01_11_01);
    }

    /// <summary>The sums of four vectors, in four parts each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Quarters(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        Vector512<long> ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsInt64(),
            cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsInt64();
        return Avx512F.UnpackLow(ab, cd).AsInt32() + Avx512F.UnpackHigh(ab, cd).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Multiply(sbyte* row, Vector512<short> query) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row)), query);
}
