using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Recommender.Contracts;
using Recommender.TestKit;
using Recommender.Trainer.Events;

namespace Recommender.Integration;

public class TrioTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_trace_reaches_from_the_request_over_the_broker_to_store_and_fold_in()
    {
        var collected = new CollectedTelemetry();
        await using var trio = await ServiceTrio.StartAsync(servers, collected.Configure);
        var trace = ActivityTraceId.CreateRandom();
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/events");
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        request.Content = JsonContent.Create(new { userId = "u", itemId = "i", type = "view" });
        using var response = await trio.Ingest.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);

        var server = await SpanAsync("POST /v1/events", null);
        Assert.Equal(ActivityKind.Server, server.Kind);
        Assert.Equal("/v1/events", server.GetTagItem("http.route"));
        Assert.Equal(202, server.GetTagItem("http.response.status_code"));
        var process = await SpanAsync("process interactions", await SpanAsync("publish interactions", server));
        Assert.Equal("rabbitmq", process.GetTagItem("messaging.system"));
        var store = await SpanAsync("store", process);
        await SpanAsync("fold in", process);
        var insert = await SpanAsync("BATCH", store);
        Assert.Equal(ActivityKind.Client, insert.Kind);
        Assert.Equal("postgresql", insert.GetTagItem("db.system.name"));
        Assert.NotNull(insert.GetTagItem("db.namespace"));
        await Eventually.TrueAsync(() => collected.Logs.Contains((typeof(InteractionWorker).FullName!, trace)));

        Task<Activity> SpanAsync(string name, Activity? parent) => Eventually.ValueAsync(() => Task.FromResult(
            collected.Spans.FirstOrDefault(span => span.TraceId == trace && span.DisplayName == name
                && (parent is null || span.ParentSpanId == parent.SpanId))));
    }

    [Fact]
    public async Task Neither_background_polls_nor_health_probes_are_traces()
    {
        int polls = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            {
                if (options.Parent.SpanId == default) Interlocked.Increment(ref polls);
                return ActivitySamplingResult.None;
            },
        };
        ActivitySource.AddActivityListener(listener);
        var collected = new CollectedTelemetry();
        await using var trio = await ServiceTrio.StartAsync(servers, collected.Configure);
        using var ready = await trio.Trainer.GetAsync("health/ready", Cancel);
        int before = Volatile.Read(ref polls);
        await Eventually.TrueAsync(() => Volatile.Read(ref polls) > before + 5);
        await trio.StatusAsync();

        await Eventually.TrueAsync(() => collected.Spans.Any(span => span.DisplayName == "GET /v1/status"));
        Assert.DoesNotContain(collected.Spans, span => span.Kind == ActivityKind.Client && span.ParentSpanId == default);
        Assert.DoesNotContain(collected.Spans, span => span.Kind == ActivityKind.Server
            && span.DisplayName.Contains("/health", StringComparison.Ordinal));
        Assert.DoesNotContain(collected.Spans, span => span.GetTagItem("url.path") is string path
            && path.StartsWith("/health", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_versions_change_under_load_no_request_fails_and_no_answer_mixes_models()
    {
        await using var trio = await ServiceTrio.StartAsync(servers);
        await trio.SendAsync(ServiceTrio.Circles());
        long first = await trio.TrainAsync();
        var answers = new Dictionary<long, string> { [first] = Text(await trio.RecommendAsync("user-0")) };
        await trio.SendAsync([.. ServiceTrio.Circles().Take(200)
            .Select(e => e with { EventId = "again-" + e.EventId, UserId = "other-" + e.UserId,
                OccurredAt = e.OccurredAt!.Value.AddDays(30) })]);
        long second = await trio.TrainAsync();
        answers[second] = Text(await trio.RecommendAsync("user-0"));
        Assert.NotEqual(answers[first], answers[second]);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var served = new ConcurrentDictionary<long, int>();
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var answer = await trio.RecommendAsync("user-0"); // Throws on any status but 2xx.
                Assert.Equal(answers[answer.ModelVersion!.Value], Text(answer));
                served.AddOrUpdate(answer.ModelVersion.Value, 1, (_, n) => n + 1);
            }
        }, Cancel)).ToArray();

        for (int round = 0; round < 6; round++)
        {
            long version = round % 2 == 0 ? first : second;
            using var released = await trio.Trainer.PostAsync($"v1/models/{version}/release", null, Cancel);
            Assert.Equal(HttpStatusCode.OK, released.StatusCode);
            int before = served.GetValueOrDefault(version);
            await Eventually.TrueAsync(() => served.GetValueOrDefault(version) > before + 20 || Array.Exists(load, t => t.IsFaulted));
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
    }

    [Fact]
    public async Task An_event_changes_the_next_answer_without_training()
    {
        await using var trio = await ServiceTrio.StartAsync(servers);
        await trio.SendAsync(ServiceTrio.Circles());
        await trio.TrainAsync();
        Assert.NotEqual(Sources.Personal, (await trio.RecommendAsync("newcomer")).Source);

        using var accepted = await trio.Ingest.PostAsJsonAsync("v1/events",
            new { userId = "newcomer", itemId = "item-1-3", type = "purchase" }, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var since = Stopwatch.GetTimestamp();
        RecommendationResponse? answer = null;
        await Eventually.TrueAsync(async () => (answer = await trio.RecommendAsync("newcomer")).Source == Sources.Personal);
        TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] personal {Stopwatch.GetElapsedTime(since).TotalMilliseconds:0} ms "
            + $"after the event was accepted");

        Assert.StartsWith("item-1-", answer!.Items[0].ItemId);
        Assert.DoesNotContain(answer.Items, item => item.ItemId == "item-1-3");
    }

    [Fact]
    public async Task An_emptied_Redis_is_filled_again_from_the_store()
    {
        await using var trio = await ServiceTrio.StartAsync(servers);
        await trio.SendAsync(ServiceTrio.Circles());
        await trio.TrainAsync();
        string before = Text(await trio.RecommendAsync("user-0"));

        await trio.FlushRedisAsync();
        await Eventually.TrueAsync(async () => Text(await trio.RecommendAsync("user-0")) == before);
        var history = await trio.Recommend.GetFromJsonAsync("v1/users/user-0/history", ContractsJson.Default.UserHistoryResponse, Cancel);
        Assert.Equal(8, history!.Items.Count);
    }

    [Fact]
    public async Task An_erasure_is_done_when_store_factor_store_and_serving_have_forgotten_the_user()
    {
        await using var trio = await ServiceTrio.StartAsync(servers);
        await trio.SendAsync(ServiceTrio.Circles());
        using var accepted = await trio.Ingest.DeleteAsync("v1/users/user-0", Cancel);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);

        ErasureResponse? receipt = null;
        await Eventually.TrueAsync(async () => (receipt =
            await trio.Ingest.GetFromJsonAsync(accepted.Headers.Location, ContractsJson.Default.ErasureResponse, Cancel))!.State == "done");
        Assert.Equal(["factorStore", "insights", "queues", "requested", "serving", "store"], receipt!.Stages.Keys.Order());
        Assert.Equal(8, receipt.EventsRemoved);
        using var export = await trio.Ingest.GetAsync("v1/users/user-0/export", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, export.StatusCode);
    }

    [Fact]
    public async Task Two_Trainers_share_erasures_and_requests_over_the_broker()
    {
        var collected = new CollectedTelemetry();
        await using var trio = await ServiceTrio.StartAsync(servers, collected.Configure, secondTrainer: true);
        await trio.SendAsync(ServiceTrio.Circles());
        var receipts = new List<Uri>();
        for (int user = 0; user < 6; user++)
        {
            using var accepted = await trio.Ingest.DeleteAsync($"v1/users/user-{user}", Cancel);
            receipts.Add(accepted.Headers.Location!);
        }

        foreach (var receipt in receipts)
        {
            await Eventually.TrueAsync(async () =>
                (await trio.Ingest.GetFromJsonAsync(receipt, ContractsJson.Default.ErasureResponse, Cancel))!.State == "done");
        }

        // The bus may still be connecting when the host is up; until then the asked instance acts itself.
        await Eventually.TrueAsync(async () =>
        {
            var trace = ActivityTraceId.CreateRandom();
            using var train = new HttpRequestMessage(HttpMethod.Post, "v1/models");
            train.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
            using var asked = await trio.Trainer.SendAsync(train, Cancel);
            Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
            return collected.Spans.Any(span => span.TraceId == trace && span.Source.Name == "MassTransit"
                && span.Kind == ActivityKind.Consumer);
        });
        await Eventually.TrueAsync(async () => (await trio.StatusAsync()).ReleasedVersion is not null);
        foreach (var receipt in receipts)
        {
            await Eventually.TrueAsync(async () =>
                (await trio.Ingest.GetFromJsonAsync(receipt, ContractsJson.Default.ErasureResponse, Cancel))!.Stages.ContainsKey("model"));
        }

        using var released = await trio.Trainer.PostAsync("v1/models/1/release", null, Cancel);
        Assert.Equal(HttpStatusCode.OK, released.StatusCode);
        Assert.Equal(1, (await released.Content.ReadFromJsonAsync(ContractsJson.Default.ModelInfo, Cancel))!.Version);
    }

    private static string Text(RecommendationResponse answer) =>
        $"{answer.ModelVersion}: {string.Join(", ", answer.Items.Select(item => $"{item.ItemId} {item.Score:R}"))}";
}
