using System.Globalization;

namespace Recommender.Standalone.Import;

/// <summary>Reads times as files write them. Times without a zone are taken as UTC.</summary>
internal static class TimeFormat
{
    public const string Help = "auto (ISO 8601, or a number: seconds or milliseconds since 1970, told by its size), unix, unix-ms, iso, or a .NET format such as dd/MM/yyyy HH:mm";

    // Milliseconds from March 1973 on have more digits than seconds up to the year 5138.
    private const double MillisecondsFrom = 1e11;
    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    public static bool TryParse(string text, string format, out DateTimeOffset time)
    {
        time = default;
        switch (format)
        {
            case "auto":
                return TryNumber(text, scale: null, out time) || TryIso(text, out time);
            case "unix":
                return TryNumber(text, 1000, out time);
            case "unix-ms":
                return TryNumber(text, 1, out time);
            case "iso":
                return TryIso(text, out time);
            default:
                return DateTimeOffset.TryParseExact(text, format, CultureInfo.InvariantCulture, Utc, out time);
        }
    }

    private static bool TryIso(string text, out DateTimeOffset time)
    {
        time = default;

        // Only year first: 01/02/2024 means two different days to different people and needs a format.
        return text.Length >= 10 && text[4] == '-' && char.IsAsciiDigit(text[0]) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out time);
    }

    private static bool TryNumber(string text, double? scale, out DateTimeOffset time)
    {
        time = default;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double number)) return false;
        double ms = Math.Round(number * (scale ?? (Math.Abs(number) >= MillisecondsFrom ? 1 : 1000)));
        if (!(ms >= 0 && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())) return false;
        time = DateTimeOffset.FromUnixTimeMilliseconds((long)ms);
        return true;
    }
}
