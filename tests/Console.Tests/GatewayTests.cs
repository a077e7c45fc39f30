using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.LocalServers;
using Recommender.ServiceDefaults;
using Recommender.TestKit;
using Xunit;

namespace Recommender.WebConsole.Tests;

public sealed class GatewayTests : IAsyncLifetime
{
    private readonly List<WebApplication> _apps = [];
    private readonly Dictionary<string, int> _ports =
        new() { ["ingest"] = Ports.Free(), ["trainer"] = Ports.Free(), ["recommend"] = Ports.Free(), ["insights"] = Ports.Free() };
    private HttpClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var (name, port) in _ports) await StartServiceAsync(name, port);
        _client = await StartConsoleAsync(
            [.. _ports.Select(p => KeyValuePair.Create($"services:{p.Key}:http:0", $"http://127.0.0.1:{p.Value}"))]);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        foreach (var app in _apps) await app.DisposeAsync();
    }

    [Theory]
    [InlineData("POST", "/v1/events", "ingest")]
    [InlineData("POST", "/v1/items", "ingest")]
    [InlineData("PATCH", "/v1/items", "ingest")]
    [InlineData("PATCH", "/v1/items/a", "ingest")]
    [InlineData("GET", "/v1/items/a", "ingest")]
    [InlineData("GET", "/v1/items/latest", "recommend")]
    [InlineData("GET", "/v1/recommendations/4f", "insights")]
    [InlineData("GET", "/v1/items/trending", "recommend")]
    [InlineData("PUT", "/v1/items/popular", "ingest")]
    [InlineData("DELETE", "/v1/users/a", "ingest")]
    [InlineData("GET", "/v1/users/a/export", "ingest")]
    [InlineData("GET", "/v1/users/export?userId=.", "ingest")]
    [InlineData("DELETE", "/v1/users?userId=..", "ingest")]
    [InlineData("DELETE", "/v1/items?itemId=.", "ingest")]
    [InlineData("GET", "/v1/items?itemId=popular", "ingest")]
    [InlineData("GET", "/v1/erasures/e", "ingest")]
    [InlineData("GET", "/v1/users?prefix=1&limit=2", "trainer")]
    [InlineData("POST", "/v1/models/3/release", "trainer")]
    [InlineData("GET", "/v1/status", "trainer")]
    [InlineData("POST", "/v1/deadletters/replay", "trainer")]
    [InlineData("GET", "/v1/items/popular?count=3", "recommend")]
    [InlineData("GET", "/v1/items/a/similar", "recommend")]
    [InlineData("GET", "/v1/users/a/history", "recommend")]
    [InlineData("POST", "/v1/rank", "recommend")]
    public async Task Each_path_goes_to_its_service_unchanged(string method, string target, string service)
    {
        using var response = await _client.SendAsync(new HttpRequestMessage(new HttpMethod(method), target), Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal($"{service} {method} {target}", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("/v1/users/a%2Fb/history")]
    [InlineData("/v1/users/%2E%2E%2Fc/history")]
    [InlineData("/v1/users/%C3%A4%20%25/history?x=%2F%41")]
    public async Task Ids_arrive_with_the_encoding_they_were_sent_in(string target)
    {
        var uri = new Uri(_client.BaseAddress!.GetLeftPart(UriPartial.Authority) + target,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        Assert.Equal($"recommend GET {target}", await _client.GetStringAsync(uri, Cancel));
    }

    [Fact]
    public async Task Every_id_arrives_as_it_was_sent()
    {
        foreach (string id in OddIds.All)
        {
            foreach (string path in OddIds.Encodings(id))
            {
                foreach (var (method, target, service) in ((string, string, string)[])
                [
                    ("GET", $"/v1/users/{path}/history", "recommend"), ("GET", $"/v1/users/{path}/export", "ingest"),
                        ("DELETE", $"/v1/users/{path}", "ingest"),
                    ("PUT", $"/v1/items/{path}", "ingest"), ("GET", $"/v1/items/{path}", id == "popular" ? "recommend" : "ingest"),
                        ("DELETE", $"/v1/items/{path}", "ingest"), ("GET", $"/v1/items/{path}/similar", "recommend"),
                ])
                {
                    Assert.Equal((200, $"{service} {method} {target}"),
                        await RawHttp.SendAsync(_client.BaseAddress!, method, target, null, Cancel));
                }
            }

            Assert.Equal($"recommend GET /v1/users/{Uri.EscapeDataString(id)}/history",
                await _client.GetStringAsync($"/v1/users/{Uri.EscapeDataString(id)}/history", Cancel));
        }
    }

    /// <summary>What clients should encode and do not all encode; the service behind gets the very same text.</summary>
    [Theory]
    [InlineData(@"/v1/users/a\b/history")]
    [InlineData("/v1/users/a|b/history")]
    [InlineData("/v1/users/{a}/history")]
    [InlineData("/v1/users/^`\"<>/history")]
    [InlineData("/v1/users/a;b=c/history?x=[1]&y={2}|3")]
    [InlineData("/v1/users/a%2fb%2E/history?x=%2f+%20")]
    public async Task Targets_arrive_as_they_were_written(string target) =>
        Assert.Equal((200, $"recommend GET {target}"), await RawHttp.SendAsync(_client.BaseAddress!, "GET", target, null, Cancel));

    [Fact]
    public async Task A_body_of_any_length_and_headers_pass_both_ways()
    {
        // Longer than the limit of one ordinary request.
        var body = new byte[12 * 1024 * 1024];
        Random.Shared.NextBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events?echo=1") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/x-ndjson");
        request.Headers.Add("X-API-Key", "secret");
        using var response = await _client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("7", response.Headers.GetValues("Retry-After").Single());
        Assert.Equal("secret", response.Headers.GetValues("X-Seen-Key").Single());
        Assert.Equal("application/x-ndjson", response.Headers.GetValues("X-Seen-Type").Single());
        Assert.Single(response.Headers.GetValues("traceparent"));
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    /// <summary>Refused by its headers, while it is being sent, and by what is in it: the answer is the service's, not that it broke
    /// off.</summary>
    [Theory]
    [InlineData("?refuse=at once", true)]
    [InlineData("?refuse=at once", false)]
    [InlineData("?refuse=later", true)]
    [InlineData("?refuse=later", false)]
    public async Task A_refusal_of_a_long_body_arrives(string query, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            "/v1/events" + query)
        { Content = new ByteArrayContent(new byte[20 * 1024 * 1024]) };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await _client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_is_the_callers_fault()
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(_client.BaseAddress!.Host, _client.BaseAddress.Port, Cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /v1/events?echo=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n"), Cancel);
        using var answer = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 400 ", await answer.ReadLineAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_JSON_body_without_end_is_refused_when_it_is_too_long_not_when_it_ends()
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(_client.BaseAddress!.Host, _client.BaseAddress.Port, Cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /v1/events?echo=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"),
                Cancel);
        byte[] chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string(' ', 0x10000) + "\r\n");
        for (int sent = 0; sent <= Limits.BodyBytes; sent += 0x10000) await stream.WriteAsync(chunk, Cancel);
        using var answer = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 413 ", await answer.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_targets_and_headers_in_any_script_pass()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/items/popular?cursor=" + new string('A', 30_000));
        request.Headers.TryAddWithoutValidation("X-Shop", "Läden");
        using var client = new HttpClient(new SocketsHttpHandler
        {
            RequestHeaderEncodingSelector = static (_, _) =>
            Encoding.UTF8
        })
        { BaseAddress = _client.BaseAddress };
        using var response = await client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task The_trace_goes_on_in_the_service()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status?trace=1");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var response = await _client.SendAsync(request, Cancel);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", await response.Content.ReadAsStringAsync(Cancel),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_takes_no_connection_in_time_is_named()
    {
        // The queue of one connection is full, so the system silently drops further connections.
        using var full = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        full.Start(1);
        int port = ((IPEndPoint)full.LocalEndpoint).Port;
        var waiting = Enumerable.Range(0, 4).Select(_ => new System.Net.Sockets.TcpClient()).ToList();
        try
        {
            foreach (var one in waiting) _ = one.ConnectAsync(IPAddress.Loopback, port, Cancel).AsTask()
                .ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
            using var client = await StartConsoleAsync(
                [new("services:ingest:http:0", $"http://127.0.0.1:{port}"), new("services:trainer:http:0", $"http://127.0.0.1:{port}"),
                    new("services:recommend:http:0", $"http://127.0.0.1:{port}"),
                    new("services:insights:http:0", $"http://127.0.0.1:{port}")]);
            using var response = await client.GetAsync("/v1/status", Cancel);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Contains("trainer", await response.Content.ReadAsStringAsync(Cancel), StringComparison.OrdinalIgnoreCase);
        }
        finally
        {
            foreach (var one in waiting) one.Dispose();
        }
    }

    [Fact]
    public async Task A_service_that_is_down_is_named_and_the_others_go_on()
    {
        using var client = await StartConsoleAsync(
        [
            new("services:ingest:http:0", $"http://127.0.0.1:{_ports["ingest"]}"),
            new("services:trainer:http:0", $"http://127.0.0.1:{Ports.Free()}"),
            new("services:insights:http:0", $"http://127.0.0.1:{_ports["insights"]}"),
            new("services:recommend:http:0", $"http://127.0.0.1:{_ports["recommend"]}"),
        ]);
        using var response = await client.GetAsync("/v1/status", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Contains("trainer", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal("recommend GET /v1/items/popular", await client.GetStringAsync("/v1/items/popular", Cancel));
    }

    [Fact]
    public async Task A_replica_that_is_down_costs_no_request()
    {
        using var client = await StartConsoleAsync(
        [
            new("services:ingest:http:0", $"http://127.0.0.1:{_ports["ingest"]}"),
            new("services:trainer:http:0", $"http://127.0.0.1:{_ports["trainer"]}"),
            new("services:insights:http:0", $"http://127.0.0.1:{_ports["insights"]}"),
            new("services:recommend:http:0", $"http://127.0.0.1:{Ports.Free()}"),
            new("services:recommend:http:1", $"http://127.0.0.1:{_ports["recommend"]}"),
        ]);
        for (int i = 0; i < 4; i++)
        {
            using var response = await client.PostAsync("/v1/rank", new StringContent("{}", Encoding.UTF8, "application/json"), Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("/v1/status?abort=1")]
    [InlineData("/v1/status?abort=1&announced=1")]
    public async Task A_service_that_breaks_off_is_a_bad_gateway(string target)
    {
        using var response = await _client.GetAsync(target, Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("urn:recommender:problem:bad-gateway", problem.RootElement.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_missing_address_stops_the_start_and_names_the_setting()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            StartConsoleAsync([new("services:ingest:http:0", "http://127.0.0.1:1")]));
        Assert.Contains("services__trainer__http__0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_and_its_files_come_from_here_alone()
    {
        using var page = await _client.GetAsync("/", Cancel);
        string html = await page.Content.ReadAsStringAsync(Cancel);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        string policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        foreach (var file in (string[])["/app.js", "/models.js", "/app.css", "/favicon.svg"])
        {
            Assert.Contains(file, html, StringComparison.Ordinal);
            string content = await _client.GetStringAsync(file, Cancel);
            Assert.DoesNotContain("https://", content, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
    }

    private async Task<HttpClient> StartConsoleAsync(IReadOnlyList<KeyValuePair<string, string>> settings)
    {
        var builder = NewBuilder(0);
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.AddServiceDefaults("console");
        builder.AddConsole();
        var app = builder.Build();
        _apps.Add(app);
        app.UseServiceDefaults();
        app.MapConsole();
        await app.StartAsync(Cancel);
        return new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    private async Task StartServiceAsync(string name, int port)
    {
        var builder = NewBuilder(port);
        builder.WebHost.ConfigureKestrel(kestrel =>
            (kestrel.Limits.MaxRequestBodySize, kestrel.Limits.MaxRequestLineSize) = (null, 64 * 1024));
        var app = builder.Build();
        _apps.Add(app);
        app.Run(async context =>
        {
            if (context.Request.Query.ContainsKey("abort"))
            {
                if (context.Request.Query.ContainsKey("announced"))
                {
                    context.Response.ContentLength = 100;
                    await context.Response.StartAsync(Cancel);
                }

                context.Abort();
            }
            else if (context.Request.Query.TryGetValue("refuse", out var when))
            {
                if (when == "later") await context.Request.Body.ReadExactlyAsync(new byte[100_000], Cancel);
                context.Response.StatusCode = 413;
            }
            else if (context.Request.Query.ContainsKey("trace"))
            {
                await context.Response.WriteAsync(context.Request.Headers.TraceParent.ToString(), Cancel);
            }
            else if (context.Request.Query.ContainsKey("echo"))
            {
                context.Response.StatusCode = 503;
                context.Response.Headers.RetryAfter = "7";
                context.Response.Headers.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
                context.Response.Headers["X-Seen-Key"] = context.Request.Headers["X-API-Key"];
                context.Response.Headers["X-Seen-Type"] = context.Request.ContentType;
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, Cancel);
                body.Position = 0;
                await body.CopyToAsync(context.Response.Body, Cancel);
            }
            else
            {
                await context.Response.WriteAsync($"{name} {context.Request.Method} "
                    + $"{context.Features.Get<IHttpRequestFeature>()!.RawTarget}", Cancel);
            }
        });
        await app.StartAsync(Cancel);
    }

    private static WebApplicationBuilder NewBuilder(int port)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        return builder;
    }
}
