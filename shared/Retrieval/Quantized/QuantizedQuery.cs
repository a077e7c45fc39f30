using System.Runtime.Intrinsics;
using Recommender.Retrieval.Kernels;

namespace Recommender.Retrieval.Quantized;

/// <summary>
/// A query in 16 bits, and the bound on the float32 scores of rows scored with it.
/// </summary>
/// <remarks>
/// With query q = unit · w + f and row y = s · z + e (|e| ≤ s · ε): q·y = s · unit · (w·z) + s · f·z + q·e. |f[j]| ≤ .505 unit, as w is
/// rounded from a
/// float32 product; so |f·z| ≤ .505 unit · 127 · rank, and |q·e| ≤ |q| · s · ε. The float32 kernel's own rounding
/// is at most rank · 2⁻²⁴ · |q| · |y| (any order of additions), plus half a denormal per product; |y| ≤ s · (127 √rank + ε). The rounding
/// in evaluating the bound itself is a few units of 2⁻²⁴ of numbers no larger than |q| · |y|, so 16 · 2⁻²³ covers it with room.
/// None of that holds once a sum overflows; no partial sum exceeds |q| · |y|, so where that stays below float's range, none does.
/// </remarks>
internal static unsafe class QuantizedQuery
{
    /// <summary>Zero point of a narrow query.</summary>
    public const int NarrowZero = Kernel.LargestNarrow / 2 + 1;

    // 2⁻²³ and 2⁻¹⁴⁸.
    private const double Rounding = 1.0 / (1 << 23), Denormal = 1.0 / (1L << 62) / (1L << 62) / (1 << 24);

    /// <summary>Number of 16-bit numbers for both forms of a query.</summary>
    public static int Length(QuantizedRows rows) => rows.Stride + ((rows.Stride + 1) / 2);

    /// <summary>Quantizes the query.</summary>
    /// <param name="quantized">Receives <see cref="QuantizedRows.Stride"/> numbers, 0 from the rank on.</param>
    /// <returns>Whether the query could be quantized: all numbers are finite and small enough for the bound in float32.</returns>
    public static bool TryCreate(ReadOnlySpan<float> query, QuantizedRows rows, Span<short> quantized, out Bound bound) =>
        TryCreate(query, rows, quantized, out bound, out _);

    /// <param name="norm">|query|, not rounded down.</param>
    public static bool TryCreate(ReadOnlySpan<float> query, QuantizedRows rows, Span<short> quantized, out Bound bound, out float norm)
    {
        norm = 0;
        int rank = rows.Rank;
        bound = default;
        (double largest, double squares) = Measure(query);
        if (!double.IsFinite(largest)) return false;

        double limit = Limit(rank);
        float unit = (float)(largest / limit);
        if (largest > 0 && !float.IsNormal(unit)) return false;
        float inverse = largest == 0 ? 0 : 1 / unit, most = (float)limit;
        int at = 0;
        for (; at <= rank - 8; at += 8)
        {
            Vector256<int> w = Vector256.ConvertToInt32(
                Vector256.Clamp(Vector256.Round(Vector256.Create(query[at..]) * inverse), Vector256.Create(-most), Vector256.Create(most)));
            Vector128.Narrow(w.GetLower(), w.GetUpper()).CopyTo(quantized[at..]);
        }

        for (; at < rank; at++) quantized[at] = (short)Math.Clamp(MathF.Round(query[at] * inverse), -most, most);
        quantized[rank..].Clear();

        double length = Math.Sqrt(squares) * (1 + 1e-9);
        norm = MathF.BitIncrement((float)length);
        double rounding = (rank + 16) * Rounding;
        double slack = (length * rows.Error) + (unit * 0.505 * 127 * rank) + (length * rounding * ((127 * Math.Sqrt(rank)) + rows.Error));
        double rest = (rank + 16) * Denormal;
        bound = new Bound(unit, MathF.BitIncrement((float)slack), MathF.BitIncrement((float)rest));
        return length * rows.LargestScale * ((127 * Math.Sqrt(rank)) + rows.Error) < float.MaxValue / 4;
    }

