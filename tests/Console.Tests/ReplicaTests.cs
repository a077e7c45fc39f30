using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.WebConsole.Tests;

/// <summary>Two replicas of Recommend and one of each other service behind the gateway.</summary>
public sealed class ReplicaTests : IAsyncLifetime
{
    private readonly List<StubService> _services = [];
    private StubService _one = null!;
    private StubService _two = null!;
    private ConsoleHost _console = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (string name in (string[])["ingest", "trainer", "one", "two"]) _services.Add(await StubService.StartAsync(name));
        (_one, _two) = (_services[2], _services[3]);
        _console = await ConsoleHost.StartAsync([.. Settings(), new("services:recommend:http:1", _two.Address)]);
    }

    public async ValueTask DisposeAsync()
    {
        await _console.DisposeAsync();
        foreach (var service in _services) await service.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(300_000)]
    public async Task A_dead_replica_among_two_costs_no_request(int bodyBytes)
    {
        string dead = $"http://127.0.0.1:{Ports.Free()}";
        await using var console = await ConsoleHost.StartAsync([.. Settings(), new("services:recommend:http:1", dead)]);
        for (int i = 0; i < 6; i++)
        {
            using var content = new ByteArrayContent(new byte[bodyBytes]);
            content.Headers.ContentType = new("application/json");
            using var posted = await console.Client.PostAsync("/v1/recommendations", content, Cancel);
            Assert.Equal($"one POST /v1/recommendations {bodyBytes}", await posted.Content.ReadAsStringAsync(Cancel));
            Assert.Equal("one GET /v1/items/popular 0", await console.Client.GetStringAsync("/v1/items/popular", Cancel));
        }

        Assert.Equal(12, _one.Answered);
    }

    [Fact]
    public async Task A_replica_that_stops_while_it_serves_costs_no_read()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        int answered = 0;
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var response = await _console.Client.GetAsync("/v1/items/popular", Cancel);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Interlocked.Increment(ref answered);
            }
        }, Cancel)).ToList();
        await Eventually.TrueAsync(() => _one.Answered > 50 && _two.Answered > 50);
        await _one.StopAsync();
        int before = Volatile.Read(ref answered);
        await Eventually.TrueAsync(() => Volatile.Read(ref answered) > before + 100);
        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task Requests_are_spread_and_a_slow_replica_gets_fewer()
    {
        for (int i = 0; i < 20; i++) await _console.Client.GetStringAsync("/v1/items/popular", Cancel);
        Assert.Equal((10, 10), (_one.Answered, _two.Answered));

        var release = new TaskCompletionSource();
        _one.Answer = _ => release.Task;
        var held = _console.Client.GetAsync("/v1/items/popular", Cancel);
        await Eventually.TrueAsync(() => _one.Answered == 11 || held.IsCompleted);
        if (held.IsCompleted) held = _console.Client.GetAsync("/v1/items/popular", Cancel);
        await Eventually.TrueAsync(() => _one.Answered == 11);
        for (int i = 0; i < 10; i++)
            Assert.StartsWith("two", await _console.Client.GetStringAsync("/v1/items/popular", Cancel), StringComparison.Ordinal);
        release.SetResult();
        using var response = await held;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_replica_that_is_not_ready_gets_no_requests_until_it_is()
    {
        _one.IsReady = false;
        await Eventually.TrueAsync(async () =>
        {
            int before = _one.Answered;
            for (int i = 0; i < 10; i++) await _console.Client.GetStringAsync("/v1/items/popular", Cancel);
            return _one.Answered == before;
        });
        _one.IsReady = true;
        await Eventually.TrueAsync(async () => (await _console.Client.GetStringAsync("/v1/items/popular", Cancel))
            .StartsWith("one", StringComparison.Ordinal));
        // Where none is ready, the answer is the service's own.
        (_one.IsReady, _two.IsReady) = (false, false);
        for (int i = 0; i < 10; i++) await _console.Client.GetStringAsync("/v1/items/popular", Cancel);
    }

    [Fact]
    public async Task A_replica_added_to_the_setting_is_used_without_a_restart()
    {
        await using var console = await ConsoleHost.StartAsync(Settings());
        Assert.StartsWith("one", await console.Client.GetStringAsync("/v1/items/popular", Cancel), StringComparison.Ordinal);
        console.Configuration["services:recommend:http:1"] = _two.Address;
        console.Configuration.Reload();
        await Eventually.TrueAsync(async () => (await console.Client.GetStringAsync("/v1/items/popular", Cancel))
            .StartsWith("two", StringComparison.Ordinal));
    }

    [Fact]
    public async Task HEAD_arrives_as_HEAD_and_has_the_headers_of_GET()
    {
        using var get = await _console.Client.GetAsync("/v1/items/popular?count=3", Cancel);
        using var head = await _console.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/v1/items/popular?count=3"), Cancel);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal("one HEAD /v1/items/popular?count=3 0".Length, head.Content.Headers.ContentLength);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
        Assert.NotEmpty(await get.Content.ReadAsByteArrayAsync(Cancel));

        using var page = await _console.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"), Cancel);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.Equal((await _console.Client.GetByteArrayAsync("/", Cancel)).Length, page.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(304)]
    [InlineData(412)]
    [InlineData(404)]
    public async Task Answers_to_conditions_pass_through(int status)
    {
        string? condition = null;
        _one.Answer = _two.Answer = async context =>
        {
            condition = context.Request.Headers.IfMatch.ToString() + context.Request.Headers.IfNoneMatch;
            context.Response.StatusCode = status;
            context.Response.Headers.ETag = "\"7\"";
            if (status == 304) return;
            context.Response.ContentType = "application/problem+json";
            await context.Response.WriteAsync("""{"title":"theirs"}""");
        };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/items/a/similar");
        request.Headers.TryAddWithoutValidation("If-None-Match", "\"7\"");
        using var response = await _console.Client.SendAsync(request, Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("\"7\"", condition);
        Assert.Equal("\"7\"", response.Headers.ETag?.Tag);
        string body = await response.Content.ReadAsStringAsync(Cancel);
        if (status == 304) Assert.Empty(body);
        else Assert.Contains("theirs", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_meant_for_this_connection_or_judged_here_is_not_passed_on()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/rank") { Content = Json() };
        request.Headers.TryAddWithoutValidation("Connection", "X-Hop");
        string[] names = ["X-Hop", "X-Kept", "Keep-Alive", "TE", "Upgrade"];
        foreach (string name in names) request.Headers.TryAddWithoutValidation(name, "1");
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        request.Headers.TryAddWithoutValidation("Origin", _console.Client.BaseAddress!.GetLeftPart(UriPartial.Authority));
        using var response = await _console.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var seen = (_one.Answered > 0 ? _one : _two).Headers;
        Assert.Equal("1", seen["X-Kept"]);
        Assert.All((string[])["X-Hop", "Keep-Alive", "TE", "Upgrade", "Connection", "Origin", "Sec-Fetch-Site"],
            name => Assert.False(seen.ContainsKey(name), name));
        Assert.Single(response.Headers.GetValues("X-Content-Type-Options"));
    }

    [Fact]
    public async Task A_foreign_page_is_refused_before_anything_is_passed_on()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/models/1/release");
        request.Headers.TryAddWithoutValidation("Origin", "https://evil.example");
        using var response = await _console.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.All(_services, service => Assert.Equal(0, service.Answered));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_service_and_every_answer_belong_to_one_trace(bool breaksOff)
    {
        if (breaksOff)
        {
            _one.Answer = _two.Answer = context =>
            {
                context.Abort();
                return Task.CompletedTask;
            };
        }

        using var response = await _console.Client.PostAsync("/v1/rank", Json(), Cancel);
        Assert.Equal(breaksOff ? HttpStatusCode.BadGateway : HttpStatusCode.OK, response.StatusCode);
        Assert.True(ActivityContext.TryParse(Assert.Single(response.Headers.GetValues("traceparent")), null, out var trace));
        Assert.True(ActivityContext.TryParse((_one.Answered > 0 ? _one : _two).Headers["traceparent"], null, out var seen));
        Assert.Equal(trace.TraceId, seen.TraceId);
        Assert.Single(response.Headers.GetValues("X-Content-Type-Options"));
        // What may have changed something is not sent a second time.
        Assert.Equal(1, _one.Answered + _two.Answered);
    }

    private static StringContent Json() => new("{}", Encoding.UTF8, "application/json");

    private IEnumerable<KeyValuePair<string, string?>> Settings() =>
    [
        new("services:ingest:http:0", _services[0].Address),
        new("services:trainer:http:0", _services[1].Address),
        new("services:recommend:http:0", _one.Address),
        new("services:insights:http:0", _services[0].Address),
    ];
}
