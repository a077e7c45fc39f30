using System.IO.Compression;
using System.Text;
using RabbitMQ.Client;
using Recommender.Contracts;
using Recommender.Messaging.Parsing;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Messaging.Tests;

public sealed class RabbitMqStreamTests(Servers servers) : StreamContract
{
    private protected override async Task<MessagingHost> StartAsync() =>
        await MessagingHost.StartAsync(await servers.NewVirtualHostAsync());

    private protected override string System => "rabbitmq";

    [Fact]
    public async Task A_plain_AMQP_client_needs_only_the_exchange()
    {
        string address = await servers.NewVirtualHostAsync();
        await using var host = await MessagingHost.StartAsync(address);
        await using var collector = new Collector(host, Topology.Interactions);
        await using var connection = await new ConnectionFactory { Uri = new Uri(address) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        await channel.BasicPublishAsync(Topology.Interactions, "", false,
            new BasicProperties { ContentType = "application/json", MessageId = "m1" },
                Encoding.UTF8.GetBytes("""{"userId":"u","itemId":"i","type":"view"}"""), Cancel);
        await Eventually.TrueAsync(() => collector.Deliveries.Count == 1);
        Assert.Equal("m1", collector.Deliveries[0].MessageId);
        Assert.Empty(collector.Deliveries[0].Origins);
        Assert.Single(InteractionParser.Parse(collector.Deliveries[0], DateTimeOffset.UtcNow).Valid);
    }

    [Fact]
    public async Task Compressed_messages_are_read_and_those_that_cannot_be_are_kept_with_the_reason()
    {
        string address = await servers.NewVirtualHostAsync();
        await using var host = await MessagingHost.StartAsync(address);
        await using var collector = new Collector(host, Topology.Interactions, maxBatchBytes: 100);
        await using var connection = await new ConnectionFactory { Uri = new Uri(address) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        ValueTask PublishAsync(string? encoding, byte[] body)
        {
            var properties = new BasicProperties { ContentType = "application/json" };
            if (encoding is not null) properties.ContentEncoding = encoding;
            return channel.BasicPublishAsync(Topology.Interactions, "", false, properties, body, Cancel);
        }

        byte[] Event(string user) => Encoding.UTF8.GetBytes($$"""{"eventId":"{{user}}","userId":"{{user}}","itemId":"i","type":"view"}""");
        byte[] gzip = Gzip(Event("cut"));
        await PublishAsync("gzip", Gzip([.. Encoding.UTF8.Preamble, .. Event("gzip")]));
        await PublishAsync("zstd", Event("unknown"));
        await PublishAsync("DEFLATE", Compress(Event("deflate"), stream => new ZLibStream(stream, CompressionLevel.Fastest)));
        await PublishAsync("gzip", gzip[..^6]);
        await PublishAsync("br", Compress(Event("br"), stream => new BrotliStream(stream, CompressionLevel.Fastest)));
        await PublishAsync("gzip, br", gzip);
        await PublishAsync("gzip", Gzip(new byte[Limits.BodyBytes + 1]));
        await PublishAsync("identity", Event("identity"));
        await PublishAsync(null, Event("plain"));

        await Eventually.TrueAsync(() => collector.Deliveries.Count == 5);
        string[] expected = ["gzip", "deflate", "br", "identity", "plain"];
        Assert.Equal(expected, collector.Deliveries.SelectMany(delivery => InteractionParser.Parse(delivery, DateTimeOffset.UtcNow).Valid)
            .Select(e => e.UserId));
        await AssertKeptAsync();
        // Sent again, they fail again, for the same reasons.
        Assert.Equal(4, await host.Administration.ReplayDeadLettersAsync(Cancel));
        await AssertKeptAsync();
        Assert.Equal(5, collector.Deliveries.Count);
        // Nobody can say whom those name that were not decompressed, so an erasure takes them. The other could be read as far as it goes.
        Assert.Equal(3, await host.Administration.RemoveDeadLettersAsync(body => UserMention.IsIn(body, "someone"), Cancel));
        await Eventually.EqualAsync(1, () => host.Administration.RemoveDeadLettersAsync(body => UserMention.IsIn(body, "cut"), Cancel));

        async Task AssertKeptAsync()
        {
            await AreThereAsync();
            var letters = (await host.Administration.ListDeadLettersAsync(10, Cancel)).Letters;
            Assert.Contains(letters, letter => letter.Reason.Contains("'zstd' is not read", StringComparison.Ordinal));
            Assert.Contains(letters, letter => letter.Reason.Contains("'gzip, br' is not read", StringComparison.Ordinal));
            Assert.Contains(letters, letter => letter.Reason.Contains("ends early", StringComparison.Ordinal));
            Assert.Contains(letters, letter => letter.Reason.Contains($"more than {Limits.BodyBytes} bytes", StringComparison.Ordinal));
            // The broker puts back what was looked at after its answer to the one who looked.
            await AreThereAsync();
        }

        Task AreThereAsync() =>
            Eventually.EqualAsync(4, async () => (await host.Administration.GetDepthsAsync(Cancel))[Topology.DeadLetters]);
    }

    private static byte[] Gzip(byte[] body) => Compress(body, stream => new GZipStream(stream, CompressionLevel.Fastest));

    private static byte[] Compress(byte[] body, Func<Stream, Stream> open)
    {
        using var memory = new MemoryStream();
        using (var stream = open(memory)) stream.Write(body);
        return memory.ToArray();
    }

    [Fact]
    public async Task A_slow_consumer_leaves_what_it_cannot_handle_on_the_broker()
    {
        await using var host = await MessagingHost.StartAsync(await servers.NewVirtualHostAsync(),
            settings: new() { ["Messaging:PrefetchMessages"] = "20" });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var taken = new TaskCompletionSource();
        var run = host.Consumer.RunAsync(Topology.Interactions, 1 << 20, async (_, token) =>
        {
            taken.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return [];
        }, stop.Token);
        byte[] body = new byte[256 * 1024];
        await host.Publisher.PublishAsync(Topology.Interactions, body, [], Cancel);
        await taken.Task.WaitAsync(Cancel);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 300; i++) await host.Publisher.PublishAsync(Topology.Interactions, body, [], Cancel);

        await Eventually.EqualAsync(281, async () => (await host.Administration.GetDepthsAsync(Cancel))[Topology.Interactions]);
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 25 << 20, $"75 MB wait, and memory grew by {grown >> 20} MB");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Commands_go_to_one_consumer_at_a_time()
    {
        string address = await servers.NewVirtualHostAsync();
        await using var one = await MessagingHost.StartAsync(address);
        await using var two = await MessagingHost.StartAsync(address);
        await using var second = await RunBothAsync(one, two);
        await Eventually.TrueAsync(() => second.Deliveries.Count == 21);

        async Task<Collector> RunBothAsync(MessagingHost a, MessagingHost b)
        {
            await using var first = new Collector(a, Topology.Commands);
            await a.Publisher.PublishAsync(Topology.Commands, "[0]"u8.ToArray(), [], Cancel);
            await Eventually.TrueAsync(() => first.Deliveries.Count == 1);
            var waiting = new Collector(b, Topology.Commands);
            for (int i = 1; i <= 20; i++) await a.Publisher.PublishAsync(Topology.Commands, Encoding.UTF8.GetBytes($"[{i}]"), [], Cancel);
            await Eventually.TrueAsync(() => first.Deliveries.Count == 21);
            Assert.Equal(Enumerable.Range(0, 21).Select(i => $"[{i}]"), first.Bodies);
            Assert.Empty(waiting.Deliveries);
            for (int i = 0; i < 21; i++) await b.Publisher.PublishAsync(Topology.Commands, "[9]"u8.ToArray(), [], Cancel);
            await Eventually.TrueAsync(() => first.Deliveries.Count == 42);
            await first.DisposeAsync();
            for (int i = 0; i < 21; i++) await b.Publisher.PublishAsync(Topology.Commands, "[8]"u8.ToArray(), [], Cancel);
            return waiting;
        }
    }
}
