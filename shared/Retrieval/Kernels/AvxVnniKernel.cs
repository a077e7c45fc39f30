using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recommender.Retrieval.Kernels;

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
            for (int j = 0; j < stride; j += 16) sum =
                AvxVnni.MultiplyWideningAndAdd(sum, Avx2.ConvertToVector256Int16(row + j), Vector256.Load(query + j));
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
                a = AvxVnni.MultiplyWideningAndAdd(a, q, Vector256.Load(rows + j));
                b = AvxVnni.MultiplyWideningAndAdd(b, q, Vector256.Load(rows + stride + j));
                c = AvxVnni.MultiplyWideningAndAdd(c, q, Vector256.Load(rows + (2L * stride) + j));
                d = AvxVnni.MultiplyWideningAndAdd(d, q, Vector256.Load(rows + (3L * stride) + j));
            }

            Avx2Kernel.Store(a, b, c, d, sums + i);
            (Vector128.Load(sums + i) - Vector128.Load(offsets + i)).Store(sums + i);
        }

        for (; i < count; i++, rows += stride)
        {
            Vector256<int> sum = default;
            for (nint j = 0; j < stride; j += 32) sum =
                AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Load(query + j), Vector256.Load(rows + j));
            sums[i] = Vector256.Sum(sum) - offsets[i];
        }
    }
}
