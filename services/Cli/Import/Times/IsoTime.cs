namespace Recommender.Cli.Import.Times;

/// <summary>
/// Reads <c>yyyy-MM-dd</c> with an optional time of day (<c>HH:mm</c>, seconds, fraction; after <c>T</c> or a blank) and an optional offset
/// (<c>Z</c>, <c>UTC</c>, <c>+02:00</c>, <c>+0200</c>, <c>+02</c>): RFC 3339 and what databases write. Nothing else, so that no text is
/// read by chance.
/// </summary>
internal static class IsoTime
{
    private const int TicksDigits = 7;

    /// <param name="clock">Date and time of day as they are written.</param>
    /// <param name="offset">Null where none is written.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTime clock, out TimeSpan? offset)
    {
        clock = default;
        offset = null;
        if (!TryDigits(ref text, 4, out int year) || !TrySkip(ref text, '-')) return false;
        if (!TryDigits(ref text, 2, out int month) || !TrySkip(ref text, '-') || !TryDigits(ref text, 2, out int day)) return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        clock = new DateTime(year, month, day);
        if (text.IsEmpty) return true;
        if (text[0] is not ('T' or 't' or ' ')) return false;
        text = text[1..];
        return TryTimeOfDay(ref text, ref clock) && TryOffset(text, out offset);
    }

    private static bool TryTimeOfDay(ref ReadOnlySpan<char> text, ref DateTime clock)
    {
        if (!TryDigits(ref text, 2, out int hour) || !TrySkip(ref text, ':') || !TryDigits(ref text, 2, out int minute)) return false;
        int second = 0;
        long ticks = 0;
        if (TrySkip(ref text, ':'))
        {
            if (!TryDigits(ref text, 2, out second)) return false;
            if ((TrySkip(ref text, '.') || TrySkip(ref text, ',')) && !TryFraction(ref text, out ticks)) return false;
        }

        if (hour > 23 || minute > 59 || second > 59) return false;
        clock = clock.AddTicks(new TimeSpan(hour, minute, second).Ticks + ticks);
        return true;
    }

    private static bool TryFraction(ref ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        int digits = 0;
        for (; digits < text.Length && char.IsAsciiDigit(text[digits]); digits++)
        {
            if (digits < TicksDigits) ticks = ticks * 10 + (text[digits] - '0');
        }

        for (int i = digits; i < TicksDigits; i++) ticks *= 10;
        text = text[digits..];
        return digits > 0;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out TimeSpan? offset)
    {
        offset = null;
        if (text.IsEmpty) return true;
        text = text.TrimStart(' ');
        if (text is "Z" or "z" or "UTC" or "GMT")
        {
            offset = TimeSpan.Zero;
            return true;
        }

        if (text.IsEmpty || text[0] is not ('+' or '-')) return false;
        bool isNegative = text[0] == '-';
        text = text[1..];
        if (!TryDigits(ref text, 2, out int hours)) return false;
        int minutes = 0;
        if (!text.IsEmpty)
        {
            TrySkip(ref text, ':');
            if (!TryDigits(ref text, 2, out minutes) || !text.IsEmpty) return false;
        }

        if (hours > 14 || minutes > 59) return false;
        var amount = new TimeSpan(hours, minutes, 0);
        if (amount > TimeSpan.FromHours(14)) return false;
        offset = isNegative ? -amount : amount;
        return true;
    }

    private static bool TryDigits(ref ReadOnlySpan<char> text, int count, out int value)
    {
        value = 0;
        if (text.Length < count) return false;
        for (int i = 0; i < count; i++)
        {
            if (!char.IsAsciiDigit(text[i])) return false;
            value = value * 10 + (text[i] - '0');
        }

        text = text[count..];
        return true;
    }

    private static bool TrySkip(ref ReadOnlySpan<char> text, char expected)
    {
        if (text.IsEmpty || text[0] != expected) return false;
        text = text[1..];
        return true;
    }
}
