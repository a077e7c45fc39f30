namespace Recommender.Retrieval;

/// <summary>
/// A query in 16 bits, and the bound on the float32 scores of rows scored with it.
/// </summary>
/// <remarks>
/// With query q = unit · w + f (|f[j]| ≤ unit/2) and row y = s · z + e (|e| ≤ s · ε):
/// q·y = s · unit · (w·z) + s · f·z + q·e, where |f·z| ≤ unit/2 · 127 · rank and |q·e| ≤ |q| · s · ε. The float32 kernel's own rounding
/// is at most rank · 2⁻²⁴ · |q| · |y| (any order of additions), plus half a denormal per product; |y| ≤ s · (127 √rank + ε). The rounding
/// in evaluating the bound itself is a few units of 2⁻²⁴ of numbers no larger than |q| · |y|, so 16 · 2⁻²³ covers it with room.
/// None of that holds once a sum overflows; no partial sum exceeds |q| · |y|, so where that stays below float's range, none does.
/// </remarks>
internal static unsafe class QuantizedQuery
{
    /// <summary>What 0 is in a narrow query.</summary>
    public const int NarrowZero = Kernel.LargestNarrow / 2 + 1;

    /// <summary>16-bit numbers that both forms of a query take.</summary>
    public static int Length(QuantizedRows rows) => rows.Stride + ((rows.Stride + 1) / 2);

    /// <summary>Quantizes the query.</summary>
    /// <param name="quantized">Receives <see cref="QuantizedRows.Stride"/> numbers, 0 from the rank on.</param>
    /// <returns>Whether it could be: every number finite, and their size within what float32 can bound.</returns>
    public static bool TryCreate(ReadOnlySpan<float> query, QuantizedRows rows, Span<short> quantized, out Bound bound) => TryCreate(query, rows, quantized, out bound, out _);

    /// <param name="norm">|query|, not rounded down.</param>
    public static bool TryCreate(ReadOnlySpan<float> query, QuantizedRows rows, Span<short> quantized, out Bound bound, out float norm)
    {
        norm = 0;
        int rank = rows.Rank;
        bound = default;
        double largest = 0, squares = 0;
        foreach (float value in query)
        {
            if (!float.IsFinite(value)) return false;
            largest = Math.Max(largest, Math.Abs((double)value));
            squares += (double)value * value;
        }

        // No sum of rank products with rows of up to 127 may leave 32 bits.
        double limit = Math.Min(short.MaxValue, Math.Floor((double)int.MaxValue / (127.0 * rank)));
        float unit = (float)(largest / limit);
        if (largest > 0 && !float.IsNormal(unit)) return false;
        double inverse = largest == 0 ? 0 : 1.0 / unit;
        quantized.Clear();
        for (int j = 0; j < rank; j++) quantized[j] = (short)Math.Clamp(Math.Round(query[j] * inverse), -limit, limit);

        double length = Math.Sqrt(squares) * (1 + 1e-9);
        norm = MathF.BitIncrement((float)length);
        double rounding = (rank + 16) * Math.Pow(2, -23);
        double slack = (length * rows.Error) + (unit * 0.501 * 127 * rank) + (length * rounding * ((127 * Math.Sqrt(rank)) + rows.Error));
        double rest = (rank + 16) * Math.Pow(2, -148);
        bound = new Bound(unit, MathF.BitIncrement((float)slack), MathF.BitIncrement((float)rest));
        return length * rows.LargestScale * ((127 * Math.Sqrt(rank)) + rows.Error) < float.MaxValue / 4;
    }

    /// <summary>
    /// The query in 7 bits, for a first look: q = unit · w + f again, but here |f·z| ≤ |f| · |z|, with |f| as it is and |z| at most the longest row's.
    /// </summary>
    /// <param name="query">One that <see cref="TryCreate(ReadOnlySpan{float}, QuantizedRows, Span{short}, out Bound, out float)"/> has quantized.</param>
    /// <param name="bound">What that gave, as it gave <paramref name="norm"/>.</param>
    /// <param name="narrow">Receives <see cref="QuantizedRows.Stride"/> numbers, <see cref="NarrowZero"/> more than w.</param>
    public static Bound Narrow(ReadOnlySpan<float> query, QuantizedRows rows, in Bound bound, float norm, Span<byte> narrow)
    {
        const int Most = Kernel.LargestNarrow - NarrowZero;
        float largest = 0;
        foreach (float value in query) largest = MathF.Max(largest, MathF.Abs(value));
        float unit = largest / Most, inverse = largest == 0 ? 0 : 1 / unit;
        double squares = 0;
        narrow[query.Length..].Fill(NarrowZero);
        for (int j = 0; j < query.Length; j++)
        {
            float w = Math.Clamp(MathF.Round(query[j] * inverse), -Most, Most);
            narrow[j] = (byte)((int)w + NarrowZero);
            double f = query[j] - ((double)unit * w);
            squares += f * f;
        }

        double length = norm, rounding = (rows.Rank + 16) * Math.Pow(2, -23);
        double slack = (length * rows.Error) + (Math.Sqrt(squares) * (1 + 1e-9) * rows.Longest) + (length * rounding * ((127 * Math.Sqrt(rows.Rank)) + rows.Error));
        return new Bound(unit, MathF.BitIncrement((float)slack), bound.Rest);
    }
}
