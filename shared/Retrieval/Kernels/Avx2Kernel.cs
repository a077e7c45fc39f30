using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recommender.Retrieval.Kernels;

/// <summary>
/// Int8 rows against an int16 query: VPMOVSXBW widens 16 numbers, VPMADDWD multiplies them and adds them in pairs. With a query of 16 bits
/// nearly all of the error of a score comes from the row, and no multiplication can saturate, unlike with VPMADDUBSW.
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

    internal override bool HasNarrow(int stride) => stride % 32 == 0;

    internal override void DotsNarrow(byte* query, sbyte* rows, int* offsets, int stride, int count, int* sums)
    {
        int i = 0;
        for (; i <= count - 4; i += 4, rows += 4L * stride)
        {
            Vector256<int> a = default, b = default, c = default, d = default;
            for (nint j = 0; j < stride; j += 32)
            {
                Vector256<byte> q = Vector256.Load(query + j);
                a += MultiplyNarrow(q, rows + j);
                b += MultiplyNarrow(q, rows + stride + j);
                c += MultiplyNarrow(q, rows + (2L * stride) + j);
                d += MultiplyNarrow(q, rows + (3L * stride) + j);
            }

            Store(a, b, c, d, sums + i);
            (Vector128.Load(sums + i) - Vector128.Load(offsets + i)).Store(sums + i);
        }

        for (; i < count; i++, rows += stride)
        {
            Vector256<int> sum = default;
            for (nint j = 0; j < stride; j += 32) sum += MultiplyNarrow(Vector256.Load(query + j), rows + j);
            sums[i] = Vector256.Sum(sum) - offsets[i];
        }
    }

    /// <summary>Adds pairs of products in 16 bits, and pairs of these sums in 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> MultiplyNarrow(Vector256<byte> query, sbyte* row) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(query, Vector256.Load(row)), Vector256<short>.One);

    /// <summary>The most common rank: the whole query stays in registers.</summary>
    private static void Dots64(short* query, sbyte* rows, int count, int* sums)
    {
        Vector256<short> q0 = Vector256.Load(query), q1 = Vector256.Load(query + 16), q2 = Vector256.Load(query + 32),
            q3 = Vector256.Load(query + 48);
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
    private static Vector256<int> Multiply(sbyte* row, Vector256<short> query) =>
    Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(row), query);

    /// <summary>Writes the horizontal sums of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, int* sums)
    {
        Vector256<int> all = Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d));
        (all.GetLower() + all.GetUpper()).Store(sums);
    }
}
