using System.Globalization;

namespace Recommender.Cli.Import.Times;

/// <summary>Reads the times of one column, which all have the same format.</summary>
internal sealed class TimeFormat
{
    /// <summary>The format is decided by the whole column: see <see cref="TimeColumn"/>.</summary>
    public const string Auto = "auto";
    public const string Rfc3339 = "rfc3339";
    public const string UnixSeconds = "unix-seconds";
    public const string UnixMilliseconds = "unix-milliseconds";
    public const string CalendarDate = "yyyymmdd";
    public const string ExcelDays = "excel-days";

    public const string Help = $"{Auto} (decided by the whole column), {Rfc3339} (the offset may be left out), {UnixSeconds}, "
        + $"{UnixMilliseconds}, {CalendarDate}, {ExcelDays} (day numbers of a spreadsheet, 1900 system), or a .NET pattern, e.g. "
        + $"dd/MM/yyyy HH:mm";

    /// <summary>No number before this is taken for a time: small numbers are counters, dates or other units read wrongly.</summary>
    private static readonly DateTimeOffset s_earliestNumber = new(1990, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly long s_lowestMilliseconds = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long s_highestMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly TimeZoneInfo _zone;
    private readonly bool _isZoneUtc;
    private readonly DateTimeOffset _latestNumber;

    private TimeFormat(string name, TimeZoneInfo zone, DateTimeOffset now)
    {
        Name = name;
        _zone = zone;
        _isZoneUtc = zone.HasSameRules(TimeZoneInfo.Utc);
        _latestNumber = now.AddDays(1);
    }

    public string Name { get; }

    /// <param name="name">One of the constants except <see cref="Auto"/>, or a .NET pattern.</param>
    /// <param name="zone">Zone of times without an offset.</param>
    /// <param name="now">Numbers more than a day after it are no times.</param>
    public static TimeFormat Of(string name, TimeZoneInfo zone, DateTimeOffset now) => new(Canonical(name), zone, now);

    /// <summary>Whether a name given by a user is a format or a .NET pattern with year, month and day.</summary>
    public static bool IsKnown(string name)
    {
        if (Canonical(name) is Auto or Rfc3339 or UnixSeconds or UnixMilliseconds or CalendarDate or ExcelDays) return true;
        if (name is "o" or "O" or "s" or "u" or "r" or "R") return true;
        try
        {
            _ = DateTimeOffset.UnixEpoch.ToString(name, CultureInfo.InvariantCulture);
            return name.AsSpan().Contains('y') && name.AsSpan().Contains('M') && name.AsSpan().Contains('d');
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>Whether times of this format may lack an offset, so that a time zone matters.</summary>
    public static bool NeedsZone(string name) => Canonical(name) is not (UnixSeconds or UnixMilliseconds);

    /// <summary>A time as a user gives it in an option: RFC 3339, or seconds or milliseconds since 1970.</summary>
    public static DateTimeOffset? ReadOption(string text, DateTimeOffset now)
    {
        foreach (string name in (ReadOnlySpan<string>)[Rfc3339, UnixSeconds, UnixMilliseconds])
        {
            if (Of(name, TimeZoneInfo.Utc, now).Read(text, out var at) is null) return at;
        }

        return null;
    }

    /// <summary>Null and the time, or why the text is none, as the end of a sentence about it.</summary>
    public string? Read(string text, out DateTimeOffset at)
    {
        at = default;
        switch (Name)
        {
            case Rfc3339:
                return IsoTime.TryParse(text, out var clock, out var offset) ? Place(clock, offset, out at) : NotOfFormat();
            case UnixSeconds:
                return ReadNumber(text, 1000, out at);
            case UnixMilliseconds:
                return ReadNumber(text, 1, out at);
            case CalendarDate:
                return DateTime.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                    ? Place(day, null, out at) ?? Implausible(at)
                    : NotOfFormat();
            case ExcelDays:
                return ReadExcel(text, out at);
            default:
                return ReadPattern(text, out at);
        }
    }

    // The names of earlier versions.
    private static string Canonical(string name) => name switch
    {
        "unix" => UnixSeconds,
        "unix-ms" => UnixMilliseconds,
        "iso" => Rfc3339,
        _ => name,
    };

    private string NotOfFormat() => $"is not a time of the format {Name}";

    private string? Implausible(DateTimeOffset at)
    {
        if (at < s_earliestNumber) return Invariant($"is {at:yyyy-MM-dd} as {Name}; numbers before 1990 are not taken for times");
        return at > _latestNumber ? Invariant($"is {at:yyyy-MM-dd} as {Name}, which is in the future") : null;
    }

    private string? ReadNumber(string text, double milliseconds, out DateTimeOffset at)
    {
        at = default;
        const NumberStyles styles = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (!double.TryParse(text, styles, CultureInfo.InvariantCulture, out double number)) return NotOfFormat();
        double rounded = Math.Round(number * milliseconds);
        if (!(rounded >= s_lowestMilliseconds && rounded <= s_highestMilliseconds)) return NotOfFormat();
        at = DateTimeOffset.FromUnixTimeMilliseconds((long)rounded);
        return Implausible(at);
    }

    private string? ReadExcel(string text, out DateTimeOffset at)
    {
        at = default;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double days)) return NotOfFormat();

        // Day 60 is 29 February 1900, which never was; before it the numbers mean other days.
        if (!(days is >= 61 and < 2_958_466)) return NotOfFormat();
        return Place(DateTime.FromOADate(days), null, out at) ?? Implausible(at);
    }

    private string? ReadPattern(string text, out DateTimeOffset at)
    {
        at = default;
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTimeOffset.TryParseExact(text, Name, CultureInfo.InvariantCulture, utc, out var exact)) return NotOfFormat();

        // These standard formats are UTC by definition. Of the others, a time without a kind had no offset in its text.
        bool isPlaced = Name is "u" or "r" or "R"
            || !DateTime.TryParseExact(text, Name, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var clock)
            || clock.Kind != DateTimeKind.Unspecified;
        if (!isPlaced) return Place(exact.DateTime, null, out at);
        at = exact;
        return null;
    }

    /// <summary>
    /// A clock that was put back shows an hour twice: the first one is taken. An hour that a clock put forward has skipped does not exist
    /// and is an error.
    /// </summary>
    private string? Place(DateTime clock, TimeSpan? offset, out DateTimeOffset at)
    {
        at = default;
        if (offset is null && !_isZoneUtc)
        {
            if (_zone.IsInvalidTime(clock)) return $"does not exist in {_zone.Id}, where clocks were put forward then";
            offset = _zone.IsAmbiguousTime(clock) ? _zone.GetAmbiguousTimeOffsets(clock).Max() : _zone.GetUtcOffset(clock);
        }

        long ticks = clock.Ticks - (offset ?? TimeSpan.Zero).Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks) return NotOfFormat();
        at = new DateTimeOffset(ticks, TimeSpan.Zero);
        return null;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
