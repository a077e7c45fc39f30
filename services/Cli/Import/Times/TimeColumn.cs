using System.Globalization;
using Recommender.CommandLines;

namespace Recommender.Cli.Import.Times;

/// <summary>
/// Decides the format of a column of times by all of its values. The format that reads the most values is taken; what it does not read are
/// bad rows.
/// Nothing is guessed: no fitting format, or two that read equally many, is an error that names the fix.
/// </summary>
internal sealed class TimeColumn
{
    // Their plausible numbers do not overlap, so a value has at most one reading.
    private static readonly string[] s_candidates =
        [TimeFormat.Rfc3339, TimeFormat.UnixSeconds, TimeFormat.UnixMilliseconds, TimeFormat.CalendarDate];

    // Readings that are possible but not certain: they are named as a fix and never taken.
    private static readonly (string Format, string Meaning)[] s_hints =
    [
        (TimeFormat.ExcelDays, "a day number of a spreadsheet"),
        ("yyyyMMddHHmmss", "a date and time without separators"),
        ("yyyyMMddHHmm", "a date and time without separators"),
        ("dd/MM/yyyy", "a day"),
        ("MM/dd/yyyy", "a day"),
        ("dd.MM.yyyy", "a day"),
        ("yyyy/MM/dd", "a day"),
    ];

    private readonly TimeFormat[] _formats;
    private readonly long[] _counts = new long[s_candidates.Length];
    private readonly TimeZoneInfo _zone;
    private readonly DateTimeOffset _now;
    private (long Line, string Text)? _firstUnread;

    public TimeColumn(TimeZoneInfo zone, DateTimeOffset now)
    {
        _zone = zone;
        _now = now;
        _formats = [.. s_candidates.Select(name => TimeFormat.Of(name, zone, now))];
    }

    /// <summary>Takes the value of one row into account. Empty ones decide nothing.</summary>
    public void Add(string text, long line)
    {
        if (text.Length == 0) return;
        bool isRead = false;
        for (int i = 0; i < _formats.Length; i++)
        {
            if (_formats[i].Read(text, out _) is not null) continue;
            _counts[i]++;
            isRead = true;
        }

        if (!isRead) _firstUnread ??= (line, text);
    }

    /// <summary>The format of the column.</summary>
    /// <param name="column">Names the column in messages, with its file.</param>
    /// <exception cref="CommandException">No format, or more than one, fits.</exception>
    public TimeFormat Decide(string column)
    {
        long most = _counts.Max();
        if (most == 0) throw new CommandException($"{column}: {Unread()}");
        var best = _formats.Where((_, i) => _counts[i] == most).ToArray();
        if (best.Length == 1) return best[0];
        throw new CommandException(
            $"{column}: as many values read as {best[0].Name} as read as {best[1].Name}. Give --time-format and import the others apart.");
    }

    private string Unread()
    {
        if (_firstUnread is not { } first) return "every value is empty; times are needed.";
        string readings = string.Join(" or ", s_hints.Select(hint => Hint(hint.Format, hint.Meaning, first.Text)).OfType<string>());
        string start = $"'{first.Text}' (line {first.Line}) has no certain reading as a time";
        return readings.Length > 0
            ? $"{start}. It may be {readings}."
            : $"{start}; numbers before 1990 or in the future are not taken for seconds. Give --time-format: {TimeFormat.Help}.";
    }

    private string? Hint(string format, string meaning, string text)
    {
        // A time of day after the date has the same doubt about the date.
        string[] patterns = format == TimeFormat.ExcelDays ? [format] : [format, format + " H:mm", format + " H:mm:ss"];
        foreach (string pattern in patterns)
        {
            if (TimeFormat.Of(pattern, _zone, _now).Read(text, out var at) is not null) continue;
            if (at.Year < 1990 || at > _now.AddDays(1)) continue;
            return string.Create(CultureInfo.InvariantCulture, $"{meaning}, {at:yyyy-MM-dd}: then give --time-format \"{pattern}\"");
        }

        return null;
    }
}
