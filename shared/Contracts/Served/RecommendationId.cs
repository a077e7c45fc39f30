using System.Buffers;
using System.Globalization;

namespace Recommender.Contracts.Served;

/// <summary>Id of an answer: 128 random bits, written as 32 hexadecimal digits in lower case. One tells nothing about another.</summary>
public readonly record struct RecommendationId(UInt128 Value)
{
    public const int Bytes = 16, Digits = 32;

    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Reads the 32 digits. False for anything else, such as an id that an application has made up.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out RecommendationId id)
    {
        bool isId = text.Length == Digits && !text.ContainsAnyExcept(s_digits);
        id = isId ? new(UInt128.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture)) : default;
        return isId;
    }

    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
