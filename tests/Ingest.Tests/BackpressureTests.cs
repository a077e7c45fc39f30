using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>What happens while more comes in than goes out.</summary>
public sealed class BackpressureTests(Servers servers)
{
    private const int Requests = 400, EventsPerRequest = 64;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_nothing_is_consumed_events_pile_up_on_the_broker_and_not_here_and_beyond_the_limit_requests_are_refused()
    {
        await using var host = await IngestHost.StartAsync(await servers.NewVirtualHostAsync(),
            settings: new() { ["Ingest:QueueMessagesLimit"] = "300", ["Ingest:QueueCheckEverySeconds"] = "0.02" });
        // About 256 KB a request: a hundred megabytes in all.
        string context = new('x', 3900);
        byte[] BodyOf(int request) => Encoding.UTF8.GetBytes("["
            + string.Join(',', Enumerable.Range(0, EventsPerRequest)
            .Select(i => $$$"""{"eventId":"{{{request}}}-{{{i}}}","userId":"u{{{i}}}","itemId":"i","type":"view","context":{"text":"{{{context}}}"}}""")) + "]");
        await host.PostAsync("/v1/events", BodyOf(-1));
        long before = GC.GetTotalMemory(forceFullCollection: true);

        int accepted = EventsPerRequest, refused = 0, next = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref refused) < 8 && Interlocked.Increment(ref next) is <= Requests and var request)
            {
                var answer = await host.PostAsync("/v1/events", BodyOf(request));
                if (answer.Status == 202)
                {
                    Interlocked.Add(ref accepted, EventsPerRequest);
                    continue;
                }

                answer.IsProblem(503, "unavailable");
                Assert.True(answer.RetryAfter > TimeSpan.Zero);
                Interlocked.Increment(ref refused);
            }
        }, Cancel)));

        Assert.True(refused >= 8, $"{refused} of {next} requests were refused");
        long depth = (await host.Get<IStreamAdministration>().GetDepthsAsync(Cancel))[Topology.Interactions];
        Assert.True(depth >= 300, $"{depth} messages wait");
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        long waiting = (long)accepted * context.Length;
        Assert.True(grown < waiting / 2, $"{waiting >> 20} MB wait on the broker, and memory grew by {grown >> 20} MB");

        // All that was accepted is there, once, and room made is room given.
        var ids = await host.DrainAsync(Topology.Interactions, accepted,
            delivery => JsonSerializer.Deserialize(delivery.Body.Span, ContractsJson.Default.InteractionArray)!.Select(e => e.EventId));
        Assert.True(ids.Count >= accepted);
        Assert.Equal(ids.Count, ids.Distinct().Count());
        await Eventually.EqualAsync(202, async () => (await host.PostAsync("/v1/events", BodyOf(-2))).Status);
    }

    [Fact]
    public async Task Requests_that_wait_long_for_the_broker_turn_readiness_degraded()
    {
        var confirm = new TaskCompletionSource();
        await using var host = await IngestHost.StartAsync(wrap: inner => new SlowPublisher(inner, confirm.Task),
            settings: new() { ["Ingest:AcceptedLagAlarmSeconds"] = "0.05" });
        Assert.Equal("healthy", await ReadyAsync(host));
        var waiting = host.PostAsync("/v1/events", """{"userId":"u","itemId":"i","type":"view"}""");
        await Eventually.EqualAsync("degraded", () => ReadyAsync(host));
        Assert.Contains("Ingest:AcceptedLagAlarmSeconds", (await host.SendAsync(HttpMethod.Get, "/health/ready")).Body);

        confirm.SetResult();
        (await waiting).IsAccepted(1);
        Assert.Equal("healthy", await ReadyAsync(host));
    }

    private static async Task<string?> ReadyAsync(IngestHost host)
    {
        var answer = await host.SendAsync(HttpMethod.Get, "/health/ready");
        Assert.Equal(200, answer.Status);
        return answer.Json.GetProperty("status").GetString();
    }

    private sealed class SlowPublisher(IStreamPublisher inner, Task confirm) : IStreamPublisher
    {
        public bool IsAvailable => inner.IsAvailable;

        public async Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins,
            CancellationToken cancellationToken)
        {
            await confirm;
            await inner.PublishAsync(stream, body, origins, cancellationToken);
        }
    }
}
