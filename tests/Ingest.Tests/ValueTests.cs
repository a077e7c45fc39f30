using Recommender.Contracts;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>A type that needs a value gets none without one through any door.</summary>
public class ValueTests
{
    private const string Error = "is required for events of type 'rating'";
    private const string Rating = """{"userId":"u","itemId":"a","type":"rating"}""";

    [Theory]
    [InlineData("application/json", "[" + Rating + """,{"userId":"u","itemId":"b","type":"rating","value":4}]""")]
    [InlineData("application/x-ndjson", Rating + "\n" + """{"userId":"u","itemId":"b","type":"rating","value":4}""")]
    public async Task A_rating_without_a_value_is_rejected_and_its_neighbours_are_taken(string contentType, string body)
    {
        await using var host = await IngestHost.StartAsync();
        var answer = (await host.PostAsync("/v1/events", body, contentType)).IsAccepted(1);
        var rejected = Assert.Single(answer.Json.GetProperty("rejected").EnumerateArray());
        Assert.Equal((0, "value", Error),
            (rejected.GetProperty("index").GetInt32(), rejected.GetProperty("field").GetString(),
            rejected.GetProperty("error").GetString()));
        Assert.Equal("b", Assert.Single(await host.DrainEventsAsync(1)).ItemId);
    }

    [Fact]
    public async Task A_rating_alone_is_refused_also_as_a_CloudEvent()
    {
        await using var host = await IngestHost.StartAsync();
        Assert.Contains(Error, (await host.PostAsync("/v1/events", Rating)).IsProblem(400, "invalid-field").Detail,
            StringComparison.Ordinal);
        var cloud = await host.PostAsync("/v1/events",
            """{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"userId":"u","itemId":"a","type":"rating"}}""",
            "application/cloudevents+json");
        Assert.Contains("data.value " + Error, cloud.IsProblem(400, "invalid-field").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configuration_says_which_types_need_a_value()
    {
        await using var host = await IngestHost.StartAsync(
            settings: new()
            {
                ["EventTypes:stars:PositiveFrom"] = "3",
                ["EventTypes:rating:PositiveFrom"] = "3",
                ["EventTypes:rating:ValueRequired"] = "false"
            });
        (await host.PostAsync("/v1/events", Rating)).IsAccepted(1);
        (await host.PostAsync("/v1/events", Rating.Replace("rating", "stars", StringComparison.Ordinal))).IsProblem(400, "invalid-field");
        var wrong = await Assert.ThrowsAnyAsync<InvalidOperationException>(() =>
            IngestHost.StartAsync(settings: new() { ["EventTypes:view:HalfLifeDays"] = "0" }));
        Assert.Equal("Setting EventTypes:view: HalfLifeDays must be above 0; leave it out for events that do not age.", wrong.Message);
    }

    [Fact]
    public async Task OpenAPI_states_what_values_mean()
    {
        await using var host = await IngestHost.StartAsync();
        var document = (await host.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json;
        string text = document.GetProperty("paths").GetProperty("/v1/events").GetProperty("post").GetProperty("description").GetString()!;
        Assert.All(["cancels", "takes back", "replaces earlier ones", "value is required"], words =>
            Assert.Contains(words, text, StringComparison.Ordinal));
        string published = document.GetProperty("components").GetProperty("schemas").GetProperty(nameof(Item)).GetProperty(
            "properties").GetProperty("publishedAt").GetProperty("description").GetString()!;
        Assert.Contains("not available", published, StringComparison.Ordinal);
    }
}
