using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recommender.Retrieval.Kernels;

/// <summary>
/// The inner loops of retrieval. Implementations use different instructions. Float results may differ between implementations (and so
/// between CPUs) in the last bits, because the order of the additions differs. Within one implementation they are equal: <see cref="Dots"/>
/// equals <see cref="Dot(float*, float*, int)"/> to the bit. Int8 results are exact integers and equal everywhere. No kernel reads beyond
/// its arguments.
/// </summary>
/// <remarks>The environment variable <c>RECOMMENDER_KERNEL</c> forces one by name, for tests and to rule out a defect of the CPU.</remarks>
public abstract unsafe class Kernel
{
    /// <summary>Int8 rows are padded with zeros to a multiple of this many bytes.</summary>
    internal const int Int8Padding = 16;

    /// <summary>The largest number of a narrow query.</summary>
    internal const int LargestNarrow = 127;

    /// <summary>Every kernel this CPU can run, best first.</summary>
    public static IReadOnlyList<Kernel> Supported { get; } = FindSupported();

    /// <summary>The default kernel: the forced one, else the best supported.</summary>
    public static Kernel Default { get; } = Choose(Environment.GetEnvironmentVariable("RECOMMENDER_KERNEL"));

    /// <summary>Name in <c>RECOMMENDER_KERNEL</c> and in reports, such as <c>avx2</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Σ x[j]·y[j] over <paramref name="length"/> numbers, in this kernel's order of additions.</summary>
    public abstract float Dot(float* x, float* y, int length);

    /// <summary>The dot product of <paramref name="query"/> with each of <paramref name="count"/> consecutive rows.</summary>
    /// <param name="query"><paramref name="rank"/> numbers.</param>
    /// <param name="rows">count × rank, row-major.</param>
    /// <param name="scores">Receives count numbers.</param>
    public abstract void Dots(float* query, float* rows, int count, int rank, float* scores);

    /// <summary>The dot product of two spans of equal length.</summary>
    public float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        if (x.Length != y.Length) throw new ArgumentException($"Lengths {x.Length} and {y.Length} differ.", nameof(y));
        fixed (float* px = x, py = y) return Dot(px, py, x.Length);
    }

    /// <summary>The integer dot product of <paramref name="query"/> with each of <paramref name="count"/> consecutive int8 rows.</summary>
    /// <param name="query"><paramref name="stride"/> numbers, so small that no sum over a row exceeds 32 bits.</param>
    /// <param name="rows">count × stride, row-major; from −127 to 127.</param>
    /// <param name="stride">Length of a row, a multiple of <see cref="Int8Padding"/>.</param>
    /// <param name="sums">Receives count numbers.</param>
    internal abstract void DotsInt8(short* query, sbyte* rows, int stride, int count, int* sums);

    /// <summary>As <see cref="DotsInt8"/>, for rows that are not consecutive.</summary>
    /// <param name="slots">Numbers of the rows.</param>
    internal virtual void DotsInt8At(short* query, sbyte* rows, int stride, int* slots, int count, int* sums)
    {
        const int Ahead = 12;
        for (int i = 0; i < count; i++)
        {
            if (Sse.IsSupported && i + Ahead < count)
            {
                sbyte* next = rows + ((long)slots[i + Ahead] * stride);
                for (int line = 0; line < stride; line += 64) Sse.Prefetch0(next + line);
            }

            DotsInt8(query, rows + ((long)slots[i] * stride), stride, 1, sums + i);
        }
    }

    /// <summary>Whether <see cref="DotsNarrow"/> is faster than <see cref="DotsInt8"/> for rows of this stride.</summary>
    internal virtual bool HasNarrow(int stride) => false;

    /// <summary>
    /// Σ query[j]·row[j] − offset for each of <paramref name="count"/> consecutive int8 rows. With queries of at most 7 bits the sum of two
    /// products fits 16 bits, so numbers need not be widened first.
    /// </summary>
    /// <param name="query"><paramref name="stride"/> numbers from 0 to <see cref="LargestNarrow"/>.</param>
    /// <param name="rows">count × stride, row-major; from −127 to 127.</param>
    /// <param name="offsets">One per row.</param>
    /// <param name="sums">Receives count numbers.</param>
    internal virtual void DotsNarrow(byte* query, sbyte* rows, int* offsets, int stride, int count, int* sums)
    {
        for (int i = 0; i < count; i++, rows += stride)
        {
            int sum = -offsets[i];
            for (int j = 0; j < stride; j++) sum += query[j] * rows[j];
            sums[i] = sum;
        }
    }

    /// <summary>
    /// Finds the rows that may have a score of at least <paramref name="threshold"/>: those whose bound, scale · (unit · sum + slack) +
    /// rest, is not below it. A row with a bound of NaN is among them.
    /// </summary>
    /// <param name="survivors">Receives the numbers of the rows, ascending; as long as count.</param>
    /// <returns>Number of survivors.</returns>
    internal virtual int Survivors(int* sums, float* scales, int count, in Bound bound, float threshold, int* survivors) =>
        SurvivorsScalar(sums, scales, 0, count, bound, threshold, survivors, 0);

    /// <summary>The row with the largest scale · unit · sum − half; among equals the lowest.</summary>
    internal virtual int Nearest(int* sums, float* scales, float* halves, int count, float unit, out float bestScore)
    {
        int best = 0;
        bestScore = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            float score = (scales[i] * (unit * sums[i])) - halves[i];
            if (score > bestScore) (best, bestScore) = (i, score);
        }

        return best;
    }

    private protected static int SurvivorsScalar(int* sums, float* scales, int from, int count, in Bound bound, float threshold,
        int* survivors, int found)
    {
        for (int i = from; i < count; i++)
        {
            if (!(bound.Upper(sums[i], scales[i]) < threshold)) survivors[found++] = i;
        }

        return found;
    }

    internal static Kernel Choose(string? name)
    {
        if (string.IsNullOrEmpty(name)) return Supported[0];
        foreach (Kernel kernel in Supported)
        {
            if (string.Equals(kernel.Name, name, StringComparison.OrdinalIgnoreCase)) return kernel;
        }

        throw new ArgumentException($"RECOMMENDER_KERNEL is '{name}'; this CPU can run "
            + $"{string.Join(", ", Supported.Select(k => k.Name))}.", nameof(name));
    }

    private static List<Kernel> FindSupported()
    {
        var kernels = new List<Kernel>();
        if (Avx512BW.IsSupported) kernels.Add(new Avx512Kernel());
        if (AvxVnni.IsSupported && Fma.IsSupported) kernels.Add(new AvxVnniKernel());
        if (Avx2.IsSupported && Fma.IsSupported) kernels.Add(new Avx2Kernel());
        if (Vector256.IsHardwareAccelerated) kernels.Add(new Vector256Kernel());
        if (Vector128.IsHardwareAccelerated) kernels.Add(new Vector128Kernel());
        kernels.Add(new ScalarKernel());
        return kernels;
    }
}
