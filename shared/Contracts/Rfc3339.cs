using System.Diagnostics.CodeAnalysis;

namespace Recommender.Contracts;

/// <summary>
/// Parses times in all inputs: RFC 3339 <c>date-time</c> with an offset from UTC. <c>t</c> and <c>z</c> may be lower case. Fractions of a
/// second may have any number of digits; those beyond 100 ns are dropped. A leap second is read as the following second.
/// </summary>
public static class Rfc3339
{
    private const int SecondsStart = 17;
    private const int FractionStart = 19;
    private const string Form = "write an RFC 3339 time such as 2010-12-01T08:26:00Z";

    /// <summary>Parses a time. The result does not depend on the time zone of this machine.</summary>
    /// <param name="time">The time, with its offset if it is within ±14 hours, else in UTC.</param>
    /// <param name="error">The error and its fix, worded to follow a field's name; null for a valid time.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset time, [NotNullWhen(false)] out string? error)
    {
        time = default;
        error = ErrorOf(text, ref time);
        return error is null;
    }

    private static string? ErrorOf(ReadOnlySpan<char> text, ref DateTimeOffset time)
    {
        if (!TryDate(text, out int year, out int month, out int day)) return $"is not a time; {Form}";
        if (text.Length == 10) return "is a date without a time of day; write it such as 2010-12-01T00:00:00Z";
        if (!TryTimeOfDay(text, out int hour, out int minute, out int second)) return $"is not a time; {Form}";
        int end = FractionStart;
        if (!TryFraction(text, ref end, out int fractionTicks)) return $"is not a time; {Form}";
        if (end == text.Length) return "has no offset from UTC; end it with Z for UTC, or with an offset such as +01:00";
        if (!TryOffset(text[end..], out int offsetMinutes)) return $"is not a time; {Form}";
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month))
            return "names a day that does not exist";
        if (hour > 23 || minute > 59 || second > 60) return "names a time of day that does not exist";

        long ticks = new DateTime(year, month, day, hour, minute, 0, DateTimeKind.Unspecified).Ticks
            + (second * TimeSpan.TicksPerSecond) + fractionTicks;
        long utcTicks = ticks - (offsetMinutes * TimeSpan.TicksPerMinute);
        if (utcTicks < 0 || utcTicks > DateTime.MaxValue.Ticks) return "is outside of the years 1 to 9999";
        // A leap second ends a day in UTC.
        if (second == 60 && utcTicks % TimeSpan.TicksPerDay != fractionTicks)
            return "names a leap second that is not at the end of a day in UTC";
        time = new DateTimeOffset(utcTicks, TimeSpan.Zero);
        // The offset is kept where .NET can hold it; the moment is the same.
        if (Math.Abs(offsetMinutes) <= 14 * 60 && ticks <= DateTime.MaxValue.Ticks)
            time = time.ToOffset(TimeSpan.FromMinutes(offsetMinutes));
        return null;
    }

    private static bool TryDate(ReadOnlySpan<char> text, out int year, out int month, out int day)
    {
        (year, month, day) = (0, 0, 0);
        return text.Length >= 10 && text[4] == '-' && text[7] == '-'
            && TryNumber(text[..4], out year) && TryNumber(text[5..7], out month) && TryNumber(text[8..10], out day);
    }

    private static bool TryTimeOfDay(ReadOnlySpan<char> text, out int hour, out int minute, out int second)
    {
        (hour, minute, second) = (0, 0, 0);
        return text.Length >= FractionStart && text[10] is 'T' or 't' && text[13] == ':' && text[16] == ':'
            && TryNumber(text[11..13], out hour) && TryNumber(text[14..16], out minute)
            && TryNumber(text[SecondsStart..FractionStart], out second);
    }

    /// <summary>Advances <paramref name="end"/> past the fraction, if there is one.</summary>
    private static bool TryFraction(ReadOnlySpan<char> text, ref int end, out int ticks)
    {
        ticks = 0;
        if (end == text.Length || text[end] != '.') return true;
        int unit = (int)TimeSpan.TicksPerSecond;
        int first = ++end;
        for (; end < text.Length && char.IsAsciiDigit(text[end]); end++)
        {
            unit /= 10;
            ticks += (text[end] - '0') * unit;
        }

        return end > first;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is "Z" or "z") return true;
        if (text.Length != 6 || text[0] is not ('+' or '-') || text[3] != ':') return false;
        if (!TryNumber(text[1..3], out int hours) || !TryNumber(text[4..], out minutes)) return false;
        if (hours > 23 || minutes > 59) return false;
        minutes += hours * 60;
        if (text[0] == '-') minutes = -minutes;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out int number)
    {
        number = 0;
        foreach (char digit in digits)
        {
            if (!char.IsAsciiDigit(digit)) return false;
            number = (number * 10) + (digit - '0');
        }

        return true;
    }
}
