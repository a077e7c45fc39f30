using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>A response with its body read.</summary>
internal sealed record Answer(int Status, string? ContentType, string Body, HttpResponseHeaders Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Type => Json.GetProperty("type").GetString();

    public string? Field => Json.TryGetProperty("field", out var name) ? name.GetString() : null;

    public string Detail => Json.GetProperty("detail").GetString()!;

    public TimeSpan? RetryAfter => Headers.RetryAfter?.Delta;

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(),
        response.Headers);

    /// <summary>Asserts an error in the form every error has.</summary>
    public Answer IsProblem(int status, string type)
    {
        Assert.True(status == Status, $"expected {status}, got {Status}: {Body}");
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal("urn:recommender:problem:" + type, Type);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(Json.GetProperty("title").GetString()));
        Assert.DoesNotContain("   at ", Body);
        Assert.DoesNotContain("Recommender.", Body);
        Assert.DoesNotContain("System.", Body);
        Assert.True(ActivityContext.TryParse(Assert.Single(Headers.GetValues("traceparent")), null, out _));
        return this;
    }

    public Answer IsAccepted(int count)
    {
        Assert.True(Status == 202, $"expected 202, got {Status}: {Body}");
        Assert.Equal(count, Json.GetProperty("accepted").GetInt32());
        Assert.True(ActivityContext.TryParse(Assert.Single(Headers.GetValues("traceparent")), null, out _));
        return this;
    }
}
