using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Polly.Registry;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Recommender.Contracts;
using Recommender.Messaging.Streams;

namespace Recommender.Messaging.RabbitMq;

/// <summary>Publishes persistent, mandatory messages with tracked confirms over a small pool of channels, one message in flight per
/// channel.</summary>
internal sealed class RabbitMqPublisher : IStreamPublisher, IAsyncDisposable
{
    private const int MaxChannels = 8;
    private static readonly CreateChannelOptions s_confirmed =
        new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
    private readonly RabbitMqLink _link;
    private readonly MessagingOptions _options;
    private readonly SemaphoreSlim _slots = new(MaxChannels);
    private readonly ConcurrentBag<(RabbitMqSession Session, IChannel Channel)> _idle = [];

    public RabbitMqPublisher(
        RabbitMqAddress address, MessagingOptions options, ResiliencePipelineProvider<string> pipelines, ILogger<RabbitMqPublisher> logger)
    {
        _options = options;
        _link = new RabbitMqLink(address, options, "publisher", pipelines, logger);
    }

    public bool IsAvailable => _link.Current is { IsBlocked: false };

    public async Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins,
        CancellationToken cancellationToken)
    {
        using var activity = MessagingTelemetry.RabbitMq.StartPublish(stream, origins);
        var properties = NewProperties();
        var (parent, all) = TraceHeaders.Format(activity, origins);
        if (parent is not null) properties.Headers![TraceHeaders.TraceParent] = parent;
        if (all is not null) properties.Headers![TraceHeaders.Origins] = all;
        long start = Stopwatch.GetTimestamp();
        try
        {
            await PublishAsync(stream, "", properties, body, cancellationToken);
        }
        catch (StreamUnavailableException e)
        {
            MessagingTelemetry.RabbitMq.Published(stream, activity, origins, start, e);
            throw;
        }

        MessagingTelemetry.RabbitMq.Published(stream, activity, origins, start);
    }

    /// <summary>Publishes one dead letter.</summary>
    public Task PublishDeadAsync(string stream, DeadMessage dead, CancellationToken cancellationToken)
    {
        var properties = NewProperties();
        string reason = dead.Reason.Length > 1000 ? dead.Reason[..1000] : dead.Reason;
        properties.Headers![Topology.ReasonHeader] = reason;
        properties.Headers[Topology.StreamHeader] = stream;
        if (dead.ContentEncoding is { } encoding) properties.ContentEncoding = encoding;
        return PublishAsync(Topology.DeadLetters, "", properties, dead.Body, cancellationToken);
    }

    /// <summary>The current session, for administration.</summary>
    /// <exception cref="StreamUnavailableException">There is none.</exception>
    public RabbitMqSession Session => _link.Current ?? throw Unreachable();

    /// <summary>Returns once the broker has confirmed the message.</summary>
    public async Task PublishAsync(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken)
    {
        var session = Session;
        if (session.IsBlocked) throw new StreamUnavailableException("RabbitMQ takes no messages: it is short of memory or disk.");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.LostToken);
        timeout.CancelAfter(_options.PublishTimeout);
        IChannel? channel = null;
        bool confirmed = false, entered = false;
        try
        {
            await _slots.WaitAsync(timeout.Token);
            entered = true;
            channel = await RentAsync(session, timeout.Token);
            await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body, timeout.Token);
            confirmed = true;
        }
        catch (PublishException e)
        {
            // Returned: the exchange has no queue, so the topology must be declared again. Refused: the queue is full or has no majority.
            if (e.IsReturn) session.Invalidate();
            throw new StreamUnavailableException(e.IsReturn ? $"No queue is bound to the exchange {exchange}."
                : "RabbitMQ refused the message.", e);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is OperationCanceledException or RabbitMQClientException or IOException or ObjectDisposedException
            or TimeoutException)
        {
            // A broker that does not confirm in time may be frozen. Later publishes must fail at once, until there is a new connection.
            session.Invalidate();
            throw new StreamUnavailableException("RabbitMQ did not confirm the message.", e);
        }
        finally
        {
            if (channel is not null)
            {
                if (confirmed && channel.IsOpen && !session.IsLost) _idle.Add((session, channel));
                else await DisposeQuietlyAsync(channel);
            }

            if (entered) _slots.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        // May be called twice, because the container has this object under two interfaces.
        await _link.DisposeAsync();
        _slots.Dispose();
    }

    private async ValueTask<IChannel> RentAsync(RabbitMqSession session, CancellationToken cancellationToken)
    {
        while (_idle.TryTake(out var idle))
        {
            if (ReferenceEquals(idle.Session, session) && idle.Channel.IsOpen) return idle.Channel;
            await DisposeQuietlyAsync(idle.Channel);
        }

        return await session.OpenChannelAsync(s_confirmed, cancellationToken);
    }

    private static async ValueTask DisposeQuietlyAsync(IChannel channel)
    {
        try
        {
            await channel.DisposeAsync();
        }
        catch (Exception e) when (e is RabbitMQClientException or IOException or OperationCanceledException or ObjectDisposedException
            or TimeoutException)
        {
            // The connection is lost, and the channel with it.
        }
    }

    private static BasicProperties NewProperties()
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        return new()
        {
            Persistent = true,
            ContentType = "application/json",
            MessageId = Guid.CreateVersion7().ToString("N"),
            Timestamp = new AmqpTimestamp(now / 1000),
            Headers = new Dictionary<string, object?> { [TraceHeaders.SentAtMs] = now },
        };
    }

    private static StreamUnavailableException Unreachable() => new("RabbitMQ cannot be reached.");
}
