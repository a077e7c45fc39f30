using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Keys;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>What ServiceDefaults gives every service, seen through this one.</summary>
public sealed class DefaultsTests
{
    private const string Event = """{"userId":"u","itemId":"i","type":"view"}""";

    private static Dictionary<string, string?> Keys(params ApiKeyEntry[] entries)
    {
        var settings = new Dictionary<string, string?>();
        for (int i = 0; i < entries.Length; i++)
        {
            settings[$"Keys:{i}:Id"] = entries[i].Id;
            settings[$"Keys:{i}:Hash"] = entries[i].Hash;
            settings[$"Keys:{i}:Scopes"] = string.Join(',', entries[i].Scopes);
            settings[$"Keys:{i}:RequestsPerSecond"] = entries[i].RequestsPerSecond.ToString();
        }

        return settings;
    }

    private static Task<Answer> PostAsync(IngestHost host, string? key, string header = "Authorization") =>
        host.SendAsync(HttpMethod.Post, "/v1/events", System.Text.Encoding.UTF8.GetBytes(Event), "application/json", request =>
        {
            if (key is not null) request.Headers.TryAddWithoutValidation(header, header == "Authorization" ? "Bearer " + key : key);
        });

    [Theory]
    [InlineData("count=abc", "count is not a whole number")]
    [InlineData("count=2.5", "count is not a whole number")]
    [InlineData("count=1&share=x", "share is not a number")]
    [InlineData("count=1&flag=maybe", "flag is neither true nor false")]
    public async Task A_parameter_of_the_wrong_kind_is_named_without_its_NET_type(string query, string detail)
    {
        await using var host = await IngestHost.StartAsync(map: app =>
            app.MapGet("/v1/bound", (int count, double? share, bool? flag) => $"{count} {share} {flag}"));
        Assert.Equal(detail, (await host.SendAsync(HttpMethod.Get, "/v1/bound?" + query)).IsProblem(400, "invalid-field").Detail);
    }

