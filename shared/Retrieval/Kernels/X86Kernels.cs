using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recommender.Retrieval;

/// <summary>
/// Int8 rows against an int16 query: VPMOVSXBW widens 16 numbers, VPMADDWD multiplies them and adds them in pairs. With the query in 16
/// bits, nearly all of the error of a quantized score is the row's, and no multiplication can saturate, unlike with VPMADDUBSW.
/// </summary>
internal sealed unsafe class Avx2Kernel : Vector256Kernel
{
    public override string Name => "avx2";

    internal override void DotsInt8(short* query, sbyte* rows, int stride, int count, int* sums)
    {
        if (stride == 64)
        {
            Dots64(query, rows, count, sums);
            return;
        }

        int i = 0;
        sbyte* a = rows;
        for (; i <= count - 4; i += 4, a += 4L * stride)
        {
            // Four rows share each load of the query and the horizontal additions at the end.
            sbyte* b = a + stride, c = b + stride, d = c + stride;
            Vector256<int> sumA = default, sumB = default, sumC = default, sumD = default;
            for (nint j = 0; j < stride; j += 16)
            {
                Vector256<short> q = Vector256.Load(query + j);
                sumA += Multiply(a + j, q);
                sumB += Multiply(b + j, q);
                sumC += Multiply(c + j, q);
                sumD += Multiply(d + j, q);
            }

            Store(sumA, sumB, sumC, sumD, sums + i);
        }

        for (; i < count; i++, a += stride)
        {
            Vector256<int> sum = default;
            for (nint j = 0; j < stride; j += 16) sum += Multiply(a + j, Vector256.Load(query + j));
            sums[i] = Vector256.Sum(sum);
        }
    }

    /// <summary>The commonest rank: the whole query stays in registers.</summary>
    private static void Dots64(short* query, sbyte* rows, int count, int* sums)
    {
        Vector256<short> q0 = Vector256.Load(query), q1 = Vector256.Load(query + 16), q2 = Vector256.Load(query + 32), q3 = Vector256.Load(query + 48);
        int i = 0;
        sbyte* row = rows;
        for (; i <= count - 4; i += 4, row += 256)
        {
            Vector256<int> a = Multiply(row, q0) + Multiply(row + 16, q1) + (Multiply(row + 32, q2) + Multiply(row + 48, q3));
            Vector256<int> b = Multiply(row + 64, q0) + Multiply(row + 80, q1) + (Multiply(row + 96, q2) + Multiply(row + 112, q3));
            Vector256<int> c = Multiply(row + 128, q0) + Multiply(row + 144, q1) + (Multiply(row + 160, q2) + Multiply(row + 176, q3));
            Vector256<int> d = Multiply(row + 192, q0) + Multiply(row + 208, q1) + (Multiply(row + 224, q2) + Multiply(row + 240, q3));
            Store(a, b, c, d, sums + i);
        }

        for (; i < count; i++, row += 64)
        {
            sums[i] = Vector256.Sum(Multiply(row, q0) + Multiply(row + 16, q1) + (Multiply(row + 32, q2) + Multiply(row + 48, q3)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Multiply(sbyte* row, Vector256<short> query) => Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row), query);

    /// <summary>Writes the horizontal sums of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, int* sums)
    {
        Vector256<int> all = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
        (all.GetLower() + all.GetUpper()).Store(sums);
    }
}

/// <summary>As <see cref="Avx2Kernel"/>, with VPDPWSSD, which also does the addition.</summary>
internal sealed unsafe class AvxVnniKernel : Vector256Kernel
{
    public override string Name => "avxvnni";

    internal override void DotsInt8(short* query, sbyte* rows, int stride, int count, int* sums)
    {
        int i = 0;
        sbyte* row = rows;
        for (; i <= count - 4; i += 4, row += 4L * stride)
        {
            Vector256<int> a = default, b = default, c = default, d = default;
            for (int j = 0; j < stride; j += 16)
            {
                Vector256<short> q = Vector256.Load(query + j);
                a = AvxVnni.MultiplyWideningAndAdd(a, Avx2.ConvertToVector256Int16(row + j), q);
                b = AvxVnni.MultiplyWideningAndAdd(b, Avx2.ConvertToVector256Int16(row + stride + j), q);
                c = AvxVnni.MultiplyWideningAndAdd(c, Avx2.ConvertToVector256Int16(row + (2L * stride) + j), q);
                d = AvxVnni.MultiplyWideningAndAdd(d, Avx2.ConvertToVector256Int16(row + (3L * stride) + j), q);
            }

            Avx2Kernel.Store(a, b, c, d, sums + i);
        }

        for (; i < count; i++, row += stride)
        {
            Vector256<int> sum = default;
            for (int j = 0; j < stride; j += 16) sum = AvxVnni.MultiplyWideningAndAdd(sum, Avx2.ConvertToVector256Int16(row + j), Vector256.Load(query + j));
            sums[i] = Vector256.Sum(sum);
        }
    }
}

/// <summary>As <see cref="Avx2Kernel"/>, 32 numbers at a time. Floats stay at 256 bits: their scans wait for memory anyway.</summary>
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

            Vector256<int> a2 = a.GetLower() + a.GetUpper(), b2 = b.GetLower() + b.GetUpper(), c2 = c.GetLower() + c.GetUpper(), d2 = d.GetLower() + d.GetUpper();
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
            for (int j = 0; j < stride; j += 16) sum += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row + j), Vector256.Load(query + j));
            sums[i] = Vector256.Sum(sum);
        }
    }

    /// <summary>The commonest rank: the whole query stays in registers.</summary>
    private static void Dots64(short* query, sbyte* rows, int count, int* sums)
    {
        Vector512<short> low = Vector512.Load(query), high = Vector512.Load(query + 32);
        int i = 0;
        sbyte* row = rows;
        for (; i <= count - 16; i += 16, row += 16 * 64)
        {
            Vector512<int> a = Four(row, low, high), b = Four(row + 256, low, high), c = Four(row + 512, low, high), d = Four(row + 768, low, high);
            // Each holds the sums of its four rows in four parts, one per quarter: the quarters change places, and the parts are added.
            Vector512<int> ab = Avx512F.Shuffle4x128(a, b, 0b10_00_10_00) + Avx512F.Shuffle4x128(a, b, 0b11_01_11_01);
            Vector512<int> cd = Avx512F.Shuffle4x128(c, d, 0b10_00_10_00) + Avx512F.Shuffle4x128(c, d, 0b11_01_11_01);
            (Avx512F.Shuffle4x128(ab, cd, 0b10_00_10_00) + Avx512F.Shuffle4x128(ab, cd, 0b11_01_11_01)).Store(sums + i);
        }

        for (; i < count; i++, row += 64) sums[i] = Vector512.Sum(Multiply(row, low) + Multiply(row + 32, high));
    }

    /// <summary>The sums of four rows, in four parts each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Four(sbyte* row, Vector512<short> low, Vector512<short> high)
    {
        Vector512<int> a = Multiply(row, low) + Multiply(row + 32, high), b = Multiply(row + 64, low) + Multiply(row + 96, high);
        Vector512<int> c = Multiply(row + 128, low) + Multiply(row + 160, high), d = Multiply(row + 192, low) + Multiply(row + 224, high);
        Vector512<long> ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsInt64(), cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsInt64();
        return Avx512F.UnpackLow(ab, cd).AsInt32() + Avx512F.UnpackHigh(ab, cd).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Multiply(sbyte* row, Vector512<short> query) =>
        Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row)), query);
}
