using Microsoft.Extensions.Logging;
using Polly;
using Polly.Registry;
using RabbitMQ.Client;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Resilience;

namespace Recommender.Messaging.RabbitMq;

/// <summary>
/// A connection that reconnects: it connects in the background, declares the topology, and connects again after a loss. The recovery of the
/// client library is off, because it hides when unacknowledged deliveries become void.
/// </summary>
internal sealed class RabbitMqLink : IAsyncDisposable
{
    /// <summary>Records of answers that may wait for Insights: some millions.</summary>
    private const long ServedBytes = 1L << 30;

    private readonly RabbitMqAddress _address;
    private readonly MessagingOptions _options;
    private readonly ConnectionFactory _factory;
    private readonly ResiliencePipeline _reconnect;
    private readonly Outage _outage;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private volatile TaskCompletionSource<RabbitMqSession> _session = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposed;

    public RabbitMqLink(
        RabbitMqAddress address, MessagingOptions options, string purpose, ResiliencePipelineProvider<string> pipelines, ILogger logger)
    {
        (_address, _options) = (address, options);
        _factory = new ConnectionFactory
        {
            UserName = address.UserName,
            Password = address.Password,
            VirtualHost = address.VirtualHost,
            ClientProvidedName = $"recommender {purpose} {Environment.MachineName}/{Environment.ProcessId}",
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            HandshakeContinuationTimeout = TimeSpan.FromSeconds(5),
            ContinuationTimeout = TimeSpan.FromSeconds(10),
            // A large message that the broker accepts must not break the consumer's connection again and again. The handler makes it a dead
            // letter.
            MaxInboundMessageBodySize = 512 * 1024 * 1024,
        };
        _reconnect = pipelines.GetPipeline(PipelineNames.Reconnect);
        _outage = new Outage(logger, $"RabbitMQ at {address}");
        _loop = Task.Run(KeepConnectedAsync);
    }

    /// <summary>The current session, or null.</summary>
#pragma warning disable VSTHRD002 // The task is complete.
    public RabbitMqSession? Current => _session.Task is { IsCompletedSuccessfully: true } task && !task.Result.IsLost ? task.Result : null;
#pragma warning restore VSTHRD002

    /// <summary>Waits until there is a session.</summary>
    public Task<RabbitMqSession> GetAsync(CancellationToken cancellationToken) => _session.Task.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task KeepConnectedAsync()
    {
        while (true)
        {
            RabbitMqSession session;
            try
            {
                session = await _reconnect.ExecuteAsync(_outage, ConnectAsync, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                _session.TrySetCanceled(CancellationToken.None);
                return;
            }

            _session.SetResult(session);
            try
            {
                await session.Lost.WaitAsync(_stop.Token);
                _outage.Begin("the connection is lost.");
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }

            _session = new TaskCompletionSource<RabbitMqSession>(TaskCreationOptions.RunContinuationsAsynchronously);
            await session.DisposeAsync();
        }
    }

    private async Task<RabbitMqSession> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = await _factory.CreateConnectionAsync(_address.Endpoints(), cancellationToken);
        try
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await DeclareAsync(channel, cancellationToken);
            return new RabbitMqSession(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Declares exchanges and queues of <see cref="Topology"/>. Repeating it has no effect.</summary>
    private async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        // Listing dead letters counts as a delivery, so their number is not limited.
        await DeclareAsync(channel, Topology.DeadLetters, new() { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = int.MaxValue },
            cancellationToken);
        foreach (string stream in Topology.Streams)
        {
            var arguments = new Dictionary<string, object?>
            {
                ["x-queue-type"] = "quorum",
                ["x-delivery-limit"] = _options.DeliveryLimit,
                ["x-dead-letter-exchange"] = Topology.DeadLetters,
                // The broker keeps the message until the dead-letter queue has confirmed it. This requires the overflow setting below.
                ["x-dead-letter-strategy"] = "at-least-once",
                ["x-overflow"] = "reject-publish",
            };
            if (stream == Topology.Commands) arguments["x-single-active-consumer"] = true;
            // Without Insights they would fill the disk that events need. Beyond it Recommend drops the oldest and counts them.
            if (stream == Topology.Served) arguments["x-max-length-bytes"] = ServedBytes;
            await DeclareAsync(channel, stream, arguments, cancellationToken);
        }
    }

    private static async Task DeclareAsync(IChannel channel, string name, Dictionary<string, object?> arguments,
        CancellationToken cancellationToken)
    {
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, autoDelete: false,
            cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments,
            cancellationToken: cancellationToken);
        await channel.QueueBindAsync(name, name, "", cancellationToken: cancellationToken);
    }
}
