using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Pages;

/// <summary>What needs all services and real servers, and kills none of them: one fleet for all of it.</summary>
public sealed class ShopTests(ShopTests.Shop shop) : IClassFixture<ShopTests.Shop>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_foreign_AMQP_producer_counts_and_what_it_sends_wrong_is_kept_with_the_reason()
    {
        await shop.StartAsync();
        await using var connection = await new ConnectionFactory { Uri = new Uri(shop.RabbitMq) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancel);
        var json = new BasicProperties { ContentType = "application/json", Persistent = true };
        foreach (var body in (string[])
        [
            """{"eventId":"f-1","userId":"foreign","itemId":"tea","type":"view"}""",
            """[{"eventId":"f-2","userId":"foreign","itemId":"cake","type":"purchase"},{"eventId":"f-3","itemId":"cake","type":"view"}]""",
            "not json",
        ])
        {
            await channel.BasicPublishAsync("interactions", "", mandatory: true, json, Encoding.UTF8.GetBytes(body), Cancel);
        }

        // A client written in C, from the command line.
        Servers.Require("amqp-publish");
        using var publish = System.Diagnostics.Process.Start("amqp-publish",
            ["--url", shop.RabbitMq, "-e", "interactions", "-C", "application/json", "-b",
                """{"eventId":"f-4","userId":"foreign","itemId":"bread","type":"view"}"""]);
        await publish.WaitForExitAsync(Cancel);
        Assert.Equal(0, publish.ExitCode);

        await Eventually.TrueAsync(async () => (await shop.Api.HistoryAsync("foreign")).Count == 3);
        await Eventually.TrueAsync(async () => (await shop.Api.GetAsync("/v1/deadletters")).GetProperty("total").GetInt64() == 2);
        var reasons = (await shop.Api.GetAsync("/v1/deadletters")).GetProperty("letters").EnumerateArray()
            .Select(letter => letter.GetProperty("reason").GetString()).ToList();
        Assert.Contains(reasons, reason => reason!.Contains("userId", StringComparison.Ordinal));
        Assert.Equal(2, reasons.Count);
    }

    [Fact]
    public async Task A_new_event_changes_the_next_answer_without_training()
    {
        await shop.StartAsync();
        long version = await shop.TrainedAsync();

        var clock = Stopwatch.StartNew();
        await shop.Api.SendAsync(new { eventId = "new", userId = "newcomer", itemId = "tool-1", type = "purchase" });
        await Eventually.TrueAsync(async () =>
        {
            var answer = await shop.Api.GetAsync("/v1/users/newcomer/recommendations?count=5");
            return answer.GetProperty("source").GetString() == "personal"
                && answer.GetProperty("items").EnumerateArray()
                .All(item => item.GetProperty("itemId").GetString()!.StartsWith("tool-", StringComparison.Ordinal));
        }, what: "the newcomer gets tools");
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] the next answer reflected the event "
            + $"{clock.Elapsed.TotalMilliseconds:0} ms after it was sent");
        Assert.Equal(version, (await shop.Api.GetAsync("/v1/status")).GetProperty("releasedVersion").GetInt64());
    }

    [Fact]
    public async Task A_new_item_is_recommended_without_training_and_gone_when_deleted()
    {
        await shop.StartAsync();
        long version = await shop.TrainedAsync();

        var clock = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.Accepted, await shop.Api.PutAsync("/v1/items/tool-new", """{"title":"A new tool","tags":["fresh"]}"""));
        await Eventually.TrueAsync(async () => (await FreshAsync()).SequenceEqual(["tool-new"]), what: "the new item is found by its tag");
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] a new item was recommended {clock.Elapsed.TotalMilliseconds:0} ms "
            + $"after it was sent");

        // Users of one taste take it: it is placed with what they like, so those of the same taste get it before anything of the other.
        for (int user = 1; user < 24; user += 2)
            await shop.Api.SendAsync(new { eventId = $"new-{user}", userId = $"u{user}", itemId = "tool-new", type = "purchase" });
        await Eventually.TrueAsync(async () =>
        {
            var answer = await shop.Api.GetAsync("/v1/users/u39/recommendations?count=30");
            string[] items = [.. answer.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("itemId").GetString()!)];
            int place = Array.IndexOf(items, "tool-new"),
                other = Array.FindIndex(items, item => item.StartsWith("tea-", StringComparison.Ordinal));
            return answer.GetProperty("source").GetString() == "personal" && place >= 0 && other > place;
        }, what: "the new item is placed with its like");
        Assert.Equal(version, (await shop.Api.GetAsync("/v1/status")).GetProperty("releasedVersion").GetInt64());

        Assert.Equal(HttpStatusCode.Accepted, await shop.Api.DeleteAsync("/v1/items/tool-new"));
        await Eventually.TrueAsync(async () => (await FreshAsync()).Length == 0, what: "the deleted item is gone");

        async Task<string[]> FreshAsync() =>
            [.. (await shop.Api.GetAsync("/v1/users/u38/recommendations?tag=fresh")).GetProperty("items").EnumerateArray()
                .Select(item => item.GetProperty("itemId").GetString()!)];
    }

    [Fact]
    public async Task While_models_are_released_and_rolled_back_under_load_no_request_fails()
    {
        await shop.StartAsync();
        long first = await shop.TrainedAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var answers = new ConcurrentBag<(int Status, string? Source, long? Version)>();
        var load = Enumerable.Range(0, 4).Select(async worker =>
        {
            for (int i = worker; !stop.IsCancellationRequested; i++)
            {
                using var response = await shop.Recommend.Client.GetAsync($"/v1/users/u{i % Shop.Users}/recommendations?count=5", Cancel);
                var body = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(Cancel));
                answers.Add(((int)response.StatusCode,
                    body.TryGetProperty("source", out var source) ? source.GetString() : null,
                    body.TryGetProperty("modelVersion", out var version) && version.ValueKind == JsonValueKind.Number ? version.GetInt64()
                        : null));
            }
        }).ToList();

        await shop.TrainAsync();
        long second = await shop.TrainedAsync(after: first);
        foreach (long version in (long[])[first, second, first])
        {
            Assert.True((int)await shop.Api.PostAsync($"/v1/models/{version}/release", "{}") is >= 200 and < 300);
            // Released means that the requests see it.
            await Eventually.TrueAsync(async () => (await shop.Api.GetAsync("/v1/users/u1/recommendations")).GetProperty("modelVersion")
                .GetInt64() == version, what: $"version {version} answers");
        }
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.NotEmpty(answers);
        Assert.All(answers, answer => Assert.Equal((200, "personal"), (answer.Status, answer.Source)));
        Assert.Equal([first, second], answers.Select(answer => answer.Version!.Value).Distinct().Order());
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] {answers.Count} requests over four releases, none failed");
    }

    /// <summary>Running services, with users of two tastes.</summary>
    public sealed class Shop(Servers servers) : IAsyncLifetime
    {
        public const int Users = 40;
        private Fleet? _fleet;
        private bool _filled;

        internal Api Api => _fleet!.Api;

        /// <summary>Connection string.</summary>
        internal string RabbitMq { get; private set; } = "";

        internal ServiceProcess Recommend => _fleet!.Recommends[0];

        public ValueTask InitializeAsync() => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => _fleet?.DisposeAsync() ?? ValueTask.CompletedTask;

        /// <summary>Called by each test instead of at the start, because only a test can be skipped.</summary>
        internal async Task StartAsync()
        {
            if (_fleet is not null) return;
            RabbitMq = await servers.NewVirtualHostAsync();
            _fleet = new Fleet(RabbitMq, (await servers.NewRedisAsync()).ConnectionString, await servers.NewDatabaseAsync());
            await _fleet.StartAsync();
        }

        internal async Task TrainAsync() => Assert.True((int)await Api.PostAsync("/v1/models", "{}") is >= 200 and < 300);

        /// <summary>The version that answers personally; trains the first one when there is none.</summary>
        internal async Task<long> TrainedAsync(long after = 0)
        {
            if (!_filled)
            {
                for (int user = 0; user < Users; user++)
                {
                    await Api.SendAsync(Enumerable.Range(0, 12).Select(i => new
                    {
                        eventId = $"{user}-{i}",
                        userId = $"u{user}",
                        itemId = $"{(user % 2 == 0 ? "tea" : "tool")}-{(user + (i * 3)) % 20}",
                        type = "purchase",
                        occurredAt = DateTimeOffset.UtcNow.AddDays(-i),
                    }));
                }
                await Eventually.TrueAsync(async () => (await Api.HistoryAsync($"u{Users - 1}")).Count == 12);
                await TrainAsync();
                _filled = true;
            }
            long version = 0;
            await Eventually.TrueAsync(async () => await Api.TryGetAsync("/v1/users/u1/recommendations") is { } answer
                && answer.GetProperty("source").GetString() == "personal"
                && (version = answer.GetProperty("modelVersion").GetInt64()) > after,
                TimeSpan.FromMinutes(2), $"a model newer than {after} answers");
            return version;
        }
    }
}