    [Fact]
    public async Task Keys_open_exactly_what_their_scopes_say()
    {
        var (ingest, ingestEntry) = ApiKeys.Create("shop", [Scopes.Ingest]);
        var (read, readEntry) = ApiKeys.Create("web", [Scopes.Read]);
        var (admin, adminEntry) = ApiKeys.Create("ops", [Scopes.Admin]);
        Assert.DoesNotContain(ingest, ingestEntry.Hash);
        await using var host = await IngestHost.StartAsync(settings: Keys(ingestEntry, readEntry, adminEntry), map: app =>
        {
            app.MapGet("/v1/read", () => "r").RequireScope(Scopes.Read);
            app.MapGet("/v1/forgotten", () => "f");
        });
        (await PostAsync(host, null)).IsProblem(401, "unauthorized");
        (await PostAsync(host, "rk_shop_wrong")).IsProblem(401, "unauthorized");
        (await PostAsync(host, ingest[..^1] + (ingest[^1] == 'A' ? 'B' : 'A'))).IsProblem(401, "unauthorized");
        (await PostAsync(host, "nothing like a key")).IsProblem(401, "unauthorized");
        (await PostAsync(host, read)).IsProblem(403, "forbidden");
        (await PostAsync(host, ingest)).IsAccepted(1);
        (await PostAsync(host, ingest, "X-API-Key")).IsAccepted(1);
        (await PostAsync(host, admin)).IsAccepted(1);

        async Task<int> GetAsync(string path, string? key) =>
            (await host.SendAsync(HttpMethod.Get, path, change: r => r.Headers.TryAddWithoutValidation("X-API-Key", key))).Status;
        Assert.Equal(200, await GetAsync("/v1/read", read));
        Assert.Equal(403, await GetAsync("/v1/read", ingest));
        // An endpoint whose scope was forgotten is closed to all but admin.
        Assert.Equal(403, await GetAsync("/v1/forgotten", read));
        Assert.Equal(200, await GetAsync("/v1/forgotten", admin));
        Assert.Equal(403, await GetAsync("/v1/users/u/export", ingest));
        Assert.Equal(200, await GetAsync("/health/live", null));
        Assert.Equal(200, await GetAsync("/health/ready", null));
        Assert.Equal(200, await GetAsync("/openapi/v1.json", null));
        Assert.DoesNotContain(host.Log, line => line.Text.Contains(ingest, StringComparison.Ordinal)
            || line.Text.Contains(ingestEntry.Hash, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_over_its_rate_gets_429_with_Retry_After()
    {
        var (slow, slowEntry) = ApiKeys.Create("slow", [Scopes.Ingest], requestsPerSecond: 1);
        var (other, otherEntry) = ApiKeys.Create("other", [Scopes.Ingest]);
        var clock = new StoppedClock();
        await using var host = await IngestHost.StartAsync(settings: Keys(slowEntry, otherEntry),
            configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        (await PostAsync(host, slow)).IsAccepted(1);
        (await PostAsync(host, slow)).IsAccepted(1);
        Assert.Equal(TimeSpan.FromSeconds(1), (await PostAsync(host, slow)).IsProblem(429, "too-many-requests").RetryAfter);
        (await PostAsync(host, other)).IsAccepted(1);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await PostAsync(host, slow)).IsAccepted(1);
        (await PostAsync(host, slow)).IsProblem(429, "too-many-requests");
    }

    [Fact]
    public async Task Keys_are_added_and_revoked_without_a_restart_and_a_wrong_file_changes_nothing()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "keys.json");
        var (first, firstEntry) = ApiKeys.Create("first", [Scopes.Ingest]);
        var (second, secondEntry) = ApiKeys.Create("second", [Scopes.Ingest]);
        void Write(params ApiKeyEntry[] entries) => File.WriteAllText(file, JsonSerializer.Serialize(new { Keys = entries }));
        Write(firstEntry);
        await using var host = await IngestHost.StartAsync(settings: new() { ["KeyFile"] = file });
        var configuration = (IConfigurationRoot)host.Get<IConfiguration>();
        (await PostAsync(host, first)).IsAccepted(1);
        (await PostAsync(host, second)).IsProblem(401, "unauthorized");
        Write(secondEntry);
        configuration.Reload();
        (await PostAsync(host, first)).IsProblem(401, "unauthorized");
        (await PostAsync(host, second)).IsAccepted(1);
        Write(new ApiKeyEntry { Id = "broken", Hash = "x", Scopes = ["ingest"] });
        configuration.Reload();
        (await PostAsync(host, second)).IsAccepted(1);
        Assert.Contains(host.Log, line => line.Level == LogLevel.Error && line.Text.Contains("Keys:0:Hash"));
    }

    [Fact]
    public async Task When_the_last_key_goes_nobody_is_let_in_rather_than_everybody()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "keys.json");
        var (key, entry) = ApiKeys.Create("only", [Scopes.Ingest]);
        ApiKeys.AddToFile(file, entry);
        await using var host = await IngestHost.StartAsync(settings: new() { ["KeyFile"] = file });
        var configuration = (IConfigurationRoot)host.Get<IConfiguration>();
        (await PostAsync(host, key)).IsAccepted(1);
        ApiKeys.RemoveFromFile(file, "only");
        configuration.Reload();
        (await PostAsync(host, key)).IsProblem(401, "unauthorized");
        (await PostAsync(host, null)).IsProblem(401, "unauthorized");
    }

    [Fact]
    public async Task A_key_file_that_is_not_there_lets_nobody_in_and_is_named()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "missing.json");
        await using var host = await IngestHost.StartAsync(settings: new() { ["KeyFile"] = file });
        (await PostAsync(host, null)).IsProblem(401, "unauthorized");
        Assert.Contains(host.Log, line => line.Level == LogLevel.Warning && line.Text.Contains(file));
    }

    [Theory]
    [InlineData("Keys:0:Id", "UPPER")]
    [InlineData("Keys:0:Hash", "plain")]
    [InlineData("Keys:0:Scopes", "everything")]
    [InlineData("Keys:0:RequestsPerSecond", "0")]
    public async Task A_wrong_key_setting_stops_the_start_and_is_named(string setting, string value)
    {
        var settings = Keys(ApiKeys.Create("a", [Scopes.Read]).Entry);
        settings[setting] = value;
        Assert.Contains(setting,
            (await Assert.ThrowsAsync<InvalidOperationException>(() => IngestHost.StartAsync(settings: settings))).Message);
    }

    [Theory]
    [InlineData("urls", "http://0.0.0.0:0")]
    [InlineData("urls", "http://127.0.0.1:0;http://*:0")]
    [InlineData("Kestrel:Endpoints:Http:Url", "http://[::]:0")]
    public async Task Without_keys_nothing_listens_beyond_loopback(string setting, string value)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => IngestHost.StartAsync(settings: new() { [setting] = value }));
        Assert.Contains("Keys", error.Message);
        Assert.Contains(setting, error.Message);
    }

    [Fact]
    public async Task With_keys_it_may_listen_anywhere_and_without_it_says_that_it_is_open_to_local_processes_only()
    {
        await using (await IngestHost.StartAsync(
            settings: new(Keys(ApiKeys.Create("a", [Scopes.Read]).Entry)) { ["urls"] = "http://127.0.0.1:0;http://0.0.0.0:0" }))
        {
        }

        await using var host = await IngestHost.StartAsync();
        Assert.Contains(host.Log, line => line.Text.Contains("No API keys are configured"));
        (await host.SendAsync(HttpMethod.Get, "/v1/erasures/x", change: r => r.Headers.Host = "evil.example")).IsProblem(403, "forbidden");
    }

    [Fact]
    public async Task Every_error_is_problem_details_without_internals()
    {
        await using var host = await IngestHost.StartAsync(map: app =>
            app.MapGet("/v1/boom", string () => throw new InvalidOperationException("secret of 17850")));
        (await host.SendAsync(HttpMethod.Get, "/v1/nothing")).IsProblem(404, "not-found");
        (await host.SendAsync(HttpMethod.Get, "/v1/events")).IsProblem(405, "method-not-allowed");
        Assert.DoesNotContain("secret", (await host.SendAsync(HttpMethod.Get, "/v1/boom")).IsProblem(500, "internal-error").Body);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    public async Task A_trace_that_is_none_is_not_taken_over(string sent)
    {
        await using var host = await IngestHost.StartAsync();
        var answer = await host.SendAsync(HttpMethod.Get, "/health/live",
            change: r => r.Headers.TryAddWithoutValidation("traceparent", sent));
        Assert.Matches("^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$", answer.Headers.GetValues("traceparent").Single());
    }

    [Fact]
    public async Task Personal_ids_stay_out_of_the_log()
    {
        await using var host = await IngestHost.StartAsync();
        await host.PostAsync("/v1/events", """[{"userId":"secret-person","itemId":"i","type":"view"},{"userId":"secret-person"}]""");
        await host.SendAsync(HttpMethod.Get, "/v1/users/secret-person/export");
        await host.SendAsync(HttpMethod.Delete, "/v1/users/secret-person");
        Assert.NotEmpty(host.Log);
        Assert.DoesNotContain(host.Log, line => line.Level > LogLevel.Debug && line.Text.Contains("secret-person"));
    }

    [Fact]
    public async Task OpenAPI_names_every_endpoint()
    {
        await using var host = await IngestHost.StartAsync();
        var paths = (await host.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json.GetProperty("paths");
        foreach (string path in new[] { "/v1/events", "/v1/items", "/v1/items/{itemId}", "/v1/users/{userId}", "/v1/users/{userId}/merge",
            "/v1/users/{userId}/export", "/v1/erasures/{erasureId}" })
            Assert.True(paths.TryGetProperty(path, out _), path);
        Assert.Equal(["delete", "get", "patch", "put"],
            paths.GetProperty("/v1/items/{itemId}").EnumerateObject().Select(method => method.Name).Order());
        Assert.Equal(["delete", "get", "patch", "post"],
            paths.GetProperty("/v1/items").EnumerateObject().Select(method => method.Name).Order());
        foreach (var (path, method, name) in ((string, string, string)[])[("/v1/items", "get", "itemId"), ("/v1/items", "delete", "itemId"),
            ("/v1/users", "delete", "userId"), ("/v1/users/export", "get", "userId")])
            Assert.Equal(name, Assert.Single(paths.GetProperty(path).GetProperty(method).GetProperty("parameters").EnumerateArray(),
                parameter => parameter.GetProperty("in").GetString() == "query").GetProperty("name").GetString());
    }

    [Fact]
    public async Task OpenAPI_shows_no_field_of_an_event_that_producers_cannot_set()
    {
        await using var host = await IngestHost.StartAsync();
        var fields = (await host.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json.GetProperty("components").GetProperty("schemas")
            .GetProperty("Interaction").GetProperty("properties");
        Assert.False(fields.TryGetProperty("occurredAtAssigned", out _));
        Assert.True(fields.GetProperty("cloudEventSource").GetProperty("readOnly").GetBoolean());
    }

    [Fact]
    public async Task Degraded_is_visible_and_still_ready()
    {
        await using var host = await IngestHost.StartAsync(configure: builder => builder.Services.AddHealthChecks()
            .AddCheck("weak", () => HealthCheckResult.Degraded("the cache is away")));
        var ready = await host.SendAsync(HttpMethod.Get, "/health/ready");
        Assert.Equal(200, ready.Status);
        Assert.Equal("degraded", ready.Json.GetProperty("status").GetString());
        Assert.Contains("the cache is away", ready.Body);
    }

    private sealed class StoppedClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }
}
