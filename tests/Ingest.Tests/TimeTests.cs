using System.Text;
using System.Text.Json;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>One rule for times at every door of Ingest: RFC 3339 with an offset. Without one it is refused, so that no machine's zone
/// decides.</summary>
public sealed class TimeTests : IAsyncLifetime
{
    private IngestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IngestHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("2010-12-01T08:26:00", "has no offset from UTC")]
    [InlineData("2010-12-01T08:26:00.123456", "has no offset from UTC")]
    [InlineData("2010-12-01", "is a date without a time of day")]
    [InlineData("01/02/2020", "is not a time")]
    [InlineData("2010-12-01 08:26:00", "is not a time")]
    public async Task A_time_without_an_offset_is_refused_at_every_door(string time, string reason)
    {
        string item = Json(new { itemId = "a", publishedAt = time });
        string @event = Json(new { userId = "u", itemId = "a", type = "view", occurredAt = time });
        await RefusedAsync("occurredAt", reason, HttpMethod.Post, "/v1/events", @event);
        await RefusedAsync("occurredAt", reason, HttpMethod.Post, "/v1/events", $"[{@event}]");
        await RefusedAsync("occurredAt", reason, HttpMethod.Post, "/v1/events", @event, "application/x-ndjson");
        await RefusedAsync("publishedAt", reason, HttpMethod.Post, "/v1/items", item);
        await RefusedAsync("publishedAt", reason, HttpMethod.Post, "/v1/items", $"[{item}]");
        await RefusedAsync("publishedAt", reason, HttpMethod.Post, "/v1/items", item, "application/x-ndjson");
        await RefusedAsync("publishedAt", reason, HttpMethod.Put, "/v1/items/a", item);
        await RefusedAsync("publishedAt", reason, HttpMethod.Patch, "/v1/items/a", item, "application/merge-patch+json");

        string Envelope(string? envelopeTime, string? occurredAt) =>
            Json(new
            {
                specversion = "1.0",
                id = "c",
                source = "/",
                type = "view",
                time = envelopeTime,
                data = new { userId = "u", itemId = "a", occurredAt }
            });
        await RefusedAsync("time", reason, HttpMethod.Post, "/v1/events", Envelope(time, null), "application/cloudevents+json");
        await RefusedAsync("data.occurredAt", reason, HttpMethod.Post, "/v1/events", Envelope(null, time), "application/cloudevents+json");
        await RefusedAsync("time", reason, HttpMethod.Post, "/v1/events", $"[{Envelope(time, null)}]",
            "application/cloudevents-batch+json");
        var binary = await _host.SendAsync(HttpMethod.Post, "/v1/events", Encoding.UTF8.GetBytes("""{"userId":"u","itemId":"a"}"""),
            "application/json", request =>
        {
            foreach (var (name, value) in ((string, string)[])[("ce-specversion", "1.0"), ("ce-id", "b"), ("ce-source", "/"),
                ("ce-type", "view"), ("ce-time", time)]) request.Headers.TryAddWithoutValidation(name, value);
        });
        Assert.StartsWith("time " + reason, binary.IsProblem(400, "invalid-field").Detail);
    }

    [Theory]
    [InlineData("2010-12-01T08:26:00Z", "2010-12-01T08:26:00+00:00")]
    [InlineData("2010-12-01t08:26:00z", "2010-12-01T08:26:00+00:00")]
    [InlineData("2010-12-01T08:26:00.25+01:00", "2010-12-01T07:26:00.25+00:00")]
    public async Task The_same_text_is_the_same_moment_at_every_door(string time, string utc)
    {
        (await _host.PostAsync("/v1/events", Json(new { userId = "u", itemId = "a", type = "view", occurredAt = time }))).IsAccepted(1);
        (await _host.PostAsync("/v1/events", Json(
            new { specversion = "1.0", id = "c", source = "/", type = "view", time, data = new { userId = "u", itemId = "a" } }),
                "application/cloudevents+json")).IsAccepted(1);
        (await _host.PostAsync("/v1/events", Json(
            new
            {
                specversion = "1.0",
                id = "d",
                source = "/",
                type = "view",
                time = "2020-01-01T00:00:00Z",
                data = new { userId = "u", itemId = "a", occurredAt = time }
            }), "application/cloudevents+json")).IsAccepted(1);
        (await _host.PostAsync("/v1/items", Json(new { itemId = "a", publishedAt = time }))).IsAccepted(1);
        var expected = DateTimeOffset.Parse(utc, System.Globalization.CultureInfo.InvariantCulture);
        Assert.All(await _host.DrainEventsAsync(3), e => Assert.Equal(expected, e.OccurredAt));
        Assert.Equal(expected, Assert.Single(await _host.DrainCommandsAsync(1)).Item!.PublishedAt);
    }

    [Fact]
    public async Task What_is_wrong_with_a_time_or_type_of_the_envelope_is_named_there()
    {
        string ahead = DateTimeOffset.UtcNow.AddHours(1).ToString("O");
        string Envelope(string type, string? time, object data) =>
            Json(new { specversion = "1.0", id = "c", source = "/", type, time, data });
        Assert.Equal("time",
            (await _host.PostAsync("/v1/events", Envelope("view", ahead, new { userId = "u", itemId = "a" }),
                "application/cloudevents+json")).IsProblem(400, "invalid-field").Field);
        Assert.Equal("data.occurredAt",
            (await _host.PostAsync("/v1/events", Envelope("view", null, new { userId = "u", itemId = "a", occurredAt = ahead }),
                "application/cloudevents+json")).IsProblem(400, "invalid-field").Field);
        Assert.Equal("type",
            (await _host.PostAsync("/v1/events", Envelope(new string('t', 129), null, new { userId = "u", itemId = "a" }),
                "application/cloudevents+json")).IsProblem(400, "invalid-field").Field);
        Assert.Equal("occurredAt",
            (await _host.PostAsync("/v1/events", Json(
                new { userId = "u", itemId = "a", type = "view", occurredAt = "1970-01-01T00:00:00+01:00" }))).IsProblem(400,
                    "invalid-field").Field);
    }

    private static string Json(object value) => JsonSerializer.Serialize(value);

    private async Task RefusedAsync(string field, string reason, HttpMethod method, string path, string body,
        string type = "application/json")
    {
        var answer = await _host.SendAsync(method, path, Encoding.UTF8.GetBytes(body), type);
        Assert.Equal(400, answer.Status);
        Assert.Contains($"{field} {reason}", answer.Detail);
    }
}
