using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Recommender.Contracts;
using Recommender.Messaging.Streams;

namespace Recommender.Messaging.RabbitMq;

internal sealed class RabbitMqAdministration(RabbitMqPublisher publisher) : IStreamAdministration, IDisposable
{
    private static readonly string[] s_queues = [.. Topology.Streams, Topology.DeadLetters];
    private readonly SemaphoreSlim _deadLetters = new(1);

    public void Dispose() => _deadLetters.Dispose();

    public Task<IReadOnlyDictionary<string, long>> GetDepthsAsync(CancellationToken cancellationToken) =>
        WithChannelAsync<IReadOnlyDictionary<string, long>>(async channel =>
    {
        var depths = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (string queue in s_queues) depths[queue] = await channel.MessageCountAsync(queue, cancellationToken);
        return depths;
    }, cancellationToken);

    public Task<DeadLettersResponse> ListDeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        OneAtATimeAsync(async channel =>
    {
        var letters = new List<DeadLetter>();
        long total = await channel.MessageCountAsync(Topology.DeadLetters, cancellationToken);
        // Received without acknowledgement: closing the channel returns them to the queue.
        while (letters.Count < limit && await channel.BasicGetAsync(Topology.DeadLetters, autoAck: false, cancellationToken) is { } message)
            letters.Add(ToLetter(message));
        return new DeadLettersResponse { Total = total, Letters = letters };
    }, cancellationToken);

    public Task<long> ReplayDeadLettersAsync(CancellationToken cancellationToken) => TakeDeadLettersAsync(async (message, channel) =>
    {
        // Published to the queue directly, because other queues of the exchange already had it. The acknowledgement follows the publish, so
        // a crash in between repeats it.
        var properties = new BasicProperties
        {
            Persistent = true,
            ContentType = "application/json",
            MessageId = message.BasicProperties.MessageId ?? Guid.CreateVersion7().ToString("N")
        };
        if (message.BasicProperties.ContentEncoding is { Length: > 0 } encoding) properties.ContentEncoding = encoding;
        await publisher.PublishAsync("", StreamOf(message), properties, message.Body.ToArray(), cancellationToken);
        await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
        return true;
    }, cancellationToken);

    public Task<long> RemoveDeadLettersAsync(Func<ReadOnlyMemory<byte>, bool> predicate, CancellationToken cancellationToken) =>
        TakeDeadLettersAsync(async (message, channel) =>
    {
        if (!IsPicked(message, predicate)) return false;
        await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
        return true;
    }, cancellationToken);

    /// <summary>
    /// Processes the current dead letters, without those that arrive meanwhile. Letters without acknowledgement return to the queue when
    /// the channel closes.
    /// </summary>
    private Task<long> TakeDeadLettersAsync(Func<BasicGetResult, IChannel, Task<bool>> take, CancellationToken cancellationToken) =>
        OneAtATimeAsync(async channel =>
    {
        long taken = 0;
        for (long left = await channel.MessageCountAsync(Topology.DeadLetters, cancellationToken); left > 0; left--)
        {
            if (await channel.BasicGetAsync(Topology.DeadLetters, autoAck: false, cancellationToken) is not { } message) break;
            if (await take(message, channel)) taken++;
        }

        return taken;
    }, cancellationToken);

    /// <summary>Serializes operations, because concurrent ones would each see only a part of the letters.</summary>
    private async Task<T> OneAtATimeAsync<T>(Func<IChannel, Task<T>> work, CancellationToken cancellationToken)
    {
        await _deadLetters.WaitAsync(cancellationToken);
        try
        {
            return await WithChannelAsync(work, cancellationToken);
        }
        finally
        {
            _deadLetters.Release();
        }
    }

    private async Task<T> WithChannelAsync<T>(Func<IChannel, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using var channel = await publisher.Session.OpenChannelAsync(null, cancellationToken);
            return await work(channel);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && e is RabbitMQClientException or IOException or OperationCanceledException or ObjectDisposedException or TimeoutException)
        {
            throw new StreamUnavailableException("RabbitMQ does not answer.", e);
        }
    }

    /// <summary>
    /// Applies the predicate to a dead letter. For a compressed letter it gets the decompressed content and, after an error, also the
    /// bytes, because the declared encoding may be wrong. A letter that contains more than could be decompressed is always picked.
    /// </summary>
    private static bool IsPicked(BasicGetResult message, Func<ReadOnlyMemory<byte>, bool> predicate)
    {
        if (message.BasicProperties.ContentEncoding is not { } encoding) return predicate(message.Body);
        var (content, error, holdsMore) = ContentCoding.Decode(encoding, message.Body, Limits.BodyBytes);
        return holdsMore || predicate(content) || (error is not null && predicate(message.Body));
    }

    private static DeadLetter ToLetter(BasicGetResult message)
    {
        var headers = message.BasicProperties.Headers;
        // After too many deliveries the broker itself makes a message a dead letter, with its own headers.
        string reason = RabbitMqConsumer.Text(headers, Topology.ReasonHeader) ?? RabbitMqConsumer.Text(headers, "x-first-death-reason")
            ?? "unknown";
        string body = message.BasicProperties.ContentEncoding is { Length: > 0 } encoding
            ? $"{encoding}, base64: {Convert.ToBase64String(message.Body.Span[..Math.Min(message.Body.Length, 3000)])}"
            : Encoding.UTF8.GetString(message.Body.Span[..Math.Min(message.Body.Length, 4 * 4096)]);
        return new DeadLetter
        {
            Id = message.BasicProperties.MessageId ?? "",
            Stream = StreamOf(message),
            Reason = reason,
            FailedAt = RabbitMqConsumer.TimeOf(message.BasicProperties),
            Body = body.Length > 4096 ? body[..4096] : body,
        };
    }

    private static string StreamOf(BasicGetResult message)
    {
        var headers = message.BasicProperties.Headers;
        string? stream = RabbitMqConsumer.Text(headers, Topology.StreamHeader) ?? RabbitMqConsumer.Text(headers, "x-first-death-queue");
        return Topology.Streams.FirstOrDefault(known => known == stream) ?? Topology.Interactions;
    }
}
