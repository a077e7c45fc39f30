using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Ingest.Accepting;
using Recommender.Messaging.Embedded;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Ingest.Tests;

public sealed class EventTests
{
    private const string Valid =
        """{"eventId":"e1","userId":"u","itemId":"i","type":"view","value":2.5,"occurredAt":"2024-01-02T03:04:05Z","sessionId":"s","recommendationId":"r","context":{"device":"web"}}""";

    [Fact]
    public async Task A_single_event_reaches_the_stream_as_it_was_sent()
    {
        await using var host = await IngestHost.StartAsync();
        var answer = (await host.PostAsync("/v1/events", Valid)).IsAccepted(1);
        Assert.Empty(answer.Json.GetProperty("rejected").EnumerateArray());
        Assert.Empty(answer.Json.GetProperty("eventIds").EnumerateArray());
        var stored = Assert.Single(await host.DrainEventsAsync(1));
        Assert.Equal(Valid, JsonSerializer.Serialize(stored, ContractsJson.Default.Interaction)
            .Replace("+00:00", "Z", StringComparison.Ordinal)
                .Replace("{\"eventId\":\"e1\",\"userId\":\"u\",\"sessionId\":\"s\",\"itemId\":\"i\",\"type\":\"view\",\"value\":2.5,\"occurredAt\":\"2024-01-02T03:04:05Z\",\"recommendationId\"", "{\"eventId\":\"e1\",\"userId\":\"u\",\"itemId\":\"i\",\"type\":\"view\",\"value\":2.5,\"occurredAt\":\"2024-01-02T03:04:05Z\",\"sessionId\":\"s\",\"recommendationId\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Missing_ids_and_times_are_filled_and_the_ids_returned()
    {
        await using var host = await IngestHost.StartAsync();
        var before = DateTimeOffset.UtcNow;
        var answer = (await host.PostAsync("/v1/events",
            """[{"userId":"u","itemId":"a","type":"view"},{"eventId":"mine","sessionId":"s","itemId":"b","type":"view"},{"userId":"u","itemId":"c","type":"view"}]""")).IsAccepted(3);
        string[] assigned = [.. answer.Json.GetProperty("eventIds").EnumerateArray().Select(e => e.GetString()!)];
        var stored = await host.DrainEventsAsync(3);
        Assert.Equal([assigned[0], "mine", assigned[1]], stored.Select(e => e.EventId));
        Assert.All(stored, e => Assert.InRange(e.OccurredAt!.Value, before, DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task Valid_elements_are_taken_and_the_others_named()
    {
        await using var host = await IngestHost.StartAsync();
        var answer = (await host.PostAsync("/v1/events", """
            [{"userId":"u","itemId":"a","type":"view"},{"userId":"u","type":"view"},null,{"userId":"u","itemId":5,"type":"view"},
             {"userId":"u","itemId":"b","itemId":"c","type":"view"},{"userId":"u","itemId":"z","type":"view"}]
            """)).IsAccepted(2);
        var rejected = answer.Json.GetProperty("rejected").EnumerateArray()
            .Select(r => (r.GetProperty("index").GetInt32(), r.GetProperty("field").GetString(), r.GetProperty("error").GetString()))
                .ToList();
        Assert.Equal([(1, "itemId", "is required"), (2, "", "is null; an object is expected"), (3, "itemId", "is not a text"),
            (4, "itemId", "occurs twice")], rejected);
        Assert.Equal(["a", "z"], (await host.DrainEventsAsync(2)).Select(e => e.ItemId));
    }

    [Fact]
    public async Task With_atomic_one_invalid_element_refuses_all()
    {
        await using var host = await IngestHost.StartAsync();
        const string body = """[{"userId":"u","itemId":"a","type":"view"},{"userId":"u","type":"view"}]""";
        var answer = (await host.PostAsync("/v1/events?atomic=true", body)).IsProblem(400, "invalid-elements");
        Assert.Equal(1, Assert.Single(answer.Json.GetProperty("rejected").EnumerateArray()).GetProperty("index").GetInt32());
        Assert.Equal(0, answer.Json.GetProperty("accepted").GetInt32());
        (await host.PostAsync("/v1/events?atomic=true",
            body.Replace("\"type\":\"view\"}]", "\"itemId\":\"b\",\"type\":\"view\"}]", StringComparison.Ordinal))).IsAccepted(2);
        Assert.Equal(["a", "b"], (await host.DrainEventsAsync(2)).Select(e => e.ItemId));
        (await host.PostAsync("/v1/events?atomic=perhaps", body)).IsProblem(400, "invalid-field");
    }

    [Fact]
    public async Task Nothing_valid_is_a_400_that_names_the_field()
    {
        await using var host = await IngestHost.StartAsync();
        Assert.Equal("type", (await host.PostAsync("/v1/events", """{"userId":"u","itemId":"a"}""")).IsProblem(400, "invalid-field").Field);
        (await host.PostAsync("/v1/events", """[{"userId":"u","itemId":"a"}]""")).IsProblem(400, "invalid-elements");
        (await host.PostAsync("/v1/events", "[]")).IsAccepted(0);
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/x-ndjson; charset=utf-8")]
    public async Task NDJSON_of_any_length_is_taken_line_by_line(string contentType)
    {
        await using var host = await IngestHost.StartAsync();
        var body = new StringBuilder();
        for (int i = 0; i < 30_000; i++)
        {
            if (i == 7) body.Append("{\"userId\":\"u\"}\n\r\n\n");
            body.Append($$"""{"eventId":"e{{i}}","userId":"u{{i % 100}}","itemId":"{{new string('x', 200)}}","type":"view"}""")
                .Append(i % 2 == 0 ? "\n" : "\r\n");
        }

        Assert.True(body.Length > 5_000_000);
        var answer = (await host.PostAsync("/v1/events", body.ToString(), contentType)).IsAccepted(30_000);
        var rejected = Assert.Single(answer.Json.GetProperty("rejected").EnumerateArray());
        Assert.Equal(7, rejected.GetProperty("index").GetInt32());
        Assert.Equal("itemId", rejected.GetProperty("field").GetString());
        // The messages of a long body are under way together and may overtake each other: events have their times for order.
        Assert.Equal(Enumerable.Range(0, 30_000),
            (await host.DrainEventsAsync(30_000)).Select(e => int.Parse(e.EventId!.AsSpan(1))).Order());
    }

    [Fact]
    public async Task A_line_that_is_too_long_or_not_UTF8_costs_only_itself()
    {
        await using var host = await IngestHost.StartAsync();
        byte[] body =
            [.. Encoding.UTF8.GetBytes("""{"userId":"u","itemId":"a","type":"view"}""" + "\n" + new string('x', 1_000_000) + "\n"),
                (byte)'"', 0xff, (byte)'"', (byte)'\n', .. Encoding.UTF8.GetBytes("""{"userId":"u","itemId":"b","type":"view"}""")];
        var answer = (await host.PostAsync("/v1/events", body, "application/x-ndjson")).IsAccepted(2);
        Assert.Equal([1, 2], answer.Json.GetProperty("rejected").EnumerateArray().Select(r => r.GetProperty("index").GetInt32()));
        Assert.Equal(["a", "b"], (await host.DrainEventsAsync(2)).Select(e => e.ItemId));
    }

    [Theory]
    [InlineData("application/json", "[{0}]")]
    [InlineData("application/x-ndjson", "{0}\n")]
    public async Task The_server_marks_times_it_assigns_and_producers_cannot(string contentType, string format)
    {
        await using var host = await IngestHost.StartAsync();
        foreach (string time in new[] { "", ",\"occurredAt\":\"2024-06-01T00:00:00Z\"" })
            (await host.PostAsync("/v1/events", format.Replace(
                "{0}", $$"""{"userId":"u","itemId":"i","type":"view"{{time}},"cloudEventSource":"/s","occurredAtAssigned":true}""",
                    StringComparison.Ordinal), contentType)).IsAccepted(1);
        var events = await host.DrainEventsAsync(2);
        Assert.Equal([true, false], events.Select(e => e.OccurredAtAssigned));
        Assert.All(events, e => Assert.Null(e.CloudEventSource));
    }

    [Fact]
    public async Task CloudEvents_carry_their_source_and_state_their_time_or_not()
    {
        await using var host = await IngestHost.StartAsync();
        string Envelope(string id, string source, string rest,
            string data =
                "") => $$"""{"specversion":"1.0","id":"{{id}}","source":"{{source}}","type":"view"{{rest}},"data":{ {{data}}"userId":"u","itemId":"i"} }""";
        string long1024 = new('s', 1024);
        (await host.PostAsync(
            "/v1/events", $"[{Envelope("1", "/a", "")},{Envelope("1", "/b", ",\"time\":\"2024-06-01T00:00:00Z\"")},{Envelope("2", long1024, "", "\"occurredAt\":\"2024-06-01T00:00:00Z\",\"cloudEventSource\":\"x\",")}]",
                "application/cloudevents-batch+json")).IsAccepted(3);
        Assert.Equal("source",
            (await host.PostAsync("/v1/events", Envelope("1", long1024 + "s", ""), "application/cloudevents+json")).IsProblem(400,
                "invalid-field").Field);
        Assert.Equal("source", (await host.PostAsync("/v1/events", Envelope("1", "a\\n", ""), "application/cloudevents+json")).IsProblem(
            400, "invalid-field").Field);
        Assert.Equal([("1", "/a", true), ("1", "/b", false), ("2", long1024, false)],
            (await host.DrainEventsAsync(3)).Select(e => (e.EventId!, e.CloudEventSource!, e.OccurredAtAssigned)));
    }

    [Fact]
    public async Task CloudEvents_in_all_three_modes()
    {
        await using var host = await IngestHost.StartAsync();
        string Envelope(string id,
            string data) => $$"""{"specversion":"1.0","id":"{{id}}","source":"/shop","type":"purchase","time":"2024-01-01T00:00:00Z","custom":1,"data":{{data}}}""";
        (await host.PostAsync("/v1/events", Envelope("c1", """{"userId":"u","itemId":"a"}"""), "application/cloudevents+json")).IsAccepted(
            1);
        var answer = (await host.PostAsync(
            "/v1/events", $"""[{Envelope("c2", """{"userId":"u","itemId":"b","type":"view"}""")},{Envelope("c3", """{"userId":"u"}""")},{Envelope("c4", "7")}]""", "application/cloudevents-batch+json; charset=utf-8")).IsAccepted(1);
        Assert.Equal(["data.itemId", "data"], answer.Json.GetProperty("rejected").EnumerateArray()
            .Select(r => r.GetProperty("field").GetString()));
        (await host.SendAsync(HttpMethod.Post, "/v1/events", """{"userId":"u","itemId":"c"}"""u8.ToArray(), "application/json", request =>
        {
            foreach (var (name, value) in new[] { ("ce-specversion", "1.0"), ("ce-id", "c%C3%A9"), ("ce-source", "/shop"),
                ("ce-type", "cart") }) request.Headers.Add(name, value);
        })).IsAccepted(1);
        var stored = await host.DrainEventsAsync(3);
        Assert.Equal([("c1", "purchase", "a"), ("c2", "view", "b"), ("cé", "cart", "c")],
            stored.Select(e => (e.EventId, e.Type, e.ItemId)));
        Assert.Equal(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), stored[0].OccurredAt);
        Assert.Equal("specversion",
            (await host.PostAsync("/v1/events", """{"specversion":"0.3","id":"x","source":"/","type":"t","data":{}}""",
                "application/cloudevents+json")).IsProblem(400, "invalid-field").Field);
    }

    [Theory]
    [InlineData("{\"userId\":\"u\",\"userId\":\"v\",\"itemId\":\"a\",\"type\":\"view\"}", "userId")]
    [InlineData("{\"userId\":\"a\\u0000b\",\"itemId\":\"a\",\"type\":\"view\"}", "userId")]
    [InlineData("{\"userId\":\"\\ud800\",\"itemId\":\"a\",\"type\":\"view\"}", "userId")]
    [InlineData("{\"userId\":\"\",\"itemId\":\"a\",\"type\":\"view\"}", "userId")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"value\":1e999}", "value")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"value\":1e13}", "value")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"value\":\"1\"}", "value")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"occurredAt\":\"yesterday\"}", "occurredAt")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"occurredAt\":\"2999-01-01T00:00:00Z\"}", "occurredAt")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"context\":[1]}", "context")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"context\":{\"a\":\"\\u0000\"}}", "context")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"context\":{\"a\":\"\\udc00\"}}", "context")]
    [InlineData("{\"userId\":\"u\",\"itemId\":\"a\",\"type\":\"view\",\"context\":{\"a\":1,\"a\":2}}", "context")]
    public async Task What_is_wrong_with_an_event_is_named(string body, string field)
    {
        await using var host = await IngestHost.StartAsync();
        var answer = (await host.PostAsync("/v1/events", body)).IsProblem(400, "invalid-field");
        Assert.StartsWith(field, answer.Field);
        Assert.StartsWith(field, answer.Detail);
    }

    [Theory]
    [InlineData("", 400, "invalid-body")]
    [InlineData("nonsense", 400, "invalid-field")]
    [InlineData("[{\"userId\":\"u\"", 400, "invalid-body")]
    [InlineData("[] []", 400, "invalid-body")]
    public async Task Bodies_that_are_not_JSON_are_refused(string body, int status, string type)
    {
        await using var host = await IngestHost.StartAsync();
        (await host.PostAsync("/v1/events", body)).IsProblem(status, type);
    }

    [Fact]
    public async Task Depth_size_and_count_are_limited()
    {
        await using var host = await IngestHost.StartAsync();
        string deep = $$"""{"userId":"u","itemId":"a","type":"view","context":{{string.Concat(Enumerable.Repeat("{\"a\":", 20))}}1{{new string('}', 21)}}""";
        (await host.PostAsync("/v1/events", deep)).IsProblem(400, "invalid-field");
        (await host.PostAsync("/v1/events", new string('[', 100_000))).IsProblem(400, "invalid-body");
        // Expect: 100-continue, so that the answer comes before the body and not in the middle of it.
        (await host.SendAsync(HttpMethod.Post, "/v1/events", new byte[Limits.BodyBytes + 10_000_000], "application/json")).IsProblem(413,
            "too-large");
        (await host.PostAsync("/v1/events", "[" + string.Join(',', Enumerable.Repeat("1", Limits.EventsPerArray + 1)) + "]"))
            .IsProblem(413, "too-large");
        var invalidUtf8 = await host.PostAsync("/v1/events", [(byte)'"', 0xc3, 0x28, (byte)'"']);
        Assert.Contains("byte 1", invalidUtf8.IsProblem(400, "invalid-body").Detail);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Other_content_types_are_refused(string contentType)
    {
        await using var host = await IngestHost.StartAsync();
        (await host.PostAsync("/v1/events", Valid, contentType)).IsProblem(415, "unsupported-media-type");
    }

    [Fact]
    public async Task Requests_that_arrive_while_a_message_is_under_way_share_the_next_one()
    {
        Gate? gate = null;
        await using var host = await IngestHost.StartAsync(wrap: inner => gate = new Gate(inner));
        gate!.Close();
        var requests = Enumerable.Range(0, 200).Select(i =>
            host.PostAsync("/v1/events", $$"""{"eventId":"e{{i}}","userId":"u","itemId":"a","type":"view"}""")).ToList();
        var groups = host.Get<GroupPublishers>().Interactions;
        long each = Encoding.UTF8.GetByteCount(
            """[{"eventId":"e1","userId":"u","itemId":"a","type":"view","occurredAt":"2026-01-01T00:00:00""");
        await Eventually.TrueAsync(() => groups.BacklogBytes > 200 * each);
        Assert.All(requests, request => Assert.False(request.IsCompleted));
        gate.Open();
        foreach (var request in requests) (await request).IsAccepted(1);
        // Two publishers: each may have taken one request before the gate held it; the rest fits in one message each.
        Assert.InRange(gate.Published, 1, 8);
        Assert.Equal(200, (await host.DrainEventsAsync(200)).Select(e => e.EventId).Distinct().Count());
        Assert.Equal(0, groups.BacklogBytes);
    }

    [Fact]
    public async Task Beyond_the_backlog_requests_are_refused_with_Retry_After_and_memory_stays_bounded()
    {
        Gate? gate = null;
        await using var host = await IngestHost.StartAsync(wrap: inner => gate = new Gate(inner),
            settings: new() { ["Ingest:BacklogBytes"] = Limits.BodyBytes.ToString() });
        gate!.Close();
        string big = "[" + string.Join(',', Enumerable.Range(0, 5_000)
            .Select(i => $$"""{"eventId":"e{{i}}","userId":"u","itemId":"{{new string('x', 200)}}","type":"view"}""")) + "]";
        var requests = Enumerable.Range(0, 30).Select(_ => host.PostAsync("/v1/events?atomic=true", big)).ToList();
        var groups = host.Get<GroupPublishers>().Interactions;
        await Eventually.TrueAsync(() => requests.Count(r => r.IsCompleted) >= 20);
        Assert.InRange(groups.BacklogBytes, 1, Limits.BodyBytes);
        foreach (var request in requests.Where(r => r.IsCompleted))
            Assert.NotNull((await request).IsProblem(503, "unavailable").RetryAfter);
        gate.Open();
        var answers = await Task.WhenAll(requests);
        Assert.Contains(answers, a => a.Status == 202);
        Assert.Equal(0, groups.BacklogBytes);
    }

    [Fact]
    public async Task Without_a_broker_the_answer_is_503_with_Retry_After_and_ready_says_so()
    {
        Gate? gate = null;
        await using var host = await IngestHost.StartAsync(wrap: inner => gate = new Gate(inner));
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/ready")).Status);
        gate!.IsAvailable = false;
        Assert.NotNull((await host.PostAsync("/v1/events", Valid)).IsProblem(503, "unavailable").RetryAfter);
        Assert.NotNull((await host.SendAsync(HttpMethod.Delete, "/v1/items/a")).IsProblem(503, "unavailable").RetryAfter);
        var ready = await host.SendAsync(HttpMethod.Get, "/health/ready");
        Assert.Equal(503, ready.Status);
        Assert.Contains("broker", ready.Body);
        Assert.Equal(200, (await host.SendAsync(HttpMethod.Get, "/health/live")).Status);
    }

    [Fact]
    public async Task A_full_disk_is_507_and_a_refusal_by_the_broker_503_and_neither_claims_anything()
    {
        bool full = true;
        await using var host = await IngestHost.StartAsync(wrap: _ =>
            new Refusing(() => new StreamUnavailableException("refused") { IsFull = full }));
        Assert.NotNull((await host.PostAsync("/v1/events", Valid)).IsProblem(507, "insufficient-storage").RetryAfter);
        Assert.NotNull((await host.PostAsync("/v1/items", """{"itemId":"a"}""")).IsProblem(507, "insufficient-storage").RetryAfter);
        full = false;
        Assert.NotNull((await host.PostAsync("/v1/events", Valid)).IsProblem(503, "unavailable").RetryAfter);
        Assert.Equal(0, host.Get<GroupPublishers>().Interactions.BacklogBytes);
    }

    private sealed class Refusing(Func<Exception> error) : IStreamPublisher
    {
        public bool IsAvailable => true;

        public Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins,
            CancellationToken cancellationToken) => throw error();
    }

    [Fact]
    public async Task The_callers_trace_goes_through_the_stream()
    {
        await using var host = await IngestHost.StartAsync();
        var trace = ActivityTraceId.CreateRandom();
        var answer = await host.SendAsync(HttpMethod.Post, "/v1/events", Encoding.UTF8.GetBytes(Valid), "application/json",
            request => request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01"));
        Assert.Contains(trace.ToString(), Assert.Single(answer.IsAccepted(1).Headers.GetValues("traceparent")));
        var origins = await host.DrainAsync(Topology.Interactions, 1, delivery => delivery.Origins);
        Assert.Equal(trace, Assert.Single(origins).TraceId);
    }

    [Fact]
    public async Task What_was_answered_202_survives_a_kill_right_after()
    {
        using var folder = new TempFolder();
        await using var process = new ServiceProcess("Ingest",
            new Dictionary<string, string?> { ["Data__Directory"] = folder.Path, ["ConnectionStrings__rabbitmq"] = null });
        await process.StartAsync();
        int accepted = 0;
        var load = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    using var content = new StringContent($$"""{"eventId":"{{worker}}-{{i}}","userId":"u","itemId":"a","type":"view"}""",
                        Encoding.UTF8, "application/json");
                    using var response = await process.Client.PostAsync("/v1/events", content);
                    if ((int)response.StatusCode == 202) Interlocked.Increment(ref accepted);
                }
            }
            catch (HttpRequestException)
            {
                // Killed.
            }
        })).ToArray();
        await Eventually.TrueAsync(() => Volatile.Read(ref accepted) > 200);
        await process.KillAsync();
        await Task.WhenAll(load);

        await using var journal = await Journal.OpenAsync(Path.Combine(folder.Path, "journal.db"), TestContext.Current.CancellationToken);
        var entries = await journal.ReadAsync(Topology.Interactions, 0, int.MaxValue, TestContext.Current.CancellationToken);
        var ids = entries.SelectMany(e => JsonSerializer.Deserialize(e.Body.Span, ContractsJson.Default.InteractionArray)!)
            .Select(e => e.EventId).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        // What was on its way when the process died may have become durable without an answer: at most one request per worker.
        Assert.InRange(ids.Count, accepted, accepted + 8);
    }
}
