using System.Globalization;
using Recommender.Cli.Import.Presets;
using Recommender.Cli.Import.Times;
using Recommender.CommandLines;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Cli.Tests;

/// <summary>Texts that are read as times, and texts that are not.</summary>
public sealed class TimeFormatTests : IDisposable
{
    private static readonly DateTimeOffset s_now = At("2026-06-01T12:00:00Z");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z")]
    [InlineData("2023-11-14t22:13:20z", "2023-11-14T22:13:20Z")]
    [InlineData("2023-11-14T22:13:20.1234567+02:00", "2023-11-14T20:13:20.1234567Z")]
    [InlineData("2023-11-14 22:13:20.123456789-0530", "2023-11-15T03:43:20.1234567Z")]
    [InlineData("2023-11-14 22:13:20,5", "2023-11-14T22:13:20.5Z")]
    [InlineData("2023-11-14 22:13:20 UTC", "2023-11-14T22:13:20Z")]
    [InlineData("2023-11-14 22:13:20", "2023-11-14T22:13:20Z")]
    [InlineData("2023-11-14 22:13", "2023-11-14T22:13:00Z")]
    [InlineData("2023-11-14 22:13+01", "2023-11-14T21:13:00Z")]
    [InlineData("2023-11-14", "2023-11-14T00:00:00Z")]
    [InlineData("1975-01-01", "1975-01-01T00:00:00Z")]
    [InlineData("2023-02-29", null)]
    [InlineData("2023-13-01", null)]
    [InlineData("2023-1-1", null)]
    [InlineData("2023-11-14T25:00:00", null)]
    [InlineData("2023-11-14T22:13:60Z", null)]
    [InlineData("2023-11-14T22:13:20+15:00", null)]
    [InlineData("2023-11-14T22:13:20 PM", null)]
    [InlineData("2023-11-14T", null)]
    [InlineData("11/14/2023", null)]
    [InlineData("20231114", null)]
    [InlineData("", null)]
    public void Rfc3339(string text, string? expected) => Check(text, "rfc3339", expected);

    [Theory]
    [InlineData("1700000000", "unix-seconds", "2023-11-14T22:13:20Z")]
    [InlineData("1700000000.5", "unix", "2023-11-14T22:13:20.5Z")]
    [InlineData("1700000000500", "unix-milliseconds", "2023-11-14T22:13:20.5Z")]
    [InlineData("1700000000500", "unix-ms", "2023-11-14T22:13:20.5Z")]
    [InlineData("1780401600", "unix-seconds", "2026-06-02T12:00:00Z")]
    [InlineData("1780401601", "unix-seconds", null)]
    [InlineData("631152000", "unix-seconds", "1990-01-01T00:00:00Z")]
    [InlineData("631151999", "unix-seconds", null)]
    [InlineData("20101201", "unix-seconds", null)]
    [InlineData("1700000000", "unix-milliseconds", null)]
    [InlineData("1700000000500", "unix-seconds", null)]
    [InlineData("1.29E+09", "unix-seconds", null)]
    [InlineData("-5", "unix-seconds", null)]
    [InlineData("NaN", "unix-seconds", null)]
    [InlineData("", "unix-seconds", null)]
    [InlineData("20101201", "yyyymmdd", "2010-12-01T00:00:00Z")]
    [InlineData("20101301", "yyyymmdd", null)]
    [InlineData("19700820", "yyyymmdd", null)]
    [InlineData("2010-12-01", "yyyymmdd", null)]
    [InlineData("40513", "excel-days", "2010-12-01T00:00:00Z")]
    [InlineData("40513.35", "excel-days", "2010-12-01T08:24:00Z")]
    [InlineData("20101201", "excel-days", null)]
    [InlineData("1", "excel-days", null)]
    public void Numbers_that_are_not_plausible_are_no_times(string text, string format, string? expected) => Check(text, format, expected);

    [Theory]
    [InlineData("14.11.2023", "dd.MM.yyyy", "2023-11-14T00:00:00Z")]
    [InlineData("14.11.2023 22:13 +02:00", "dd.MM.yyyy HH:mm zzz", "2023-11-14T20:13:00Z")]
    [InlineData("14.11.2023 22:13Z", "dd.MM.yyyy HH:mmK", "2023-11-14T22:13:00Z")]
    [InlineData("20101201082600", "yyyyMMddHHmmss", "2010-12-01T08:26:00Z")]
    [InlineData("14.11.23", "dd.MM.yyyy", null)]
    public void Patterns(string text, string format, string? expected) => Check(text, format, expected);

