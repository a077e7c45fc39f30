using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Recommender.Contracts.Tests;

public sealed class Rfc3339Tests
{
    [Theory]
    [InlineData("2010-12-01T08:26:00Z", "2010-12-01T08:26:00.0000000+00:00")]
    [InlineData("2010-12-01t08:26:00z", "2010-12-01T08:26:00.0000000+00:00")]
    [InlineData("2010-12-01T08:26:00+01:00", "2010-12-01T07:26:00.0000000+00:00")]
    [InlineData("2010-12-01T08:26:00-05:30", "2010-12-01T13:56:00.0000000+00:00")]
    [InlineData("2010-12-01T08:26:00-00:00", "2010-12-01T08:26:00.0000000+00:00")]
    [InlineData("2010-12-01T08:26:00.5Z", "2010-12-01T08:26:00.5000000+00:00")]
    [InlineData("2010-12-01T08:26:00.1234567Z", "2010-12-01T08:26:00.1234567+00:00")]
    [InlineData("2010-12-01T08:26:00.12345678999999999999999999Z", "2010-12-01T08:26:00.1234567+00:00")]
    [InlineData("2012-02-29T23:59:59+14:00", "2012-02-29T09:59:59.0000000+00:00")]
    [InlineData("2012-02-29T23:59:59+23:59", "2012-02-29T00:00:59.0000000+00:00")]
    [InlineData("2012-02-29T00:00:00-23:59", "2012-02-29T23:59:00.0000000+00:00")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.0000000+00:00")]
    [InlineData("2016-12-31T15:59:60.25-08:00", "2017-01-01T00:00:00.2500000+00:00")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000+00:00")]
    [InlineData("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999+00:00")]
    public void Times_with_an_offset_are_read(string text, string utc)
    {
        Assert.True(Rfc3339.TryParse(text, out var time, out string? error), error);
        Assert.Equal(utc, time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
        Assert.Equal(time, JsonSerializer.Deserialize($"\"{text}\"", ContractsJson.Default.DateTimeOffset));
    }

    [Theory]
    [InlineData("2010-12-01T08:26:00", "offset")]
    [InlineData("2010-12-01t08:26:00.123", "offset")]
    [InlineData("2010-12-01", "without a time of day")]
    [InlineData("", "RFC 3339")]
    [InlineData("yesterday", "RFC 3339")]
    [InlineData("01/02/2020", "RFC 3339")]
    [InlineData("20101201", "RFC 3339")]
    [InlineData("20101201T082600Z", "RFC 3339")]
    [InlineData("1291191960", "RFC 3339")]
    [InlineData("Wed, 01 Dec 2010 08:26:00 GMT", "RFC 3339")]
    [InlineData("2010-12-01 08:26:00Z", "RFC 3339")]
    [InlineData("2010-12-01 08:26:00", "RFC 3339")]
    [InlineData(" 2010-12-01T08:26:00Z", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00Z ", "RFC 3339")]
    [InlineData("2010-12-01T08:26Z", "RFC 3339")]
    [InlineData("2010-12-01T8:26:00Z", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00.Z", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00,5Z", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00+0100", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00+01", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00+24:00", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00+01:60", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00 Europe/Berlin", "RFC 3339")]
    [InlineData("2010-12-01T08:26:00\u221201:00", "RFC 3339")]
    [InlineData("٢٠١٠-12-01T08:26:00Z", "RFC 3339")]
    [InlineData("2010-13-01T08:26:00Z", "does not exist")]
    [InlineData("2010-00-01T08:26:00Z", "does not exist")]
    [InlineData("2010-02-29T08:26:00Z", "does not exist")]
    [InlineData("2010-12-00T08:26:00Z", "does not exist")]
    [InlineData("2010-12-01T24:00:00Z", "does not exist")]
    [InlineData("2010-12-01T08:60:00Z", "does not exist")]
    [InlineData("2010-12-01T08:26:61Z", "does not exist")]
    [InlineData("0000-01-01T00:00:00Z", "does not exist")]
    [InlineData("2010-12-01T08:26:60Z", "leap second")]
    [InlineData("2016-12-31T23:59:60+01:00", "leap second")]
    [InlineData("0001-01-01T00:00:00+14:00", "years")]
    [InlineData("9999-12-31T23:59:59-01:00", "years")]
    public void Other_texts_are_refused_with_the_reason(string text, string reason)
    {
        Assert.False(Rfc3339.TryParse(text, out _, out string? error));
        Assert.Contains(reason, error);
        var refused = Assert.Throws<InvalidFieldException>(() =>
            JsonSerializer.Deserialize(JsonSerializer.Serialize(new { occurredAt = text }), ContractsJson.Default.Interaction));
        Assert.Equal(new FieldError("occurredAt", error), JsonErrors.Describe(refused));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("true")]
    [InlineData("{}")]
    public void Other_values_than_texts_are_no_times(string json) =>
        Assert.Contains("is not a text", Assert.Throws<InvalidFieldException>(() =>
        JsonSerializer.Deserialize(json, ContractsJson.Default.DateTimeOffset)).Message);

    [Fact]
    public void Escapes_and_long_texts_are_read_without_harm()
    {
        Assert.Equal(DateTimeOffset.UnixEpoch, JsonSerializer.Deserialize("\"1970-01-01\\u005400:00:00\\u005a\"",
            ContractsJson.Default.DateTimeOffset));
        Assert.Throws<InvalidFieldException>(() =>
            JsonSerializer.Deserialize($"\"{new string('1', 100_000)}\"", ContractsJson.Default.DateTimeOffset));
        Assert.Throws<InvalidFieldException>(() =>
            JsonSerializer.Deserialize($"\"2010-12-01T08:26:00.{new string('1', 1000)}Z\"", ContractsJson.Default.DateTimeOffset));
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize("\"\\ud800\"", ContractsJson.Default.DateTimeOffset));
    }

    /// <summary>Stores, journals and backups hold what the serializer wrote before it had this reader: ISO 8601 with offset.</summary>
    [Fact]
    public void What_the_serializer_writes_and_wrote_reads_back_with_its_offset()
    {
        var times =
            from seconds in Gen.Choose(int.MinValue, int.MaxValue)
            from ticks in Gen.Choose(0, 9_999_999)
            from minutes in Gen.Choose(-14 * 60, 14 * 60)
            select DateTimeOffset.UnixEpoch.AddSeconds(seconds).AddTicks(ticks).ToOffset(TimeSpan.FromMinutes(minutes));
        Prop.ForAll(times.ToArbitrary(), time =>
        {
            string earlier = JsonSerializer.Serialize(time);
            return JsonSerializer.Serialize(time, ContractsJson.Default.DateTimeOffset) == earlier
                && JsonSerializer.Deserialize(earlier, ContractsJson.Default.DateTimeOffset).EqualsExact(time)
                && Rfc3339.TryParse(time.ToString("O", CultureInfo.InvariantCulture), out var read, out _) && read.EqualsExact(time);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_time_of_the_contracts_is_read_by_this_rule()
    {
        foreach (string json in (string[])["""{"history":[{"itemId":"a","occurredAt":"2010-12-01T08:26:00"}]}"""])
            Assert.Throws<InvalidFieldException>(() => JsonSerializer.Deserialize(json, ContractsJson.Default.RecommendationRequest));
        Assert.Throws<InvalidFieldException>(() =>
            JsonSerializer.Deserialize("""{"publishedAt":"2010-12-01"}""", ContractsJson.Default.Item));
        Assert.Throws<InvalidFieldException>(() =>
            JsonSerializer.Deserialize("""{"occurredAt":"2010-12-01 08:26:00"}""", ContractsJson.Default.Interaction));
        Assert.Null(JsonSerializer.Deserialize("""{"occurredAt":null}""", ContractsJson.Default.Interaction)!.OccurredAt);
    }
}
