using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Keys;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>What pages of other sites may do: nothing that changes anything, unless their origin is configured.</summary>
public sealed class OriginTests
{
    private const string Shop = "https://shop.example";
    private static readonly byte[] s_event = """{"userId":"u","itemId":"i","type":"view"}"""u8.ToArray();

    /// <summary>OWN stands for the origin of the service.</summary>
    [Theory]
    [InlineData("https://evil.example", null, false)]
    [InlineData("https://evil.example", "same-origin", false)]
    [InlineData("null", null, false)]
    [InlineData("", null, false)]
    [InlineData("OWN", "cross-site", false)]
    // Another port or subdomain may run anyone's pages.
    [InlineData("http://127.0.0.1:1", "same-site", false)]
    [InlineData(null, "cross-site", false)]
    [InlineData(null, "same-site", false)]
    [InlineData(null, "anything", false)]
    [InlineData("http://localhost", null, false)]
    [InlineData("OWN.evil.example", null, false)]
    [InlineData(null, null, true)]
    [InlineData(null, "none", true)]
    [InlineData("OWN", null, true)]
    [InlineData("OWN", "same-origin", true)]
    // Where TLS ends at a proxy, the scheme is another.
    [InlineData("TLS", "same-origin", true)]
    public async Task Only_the_own_page_and_what_is_no_page_may_change_something(string? origin, string? site, bool isLetThrough)
    {
        await using var host = await IngestHost.StartAsync(map: app =>
        {
            foreach (string method in (string[])["POST", "PUT", "PATCH", "DELETE"])
                app.MapMethods("/v1/order", [method], () => "done").RequireScope(Scopes.Admin);
        });
        string own = host.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        void Change(HttpRequestMessage request)
        {
            string? sent = origin?.Replace("OWN", own).Replace("TLS", "https" + own[4..]);
            if (sent is not null) request.Headers.TryAddWithoutValidation("Origin", sent);
            if (site is not null) request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        }

        foreach (string method in (string[])["POST", "PUT", "PATCH", "DELETE"])
        {
            var answer = await host.SendAsync(new HttpMethod(method), "/v1/order", change: Change);
            if (isLetThrough) Assert.Equal(200, answer.Status);
            else Assert.Contains("Cors:Origins", answer.IsProblem(403, "forbidden").Detail);
        }

        var posted = await host.SendAsync(HttpMethod.Post, "/v1/events", s_event, "application/json", Change);
        if (isLetThrough) posted.IsAccepted(1);
        else posted.IsProblem(403, "forbidden");
        // Reading changes nothing.
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/ready", change: Change)).Status);
        Assert.Equal(isLetThrough ? 1 : 0, (await host.DrainEventsAsync(isLetThrough ? 1 : 0)).Count);
    }