    [Theory]
    [InlineData("2010-07-01 12:00:00", "rfc3339", "2010-07-01T11:00:00Z")]
    [InlineData("2010-12-01 12:00:00", "rfc3339", "2010-12-01T12:00:00Z")]
    [InlineData("2010-07-01 12:00:00Z", "rfc3339", "2010-07-01T12:00:00Z")]
    [InlineData("2010-07-01 12:00:00+05:00", "rfc3339", "2010-07-01T07:00:00Z")]
    [InlineData("20100701", "yyyymmdd", "2010-06-30T23:00:00Z")]
    [InlineData("40360.5", "excel-days", "2010-07-01T11:00:00Z")]
    [InlineData("01/07/2010 12:00", "dd/MM/yyyy HH:mm", "2010-07-01T11:00:00Z")]
    [InlineData("1/7/2010 12:00 +05:00", "d/M/yyyy HH:mm zzz", "2010-07-01T07:00:00Z")]
    [InlineData("2010-10-31 01:30:00", "rfc3339", "2010-10-31T00:30:00Z")]
    [InlineData("2010-03-28 01:30:00", "rfc3339", null)]
    [InlineData("2010-03-28 02:00:00", "rfc3339", "2010-03-28T01:00:00Z")]
    public void Times_without_an_offset_are_of_the_zone(string text, string format, string? expected) =>
        Check(text, format, expected, TimeZoneInfo.FindSystemTimeZoneById("Europe/London"));

    [Fact]
    public void A_time_that_clocks_skip_says_so()
    {
        var london = TimeFormat.Of("rfc3339", TimeZoneInfo.FindSystemTimeZoneById("Europe/London"), s_now);
        string? error = london.Read("2010-03-28 01:30:00", out _);
        Assert.Contains("does not exist in Europe/London", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rfc3339", "2010-12-01T08:26:00Z", "2010-12-01")]
    [InlineData("unix-seconds", "1290000000", "1290000001", "20101201")]
    [InlineData("unix-milliseconds", "1290000000000", "1290000000001", "1290000000")]
    [InlineData("yyyymmdd", "20101201", "20111209")]
    [InlineData("unix-seconds", "", "1290000000", "", "", "soon")]
    public void The_format_that_reads_the_most_values_is_that_of_the_column(string expected, params string[] values)
    {
        Assert.Equal(expected, Decide(values).Name);
    }

    [Theory]
    [InlineData("excel-days\"", "40513", "40513.35")]
    [InlineData("\"yyyyMMddHHmmss\"", "20101201082600")]
    [InlineData("\"dd/MM/yyyy\" or a day, 2010-12-01: then give --time-format \"MM/dd/yyyy\"", "12/01/2010")]
    [InlineData("\"MM/dd/yyyy H:mm\"", "12/31/2010 8:26")]
    [InlineData("as many values", "1290000000", "1290000000000")]
    [InlineData("as many values", "2010-12-01", "20101201")]
    [InlineData("numbers before 1990", "1", "2", "3")]
    [InlineData("numbers before 1990", "1700000000000000")]
    [InlineData("every value is empty", "", "")]
    public void What_has_no_certain_reading_is_an_error_with_the_fix(string expected, params string[] values)
    {
        var error = Assert.Throws<CommandException>(() => Decide(values));
        Assert.StartsWith("the column: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("20101201", "2010-12-01T00:00:00Z")]
    [InlineData("40513", null)]
    [InlineData("1290000000", "2010-11-17T13:20:00Z")]
    public void Csv_decides_by_the_column(string value, string? expected)
    {
        string file = _folder.Write("a.csv", $"userId,itemId,date\nu,A,{value}\nu,B,{value}\n");
        if (expected is null)
        {
            var error = Assert.Throws<CommandException>(() => PresetTests.Read(new CsvPreset(new()), file));
            Assert.Contains("column 'date'", error.Message, StringComparison.Ordinal);
            var events = PresetTests.Read(new CsvPreset(new() { TimeFormat = "excel-days" }), file).Events;
            Assert.All(events, e => Assert.Equal(At("2010-12-01T00:00:00Z"), e.OccurredAt));
        }
        else
        {
            Assert.All(PresetTests.Read(new CsvPreset(new()), file).Events, e => Assert.Equal(At(expected), e.OccurredAt));
        }
    }

    [Fact]
    public void Csv_and_online_retail_read_times_in_the_zone()
    {
        var london = TimeZoneInfo.FindSystemTimeZoneById("Europe/London");
        string csv = _folder.Write("a.csv", "userId,itemId,date\nu,A,2010-07-01 12:00\n");
        string retail = _folder.Write(
            "b.csv",
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n1,2,X,6,7/1/2010 12:00,2.55,17850,UK\n");
        (Preset, string)[] cases = [(new CsvPreset(new() { Zone = london }), csv), (new OnlineRetail(london), retail)];
        foreach (var (preset, file) in cases)
        {
            Assert.Equal(At("2010-07-01T11:00:00Z"), Assert.Single(PresetTests.Read(preset, file).Events).OccurredAt);
        }
    }

    private static TimeFormat Decide(string[] values)
    {
        var column = new TimeColumn(TimeZoneInfo.Utc, s_now);
        foreach (var (line, value) in values.Index()) column.Add(value, line + 2);
        return column.Decide("the column");
    }

    private static void Check(string text, string format, string? expected, TimeZoneInfo? zone = null)
    {
        string? error = TimeFormat.Of(format, zone ?? TimeZoneInfo.Utc, s_now).Read(text, out var time);
        Assert.Equal(expected is null, error is not null);
        if (expected is not null) Assert.Equal(At(expected), time);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
