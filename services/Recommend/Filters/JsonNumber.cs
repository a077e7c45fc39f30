using System.Text.Json;
using Recommender.Retrieval.Filters;

namespace Recommender.Recommend.Filters;

/// <summary>Numbers of items and filters as filters compare them: by value in any spelling, and whole numbers of 64 bits exactly.</summary>
internal static class JsonNumber
{
    private const double LargestExact = 1L << 53;
    private const double LargestUnsigned = 18446744073709551616.0;

    /// <summary>False for a number beyond the range of a double.</summary>
    public static bool TryRead(JsonElement number, out FilterNumber value)
    {
        value = default;
        if (!number.TryGetDouble(out double nearest) || !double.IsFinite(nearest)) return false;
        double size = Math.Abs(nearest);
        // Where doubles have gaps a whole number may lie in one; it may also be written as 9007199254740993.0.
        bool isBetweenDoubles = size >= LargestExact && size <= LargestUnsigned;
        if (!isBetweenDoubles || !number.TryGetDecimal(out decimal exact) || decimal.Truncate(exact) != exact) value = nearest;
        else if (exact is >= long.MinValue and <= long.MaxValue) value = (long)exact;
        else if (exact is > 0 and <= ulong.MaxValue) value = FilterNumber.Of((ulong)exact);
        else value = nearest;
        return true;
    }
}
