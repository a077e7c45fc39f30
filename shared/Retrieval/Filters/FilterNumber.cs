using System.Globalization;

namespace Recommender.Retrieval.Filters;

/// <summary>
/// A finite number for comparison: exact for integers of 64 bits, signed or unsigned, and a double otherwise. Numbers of both forms compare
/// by value.
/// </summary>
/// <remarks>
/// An integer is stored as its nearest double and the difference, which is 0 up to 2^53 and at most 1024. Rounding is monotonic, so
/// comparing the doubles first and the differences second compares the numbers.
/// </remarks>
public readonly record struct FilterNumber : IComparable<FilterNumber>
{
    private FilterNumber(double value, short rest)
    {
        Value = value;
        Rest = rest;
    }

    /// <summary>The nearest double.</summary>
    public double Value { get; }

    /// <summary>The number minus <see cref="Value"/>.</summary>
    internal short Rest { get; }

    /// <exception cref="ArgumentException">NaN or infinite.</exception>
    public static FilterNumber Of(double number) =>
        double.IsFinite(number)
            ? new(number == 0 ? 0 : number, 0)
            : throw new ArgumentException($"{number} is not a finite number.", nameof(number));

    /// <summary>An integer, exactly.</summary>
    public static FilterNumber Of(long number) => new(number, (short)((Int128)number - (Int128)(double)number));

    /// <summary>An integer, exactly.</summary>
    public static FilterNumber Of(ulong number) => new(number, (short)((Int128)number - (Int128)(double)number));

    public static implicit operator FilterNumber(double number) => Of(number);

    public static implicit operator FilterNumber(long number) => Of(number);

    /// <summary>Restores a number from its parts.</summary>
    internal static FilterNumber FromParts(double value, short rest) => new(value, rest);

    /// <summary>Compares by value, exactly.</summary>
    public int CompareTo(FilterNumber other) => Value != other.Value ? Value.CompareTo(other.Value) : Rest.CompareTo(other.Rest);

    public static bool operator <(FilterNumber left, FilterNumber right) => left.CompareTo(right) < 0;

    public static bool operator >(FilterNumber left, FilterNumber right) => left.CompareTo(right) > 0;

    public static bool operator <=(FilterNumber left, FilterNumber right) => left.CompareTo(right) <= 0;

    public static bool operator >=(FilterNumber left, FilterNumber right) => left.CompareTo(right) >= 0;

    public override string ToString() => Rest == 0
        ? Value.ToString("R", CultureInfo.InvariantCulture)
        : ((Int128)Value + Rest).ToString(CultureInfo.InvariantCulture);
}