    [Fact]
    public async Task A_key_does_not_make_a_foreign_page_welcome_and_a_configured_origin_needs_one()
    {
        var (key, entry) = ApiKeys.Create("shop", [Scopes.Ingest]);
        await using var host = await IngestHost.StartAsync(settings: new()
        {
            ["Keys:0:Id"] = entry.Id,
            ["Keys:0:Hash"] = entry.Hash,
            ["Keys:0:Scopes"] = Scopes.Ingest,
            ["Cors:Origins:0"] = Shop,
        });
        Task<Answer> PostAsync(string origin, string? key) =>
            host.SendAsync(HttpMethod.Post, "/v1/events", s_event, "application/json", request =>
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "cross-site");
            if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        });
        (await PostAsync("https://evil.example", key)).IsProblem(403, "forbidden");
        var refused = (await PostAsync(Shop, null)).IsProblem(401, "unauthorized");
        // The page can read why.
        Assert.Equal(Shop, refused.Headers.GetValues("Access-Control-Allow-Origin").Single());
        (await PostAsync(Shop, key)).IsAccepted(1);
        // A browser sends a preflight first, without the key.
        Assert.Equal(204, (await PreflightAsync(host, Shop)).Status);
    }

    [Fact]
    public async Task Without_the_setting_no_page_is_told_that_it_may_read()
    {
        await using var host = await IngestHost.StartAsync();
        var answer = await host.SendAsync(
            HttpMethod.Get, "/health/live", change: request => request.Headers.TryAddWithoutValidation("Origin", Shop));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.False(answer.Headers.Contains("Vary"));
        Assert.Equal(405, (await PreflightAsync(host, Shop)).Status);
    }

    [Theory]
    [InlineData("Cors:Origins:0")]
    [InlineData("Cors:Origins")]
    public async Task A_configured_origin_may_ask_read_and_send(string setting)
    {
        await using var host = await IngestHost.StartAsync(
            settings: new() { [setting] = setting.EndsWith('0') ? Shop : $"{Shop}, http://localhost:3000" });
        var preflight = await PreflightAsync(host, Shop);
        Assert.Equal(204, preflight.Status);
        string Header(Answer answer, string name) => string.Join(',', answer.Headers.GetValues(name));
        Assert.Equal(Shop, Header(preflight, "Access-Control-Allow-Origin"));
        Assert.Contains("PATCH", Header(preflight, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Contains("x-api-key", Header(preflight, "Access-Control-Allow-Headers"), StringComparison.OrdinalIgnoreCase);
        Assert.False(preflight.Headers.Contains("Access-Control-Allow-Credentials"));
        Assert.Contains("Origin", Header(preflight, "Vary"), StringComparison.Ordinal);
        Assert.True(preflight.Headers.Contains("traceparent"));

        var posted = (await host.SendAsync(HttpMethod.Post, "/v1/events", s_event, "application/json", request =>
        {
            request.Headers.TryAddWithoutValidation("Origin", Shop);
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "cross-site");
        })).IsAccepted(1);
        Assert.Equal(Shop, Header(posted, "Access-Control-Allow-Origin"));
        Assert.Contains("traceparent", Header(posted, "Access-Control-Expose-Headers"), StringComparison.OrdinalIgnoreCase);

        // Another origin gets nothing, and no cache hands it this one's answer.
        var foreign = await PreflightAsync(host, "https://shop.example.evil");
        Assert.False(foreign.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal("Origin", Header(await host.SendAsync(HttpMethod.Get, "/health/live"), "Vary"));
    }

    [Theory]
    [InlineData("*", "exact origins")]
    [InlineData("https://*.example", "exact origins")]
    [InlineData("null", "Cors:Origins")]
    [InlineData("shop.example", "Cors:Origins")]
    [InlineData("https://shop.example/", "Write https://shop.example.")]
    [InlineData("https://Shop.example:443", "Write https://shop.example.")]
    [InlineData("https://shop.example/path", "Write https://shop.example.")]
    [InlineData("ftp://shop.example", "Cors:Origins")]
    [InlineData("", "Cors:Origins:0")]
    public async Task An_origin_that_is_not_exact_stops_the_start_and_is_named(string origin, string expected)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => IngestHost.StartAsync(settings: new() { ["Cors:Origins:0"] = origin }));
        Assert.Contains("Cors:Origins", error.Message);
        Assert.Contains(expected, error.Message);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task A_body_needs_a_documented_content_type_wherever_it_is_sent(string? contentType)
    {
        await using var host = await IngestHost.StartAsync(map: app => app.MapPost("/v1/order", () => "done").RequireScope(Scopes.Admin));
        (string Method, string Path)[] endpoints =
        [
            ("POST", "/v1/events"), ("POST", "/v1/items"), ("PUT", "/v1/items/a"), ("PATCH", "/v1/items/a"), ("DELETE", "/v1/items/a"),
            ("PUT", "/v1/users/a"), ("DELETE", "/v1/users/a"), ("POST", "/v1/order"),
        ];
        foreach (var (method, path) in endpoints)
        {
            foreach (bool chunked in (bool[])[true, false])
            {
                var answer = await host.SendAsync(new HttpMethod(method), path, "{}"u8.ToArray(), null, request =>
                {
                    if (contentType is not null) request.Content!.Headers.TryAddWithoutValidation("Content-Type", contentType);
                    request.Headers.TransferEncodingChunked = chunked;
                });
                Assert.NotEmpty(answer.IsProblem(415, "unsupported-media-type").Detail);
            }
        }

        Assert.Empty(await host.DrainCommandsAsync(0));
    }

    [Fact]
    public async Task What_takes_no_body_needs_no_content_type_and_does_not_mind_JSON()
    {
        await using var host = await IngestHost.StartAsync(map: app => app.MapPost("/v1/order", () => "done").RequireScope(Scopes.Admin));
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "/v1/order")).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "/v1/order", "{}"u8.ToArray(), "application/json")).Status);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Post, "/v1/order", [], "text/plain")).Status);
        // An empty body without a length header, as some proxies send it.
        var empty = await host.SendAsync(HttpMethod.Post, "/v1/order", [], null, request => request.Headers.TransferEncodingChunked = true);
        Assert.Equal(200, empty.Status);
        (await host.PostAsync("/v1/events", s_event, "application/json; charset=\"UTF-8\"")).IsAccepted(1);
        Assert.Single(await host.DrainEventsAsync(1));
    }

    private static Task<Answer> PreflightAsync(IngestHost host, string origin) =>
        host.SendAsync(HttpMethod.Options, "/v1/events", change: request =>
    {
        request.Headers.TryAddWithoutValidation("Origin", origin);
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", "POST");
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", "content-type,x-api-key");
    });
}
