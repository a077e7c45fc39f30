using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Polly.Registry;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Recommender.Contracts;
using Recommender.Messaging.Streams;

namespace Recommender.Messaging.RabbitMq;

/// <summary>Consumes a queue in batches of all arrived messages, with one acknowledgement per batch.</summary>
internal sealed class RabbitMqConsumer : IStreamConsumer, IAsyncDisposable
{
    private const long Year10000 = 253_402_300_800;
    private readonly RabbitMqPublisher _publisher;
    private readonly MessagingOptions _options;
    private readonly BatchRetry _retry;
    private readonly ILogger<RabbitMqConsumer> _logger;
    private readonly Lazy<RabbitMqLink> _link;

    public RabbitMqConsumer(
        RabbitMqAddress address,
        RabbitMqPublisher publisher,
        MessagingOptions options,
        ResiliencePipelineProvider<string> pipelines,
        ILogger<RabbitMqConsumer> logger)
    {
        _retry = new BatchRetry(pipelines, MessagingTelemetry.RabbitMq, logger);
        (_publisher, _options, _logger) = (publisher, options, logger);
        // A separate connection, because the broker throttles connections that publish too fast, which must not delay deliveries.
        _link = new Lazy<RabbitMqLink>(() => new RabbitMqLink(address, options, "consumer", pipelines, logger));
    }

    public async Task RunAsync(string stream, int maxBatchBytes, StreamHandler handler, CancellationToken cancellationToken)
    {
        while (true)
        {
            var session = await _link.Value.GetAsync(cancellationToken);
            if (!session.IsLost)
            {
                try
                {
                    await ConsumeAsync(session, stream, maxBatchBytes, handler, cancellationToken);
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested
                    && (session.IsLost || e is RabbitMQClientException or IOException or OperationCanceledException
                    or ObjectDisposedException or TimeoutException))
                {
                    // Unacknowledged messages are redelivered in the next session.
                    _logger.ConsumerInterrupted(stream, e.Message);
                    session.Invalidate();
                }
            }

            // The link replaces a lost session at once. The delay prevents a tight loop if a fault recurs immediately.
            await Task.Delay(20, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_link.IsValueCreated) await _link.Value.DisposeAsync();
    }

    private async Task ConsumeAsync(RabbitMqSession session, string stream, int maxBatchBytes, StreamHandler handler,
        CancellationToken cancellationToken)
    {
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.LostToken);
        await using var channel = await session.OpenChannelAsync(null, alive.Token);
        await channel.BasicQosAsync(0, (ushort)_options.PrefetchMessages, global: false, alive.Token);
        channel.ChannelShutdownAsync += (_, _) =>
        {
            session.Invalidate();
            return Task.CompletedTask;
        };

        // Bounded by the prefetch limit of the broker.
        var arrived = Channel.CreateUnbounded<(ulong Tag, Delivery Delivery)>(
            new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            arrived.Writer.TryWrite((message.DeliveryTag, ToDelivery(message)));
            return Task.CompletedTask;
        };
        consumer.UnregisteredAsync += (_, _) =>
        {
            // The queue was deleted or moved to another node.
            session.Invalidate();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(stream, autoAck: false, consumer, alive.Token);

        var batch = new List<Delivery>();
        var unreadable = new List<DeadMessage>();
        (ulong Tag, Delivery Delivery)? waiting = null;
        while (waiting is not null || await arrived.Reader.WaitToReadAsync(alive.Token))
        {
            batch.Clear();
            unreadable.Clear();
            ulong last = 0;
            long bytes = 0;
            while (true)
            {
                if (waiting is not { } next)
                {
                    if (!arrived.Reader.TryRead(out next)) break;
                    // Decompressed only now, so that at most a batch and one message are in memory decompressed.
                    var (content, error) = Decode(next.Delivery);
                    if (error is not null)
                    {
                        unreadable.Add(error);
                        last = next.Tag;
                        continue;
                    }

                    next.Delivery = content;
                }

                waiting = next;
                if (batch.Count > 0 && bytes + next.Delivery.Body.Length > maxBatchBytes) break;
                waiting = null;
                batch.Add(next.Delivery);
                bytes += next.Delivery.Body.Length;
                last = next.Tag;
            }

            if (batch.Count > 0) await HandleAsync(stream, batch, handler, alive.Token);
            await MakeDeadAsync(stream, unreadable, alive.Token);
            await channel.BasicAckAsync(last, multiple: true, alive.Token);
            MessagingTelemetry.RabbitMq.Unreadable(stream, unreadable.Count);
        }
    }

    /// <summary>The decompressed delivery, or the error.</summary>
    private static (Delivery Delivery, DeadMessage? Error) Decode(Delivery delivery)
    {
        if (delivery.ContentEncoding is not { } encoding) return (delivery, null);
        var (body, error, _) = ContentCoding.Decode(encoding, delivery.Body, Limits.BodyBytes);
        return error is null
            ? (delivery with { Body = body, ContentEncoding = null }, null)
            : (delivery, new DeadMessage(delivery.Body, error) { ContentEncoding = encoding });
    }

    /// <summary>Handles one batch until it succeeds, with growing pauses, and publishes its dead letters.</summary>
    private async Task HandleAsync(string stream, List<Delivery> batch, StreamHandler handler, CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.RabbitMq.StartProcess(stream, batch);
        var dead = await _retry.RunAsync(stream, batch, handler, cancellationToken);
        await MakeDeadAsync(stream, dead, cancellationToken);
        MessagingTelemetry.RabbitMq.Processed(stream, activity, batch, dead.Count);
    }

    private async Task MakeDeadAsync(string stream, IReadOnlyList<DeadMessage> dead, CancellationToken cancellationToken)
    {
        foreach (var letter in dead) await _publisher.PublishDeadAsync(stream, letter, cancellationToken);
    }

    private static Delivery ToDelivery(BasicDeliverEventArgs message)
    {
        var headers = message.BasicProperties.Headers;
        return new Delivery(message.Body.ToArray(),
            TraceHeaders.Parse(Text(headers, TraceHeaders.Origins) ?? Text(headers, TraceHeaders.TraceParent)), message.Redelivered)
        {
            MessageId = message.BasicProperties.MessageId,
            SentAt = SentAt(message.BasicProperties),
            ContentEncoding = message.BasicProperties.ContentEncoding is { } coding && !ContentCoding.IsIdentity(coding) ? coding : null,
        };
    }

    private static DateTimeOffset? SentAt(IReadOnlyBasicProperties properties)
    {
        if (properties.Headers is { } headers && headers.TryGetValue(TraceHeaders.SentAtMs, out object? value)
            && value is long ms and > 0 and < Year10000 * 1000) return DateTimeOffset.FromUnixTimeMilliseconds(ms);
        return TimeOf(properties);
    }

    /// <summary>The message's timestamp as set by the producer; null if it is not a valid time.</summary>
    internal static DateTimeOffset? TimeOf(IReadOnlyBasicProperties properties) =>
        properties.IsTimestampPresent() && properties.Timestamp.UnixTime is > 0 and < Year10000
        ? DateTimeOffset.FromUnixTimeSeconds(properties.Timestamp.UnixTime) : null;

    internal static string? Text(IDictionary<string, object?>? headers, string name) =>
        headers is not null && headers.TryGetValue(name, out object? value)
        ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null } : null;
}
