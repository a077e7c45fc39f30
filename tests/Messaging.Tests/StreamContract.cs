using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Messaging.Tests;

/// <summary>What every stream does, on RabbitMQ and on the embedded journal.</summary>
public abstract class StreamContract
{
    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<MessagingHost> StartAsync();

    /// <summary><c>messaging.system</c> of the spans and metrics.</summary>
    private protected abstract string System { get; }

    private static byte[] Body(object content) => Encoding.UTF8.GetBytes($"[\"{content}\"]");

    [Fact]
    public async Task Messages_come_in_order_and_once()
    {
        await using var host = await StartAsync();
        for (int i = 0; i < 50; i++) await host.Publisher.PublishAsync(Topology.Interactions, Body(i), [], Cancel);
        await using var collector = new Collector(host, Topology.Interactions);
        await Eventually.TrueAsync(() => collector.Deliveries.Count >= 50);
        for (int i = 50; i < 60; i++) await host.Publisher.PublishAsync(Topology.Interactions, Body(i), [], Cancel);
        await Eventually.TrueAsync(() => collector.Deliveries.Count >= 60);
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"[\"{i}\"]"), collector.Bodies);
        // What waited at the start may have been handled by a consumer that died; what came later was not.
        Assert.All(collector.Deliveries.Skip(50), d => Assert.False(d.Redelivered));
    }

    [Fact]
    public async Task What_waits_is_taken_together_up_to_the_limit_of_bytes()
    {
        await using var host = await StartAsync();
        for (int i = 0; i < 20; i++) await host.Publisher.PublishAsync(Topology.Interactions, new byte[1000], [], Cancel);
        var sizes = new List<int>();
        await using var collector = new Collector(host, Topology.Interactions, batch =>
        {
            sizes.Add(batch.Sum(d => d.Body.Length));
            // Slow enough that the rest has arrived when the next batch is taken.
            Thread.Sleep(50);
            return [];
        }, maxBatchBytes: 5000);
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 20);
        Assert.All(sizes, size => Assert.InRange(size, 1000, 5000));
        Assert.Contains(5000, sizes);
    }

    [Fact]
    public async Task A_message_longer_than_the_limit_comes_alone()
    {
        await using var host = await StartAsync();
        await host.Publisher.PublishAsync(Topology.Interactions, new byte[10_000], [], Cancel);
        await host.Publisher.PublishAsync(Topology.Interactions, new byte[10], [], Cancel);
        await using var collector = new Collector(host, Topology.Interactions, maxBatchBytes: 100);
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 2);
        Assert.Equal(2, collector.Batches);
    }

    [Fact]
    public async Task A_failing_handler_gets_the_same_batch_again_until_it_succeeds()
    {
        await using var host = await StartAsync();
        await host.Publisher.PublishAsync(Topology.Interactions, Body("a"), [], Cancel);
        int calls = 0;
        await using (var collector = new Collector(host, Topology.Interactions, batch =>
        {
            if (calls > 0 && calls < 4) Assert.True(batch[0].Redelivered);
            return ++calls < 4 ? throw new InvalidOperationException("database down") : [];
        }))
        {
            await Eventually.TrueAsync(() => collector.Deliveries.Count == 1);
            await host.Publisher.PublishAsync(Topology.Interactions, Body("b"), [], Cancel);
            await Eventually.TrueAsync(() => collector.Deliveries.Count == 2 || calls > 4);
        }

        await Eventually.EqualAsync(0, async () => (await host.Administration.GetDepthsAsync(Cancel))[Topology.Interactions]);
    }

    [Fact]
    public async Task What_was_not_acknowledged_comes_again_to_the_next_consumer()
    {
        await using var host = await StartAsync();
        await host.Publisher.PublishAsync(Topology.Interactions, Body("a"), [], Cancel);
        using var stop = new CancellationTokenSource();
        var entered = new TaskCompletionSource();
        var first = host.Consumer.RunAsync(Topology.Interactions, 1000, async (_, token) =>
        {
            entered.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return [];
        }, stop.Token);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        await using var second = new Collector(host, Topology.Interactions);
        await Eventually.TrueAsync(() => second.Deliveries.Count == 1);
        Assert.True(second.Deliveries[0].Redelivered);
    }

    [Fact]
    public async Task Dead_letters_keep_reason_and_stream_are_listed_and_replayed()
    {
        await using var host = await StartAsync();
        bool repaired = false;
        await host.Publisher.PublishAsync(Topology.Interactions, Body("good"), [], Cancel);
        await host.Publisher.PublishAsync(Topology.Interactions, Body("poison"), [], Cancel);
        await using var collector = new Collector(host, Topology.Interactions, batch =>
            repaired ? [] : [.. batch.Where(d => Encoding.UTF8.GetString(d.Body.Span).Contains("poison"))
            .Select(d => new DeadMessage(d.Body, "element 0: itemId is required"))]);
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 2);
        await Eventually.EqualAsync(1, async () => (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters.Count);

        // Looking does not remove.
        await Eventually.EqualAsync(1, async () => (await host.Administration.ListDeadLettersAsync(10, Cancel)).Total);
        var letter = (await Eventually.ValueAsync(async () =>
            (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters is [var first, ..] ? first : null))!;
        Assert.Equal("element 0: itemId is required", letter.Reason);
        Assert.Equal(Topology.Interactions, letter.Stream);
        Assert.Equal("[\"poison\"]", letter.Body);
        Assert.NotEmpty(letter.Id);

        repaired = true;
        await Eventually.EqualAsync(1, () => host.Administration.ReplayDeadLettersAsync(Cancel));
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 3);
        Assert.Equal("[\"poison\"]", collector.Bodies[2]);
        Assert.Equal(0, (await host.Administration.ListDeadLettersAsync(10, Cancel)).Total);
    }

    [Fact]
    public async Task Dead_letters_of_an_erased_user_can_be_removed()
    {
        await using var host = await StartAsync();
        await host.Publisher.PublishAsync(Topology.Interactions, Body("x"), [], Cancel);
        await using var collector = new Collector(host, Topology.Interactions,
            _ => [new DeadMessage(Body("of ann"), "r"), new DeadMessage(Body("of bob"), "r")]);
        await Eventually.EqualAsync(2, async () => (await host.Administration.GetDepthsAsync(Cancel))[Topology.DeadLetters]);
        long removed = await host.Administration.RemoveDeadLettersAsync(body => body.Span.IndexOf("ann"u8) >= 0, Cancel);
        Assert.Equal(1, removed);
        var left = await Eventually.ValueAsync(async () =>
            (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters is [var only] ? only : null);
        Assert.Equal("[\"of bob\"]", left.Body);
    }

    [Fact]
    public async Task A_message_of_one_request_continues_its_trace()
    {
        using var spans = new Spans();
        await using var host = await StartAsync();
        var request = NewContext();
        await host.Publisher.PublishAsync(Topology.Interactions, Body("a"), [request], Cancel);
        Activity? handling = null;
        await using (var collector = new Collector(host, Topology.Interactions, _ =>
        {
            handling = Activity.Current;
            return [];
        }))
        {
            await Eventually.TrueAsync(() => collector.Deliveries.Count == 1 && spans.Of(request).Count == 2);
            Assert.Equal([request.TraceId], collector.Deliveries[0].Origins.Select(o => o.TraceId));
        }

        var publish = Assert.Single(spans.Of(request), s => s.Kind == ActivityKind.Producer);
        Assert.Equal(request.SpanId, publish.ParentSpanId);
        Assert.Equal("publish interactions", publish.DisplayName);
        AssertTags(publish, "publish", "send");
        var process = Assert.Single(spans.Of(request), s => s.Kind == ActivityKind.Consumer);
        Assert.Equal(publish.SpanId, process.ParentSpanId);
        Assert.Equal("process interactions", process.DisplayName);
        AssertTags(process, "process", "process");
        Assert.Equal(process.SpanId, handling?.SpanId);
        Assert.All(spans.Of(request), s => Assert.Empty(s.Links));
    }

    [Fact]
    public async Task What_comes_from_several_requests_links_to_all_of_them_and_each_trace_shows_where_it_went_on()
    {
        using var spans = new Spans();
        await using var host = await StartAsync();
        ActivityContext[] requests = [NewContext(), NewContext(), NewContext()];
        // Two messages in one batch, the first one of two requests.
        await host.Publisher.PublishAsync(Topology.Interactions, Body("a"), requests[..2], Cancel);
        await host.Publisher.PublishAsync(Topology.Interactions, Body("b"), requests[2..], Cancel);
        var handled = new List<(int Messages, Activity? Span)>();
        await using (var collector = new Collector(host, Topology.Interactions, batch =>
        {
            handled.Add((batch.Count, Activity.Current));
            return [];
        }))
        {
            await Eventually.TrueAsync(() => collector.Deliveries.Count == 2 && requests.All(request => spans.Of(request).Count == 2));
            Assert.Equal(requests.Select(r => r.TraceId), collector.Deliveries.SelectMany(d => d.Origins).Select(o => o.TraceId));
        }

        // Whether the broker delivers both at once or one by one: the first message alone has two traces.
        var (messages, process) = handled[0];
        Assert.NotNull(process);
        Assert.DoesNotContain(process.TraceId, requests.Select(r => r.TraceId));
        Assert.Equal(requests[..(messages + 1)].Select(r => r.TraceId), process.Links.Select(link => link.Context.TraceId));
        foreach (var request in requests[..2])
        {
            var copy = Assert.Single(spans.Of(request), s => s.Kind == ActivityKind.Consumer);
            Assert.Equal(process.SpanId, Assert.Single(copy.Links).Context.SpanId);
            Assert.Equal(request.SpanId, copy.ParentSpanId);
            Assert.Equal(request.SpanId, Assert.Single(spans.Of(request), s => s.Kind == ActivityKind.Producer).ParentSpanId);
        }
    }

    [Fact]
    public async Task Metrics_have_the_names_and_tags_of_the_conventions()
    {
        var seen = new ConcurrentDictionary<string, ConcurrentBag<Dictionary<string, object?>>>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Recommender.Messaging") listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();
        await using var host = await StartAsync();
        await host.Publisher.PublishAsync(Topology.Commands, Body("a"), [], Cancel);
        int tries = 0;
        await using var collector = new Collector(host, Topology.Commands, _ => ++tries == 1 ? throw new MetricsProbeException()
            : [new DeadMessage(Body("a"), "r")]);
        await Eventually.EqualAsync(1, async () => (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters.Count);

        await Eventually.TrueAsync(() => Tagged("recommender.messaging.dead_letters", "process"));
        Assert.True(Tagged("messaging.client.sent.messages", "publish"));
        Assert.True(Tagged("messaging.client.operation.duration", "publish"));
        Assert.True(Tagged("messaging.client.consumed.messages", "process"));
        Assert.True(Tagged("messaging.process.duration", "process"));
        Assert.Single(seen["messaging.process.duration"], tags => tags.GetValueOrDefault("error.type") is string type
            && type == typeof(MetricsProbeException).FullName && Equals(tags["messaging.system"], System));

        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen.GetOrAdd(instrument.Name, _ => []).Add(new(tags.ToArray()));

        bool Tagged(string instrument, string operation) => seen.TryGetValue(instrument, out var measured) && measured.Any(tags =>
            Equals(tags["messaging.system"], System) && Equals(tags["messaging.operation.name"], operation)
            && Equals(tags["messaging.destination.name"], Topology.Commands) && !tags.ContainsKey("error.type"));
    }

    private static ActivityContext NewContext() =>
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);

    private void AssertTags(Activity span, string name, string type)
    {
        Assert.Equal(System, span.GetTagItem("messaging.system"));
        Assert.Equal(name, span.GetTagItem("messaging.operation.name"));
        Assert.Equal(type, span.GetTagItem("messaging.operation.type"));
        Assert.Equal(Topology.Interactions, span.GetTagItem("messaging.destination.name"));
    }

    private sealed class MetricsProbeException : Exception;

    /// <summary>Records the spans of this library.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _stopped = new();
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Recommender.Messaging",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _stopped.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        /// <summary>The finished spans of a request's trace.</summary>
        public IReadOnlyList<Activity> Of(ActivityContext request) => [.. _stopped.Where(s => s.TraceId == request.TraceId)];

        public void Dispose() => _listener.Dispose();
    }
}
