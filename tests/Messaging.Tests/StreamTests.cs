using System.Diagnostics;
using System.Text;
using Recommender.Contracts;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Messaging.Tests;

/// <summary>What every stream does, on RabbitMQ and on the embedded journal.</summary>
public abstract class StreamContract
{
    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected abstract Task<MessagingHost> StartAsync();

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
            repaired ? [] : [.. batch.Where(d => Encoding.UTF8.GetString(d.Body.Span).Contains("poison")).Select(d => new DeadMessage(d.Body, "element 0: itemId is required"))]);
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 2);
        await Eventually.EqualAsync(1, async () => (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters.Count);

        // Looking does not remove.
        await Eventually.EqualAsync(1, async () => (await host.Administration.ListDeadLettersAsync(10, Cancel)).Total);
        var letter = (await Eventually.ValueAsync(async () => (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters is [var first, ..] ? first : null))!;
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
        await using var collector = new Collector(host, Topology.Interactions, _ => [new DeadMessage(Body("of ann"), "r"), new DeadMessage(Body("of bob"), "r")]);
        await Eventually.EqualAsync(2, async () => (await host.Administration.GetDepthsAsync(Cancel))[Topology.DeadLetters]);
        long removed = await host.Administration.RemoveDeadLettersAsync(body => body.Span.IndexOf("ann"u8) >= 0, Cancel);
        Assert.Equal(1, removed);
        var left = await Eventually.ValueAsync(async () => (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters is [var only] ? only : null);
        Assert.Equal("[\"of bob\"]", left.Body);
    }

    [Fact]
    public async Task Trace_contexts_of_all_requests_travel_with_the_message_and_the_handler_runs_in_the_first()
    {
        using var listener = new ActivityListener { ShouldListenTo = s => s.Name == "Recommender.Messaging", Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        await using var host = await StartAsync();
        var first = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var second = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        await host.Publisher.PublishAsync(Topology.Interactions, Body("a"), [first, second], Cancel);
        ActivityTraceId handled = default;
        await using var collector = new Collector(host, Topology.Interactions, _ =>
        {
            handled = Activity.Current!.TraceId;
            return [];
        });
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 1);
        Assert.Equal([first.TraceId, second.TraceId], collector.Deliveries[0].Origins.Select(o => o.TraceId));
        Assert.Equal(first.TraceId, handled);
    }
}

public sealed class JournalStreamTests : StreamContract, IDisposable
{
    private readonly TempFolder _folder = new();

    private protected override Task<MessagingHost> StartAsync() => MessagingHost.StartAsync(null, _folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_published_is_there_after_a_restart()
    {
        await using (var host = await StartAsync()) await host.Publisher.PublishAsync(Topology.Commands, "[1]"u8.ToArray(), [], Cancel);
        await using var again = await StartAsync();
        await using var collector = new Collector(again, Topology.Commands);
        await Eventually.TrueAsync(() => collector.Bodies is ["[1]"]);
    }

    [Fact]
    public async Task Two_processes_cannot_share_a_journal()
    {
        await using var host = await StartAsync();
        var error = await Assert.ThrowsAsync<Recommender.Storage.StoreUnavailableException>(StartAsync);
        Assert.Contains("in use", error.Message);
    }
}
