using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Quantized;

/// <summary>
/// Rows of numbers in 8 bits each with a scale per row: row ≈ scale · z with z from −127 to 127. The distance of a row from its
/// approximation is at most <see cref="Error"/> · scale, so approximate scores have a proven bound.
/// </summary>
internal sealed unsafe class QuantizedRows
{
    private const int Alignment = 64;

    /// <summary>Rows with larger numbers are not quantized: their scores may overflow, and would widen the bounds of all others.</summary>
    private const float Largest = 1e25f;

    private readonly sbyte[] _memory;
    private readonly float[] _scales;
    private readonly int[] _sums;

    private QuantizedRows(int count, int rank)
    {
        Count = count;
        Rank = rank;
        Stride = (rank + Kernel.Int8Padding - 1) / Kernel.Int8Padding * Kernel.Int8Padding;
        // Pinned, so that rows stay aligned to cache lines and pointers into them stay valid.
        _memory = GC.AllocateUninitializedArray<sbyte>(checked((int)(((long)count * Stride) + Alignment)), pinned: true);
        _scales = GC.AllocateUninitializedArray<float>(Math.Max(1, count), pinned: true);
        _sums = GC.AllocateUninitializedArray<int>(Math.Max(1, count), pinned: true);
        fixed (sbyte* memory = _memory) Rows = (sbyte*)(((nint)memory + Alignment - 1) / Alignment * Alignment);
        fixed (float* scales = _scales) Scales = scales;
        fixed (int* sums = _sums) NarrowOffsets = sums;
    }

    public int Count { get; }

    public int Rank { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>Count × Stride; the numbers from Rank on are 0. Valid while this object is reachable.</summary>
    public sbyte* Rows { get; }

    /// <summary>One per row. NaN: the row is not quantized, and its score has no bound.</summary>
    public float* Scales { get; }

    /// <summary>
    /// One per row: contribution of a narrow query's zero point to the sum over the row, <see cref="QuantizedQuery.NarrowZero"/> · Σ z.
    /// </summary>
    public int* NarrowOffsets { get; }

    /// <summary>The largest |z| of a row, rounded up.</summary>
    public float Longest { get; private set; }

    /// <summary>The largest |row − scale · z| / scale over all rows, rounded up. At most √rank / 2 and a little.</summary>
    public float Error { get; private set; }

    /// <summary>The largest scale.</summary>
    public float LargestScale { get; private set; }

    public long MemoryBytes => _memory.LongLength + (4L * (_scales.Length + _sums.Length));

    /// <param name="factors">Rows × rank, row-major.</param>
    /// <param name="order">Row of the factors at each position; null: unchanged order.</param>
    public static QuantizedRows Of(ReadOnlyMemory<float> factors, int rank, int[]? order = null)
    {
        int count = order?.Length ?? factors.Length / rank;
        var rows = new QuantizedRows(count, rank);
        const int Part = 16_384;
        int parts = (count + Part - 1) / Part;
        double[] errors = new double[parts], squares = new double[parts];
        Parallel.For(0, parts, part =>
        {
            ReadOnlySpan<float> all = factors.Span;
            for (int i = part * Part; i < Math.Min(count, (part + 1) * Part); i++)
            {
                int source = order is null ? i : order[i];
                sbyte* row = rows.Rows + ((long)i * rows.Stride);
                errors[part] = Math.Max(errors[part], Quantize(all.Slice(source * rank, rank), row, rows.Stride, out rows.Scales[i]));
                int sum = 0, square = 0;
                for (int j = 0; j < rank; j++)
                {
                    sum += row[j];
                    square += row[j] * row[j];
                }

                rows.NarrowOffsets[i] = QuantizedQuery.NarrowZero * sum;
                squares[part] = Math.Max(squares[part], square);
            }
        });
        foreach (float scale in rows._scales.AsSpan(0, count)) if (scale > rows.LargestScale) rows.LargestScale = scale;
        rows.Longest = MathF.BitIncrement((float)Math.Sqrt(squares.DefaultIfEmpty(0).Max()));
        rows.Error = MathF.BitIncrement((float)(errors.DefaultIfEmpty(0).Max() * (1 + 1e-9)));
        return rows;
    }

    /// <returns>|row − scale · z| / scale, or 0 where the scale is 0 or NaN.</returns>
    private static double Quantize(ReadOnlySpan<float> row, sbyte* z, int stride, out float scale)
    {
        float largest = 0;
        bool finite = true;
        foreach (float value in row)
        {
            finite &= float.IsFinite(value);
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        new Span<sbyte>(z, stride).Clear();
        scale = largest / 127;
        if (largest == 0) return 0;
        if (!finite || largest > Largest || !float.IsNormal(scale))
        {
            // Not finite, too large, or so small that the rounding of the scale would exceed the bound.
            scale = float.NaN;
            return 0;
        }

        double squares = 0, inverse = 1.0 / scale;
        for (int j = 0; j < row.Length; j++)
        {
            double exact = row[j] * inverse;
            double rounded = Math.Clamp(Math.Round(exact), -127, 127);
            z[j] = (sbyte)rounded;
            squares += (exact - rounded) * (exact - rounded);
        }

        return Math.Sqrt(squares);
    }
}