    /// <summary>
    /// Quantizes the query to 7 bits for a first pass: again q = unit · w + f, but here |f·z| ≤ |f| · |z|, with the actual |f| and the
    /// largest |z| of a row.
    /// </summary>
    /// <param name="query">A query for which <see cref="TryCreate(ReadOnlySpan{float}, QuantizedRows, Span{short}, out Bound, out float)"/>
    /// succeeded.</param>
    /// <param name="bound">Result of that call, like <paramref name="norm"/>.</param>
    /// <param name="narrow">Receives <see cref="QuantizedRows.Stride"/> numbers, <see cref="NarrowZero"/> more than w.</param>
    public static Bound Narrow(ReadOnlySpan<float> query, QuantizedRows rows, in Bound bound, float norm, Span<byte> narrow)
    {
        const int Most = Kernel.LargestNarrow - NarrowZero;
        // In units of the 16-bit query, its largest number is the limit up to rounding; clamping adds to f.
        float unit = (float)(bound.Unit * Limit(rows.Rank) / Most), inverse = unit == 0 ? 0 : 1 / unit;
        Vector256<double> low = default, high = default;
        int j = 0;
        for (; j <= query.Length - 8; j += 8)
        {
            Vector256<float> q = Vector256.Create(query[j..]),
                w = Vector256.Clamp(Vector256.Round(q * inverse), Vector256.Create((float)-Most), Vector256.Create((float)Most));
            Vector256<int> bytes = Vector256.ConvertToInt32(w) + Vector256.Create(NarrowZero);
            Vector128<short> shorts = Vector128.Narrow(bytes.GetLower(), bytes.GetUpper());
            Vector128.Narrow(shorts, shorts).AsByte().GetLower().CopyTo(narrow[j..]);
            (Vector256<double> q0, Vector256<double> q1) = Vector256.Widen(q);
            (Vector256<double> w0, Vector256<double> w1) = Vector256.Widen(w);
            q0 -= w0 * unit;
            q1 -= w1 * unit;
            low += q0 * q0;
            high += q1 * q1;
        }

        double squares = Vector256.Sum(low + high);
        narrow[query.Length..].Fill(NarrowZero);
        for (; j < query.Length; j++)
        {
            float w = Math.Clamp(MathF.Round(query[j] * inverse), -Most, Most);
            narrow[j] = (byte)((int)w + NarrowZero);
            double f = query[j] - ((double)unit * w);
            squares += f * f;
        }

        double length = norm, rounding = (rows.Rank + 16) * Rounding;
        double slack = (length * rows.Error) + (Math.Sqrt(squares) * (1 + 1e-9) * rows.Longest)
            + (length * rounding * ((127 * Math.Sqrt(rows.Rank)) + rows.Error));
        return new Bound(unit, MathF.BitIncrement((float)slack), bound.Rest);
    }

    /// <summary>The largest number of a query in 16 bits: no sum of rank products with rows of up to 127 may leave 32 bits.</summary>
    private static double Limit(int rank) => Math.Min(short.MaxValue, Math.Floor((double)int.MaxValue / (127.0 * rank)));

    /// <returns>The largest |q[j]|, not finite if a number is not; and |q|².</returns>
    private static (double Largest, double Squares) Measure(ReadOnlySpan<float> query)
    {
        Vector256<float> largest = default;
        Vector256<double> low = default, high = default;
        int j = 0;
        for (; j <= query.Length - 8; j += 8)
        {
            Vector256<float> q = Vector256.Create(query[j..]);
            largest = Vector256.Max(largest, Vector256.Abs(q)); // NaN if either is.
            (Vector256<double> q0, Vector256<double> q1) = Vector256.Widen(q);
            low += q0 * q0;
            high += q1 * q1;
        }

        float most = 0;
        for (int lane = 0; lane < 8; lane++) most = MathF.Max(most, largest[lane]);
        double squares = Vector256.Sum(low + high);
        for (; j < query.Length; j++)
        {
            most = MathF.Max(most, MathF.Abs(query[j]));
            squares += (double)query[j] * query[j];
        }

        return (most, squares);
    }
}
