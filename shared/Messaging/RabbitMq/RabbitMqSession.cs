using RabbitMQ.Client;

namespace Recommender.Messaging.RabbitMq;

/// <summary>A connection from its start to its loss.</summary>
internal sealed class RabbitMqSession : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _lostSource = new();

    public RabbitMqSession(IConnection connection)
    {
        _connection = connection;
        LostToken = _lostSource.Token;
        connection.ConnectionShutdownAsync += (_, _) =>
        {
            Invalidate();
            return Task.CompletedTask;
        };
        connection.ConnectionBlockedAsync += (_, _) =>
        {
            IsBlocked = true;
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            IsBlocked = false;
            return Task.CompletedTask;
        };
        if (!connection.IsOpen) Invalidate();
    }

    public Task Lost => _lost.Task;

    public bool IsLost => _lost.Task.IsCompleted;

    /// <summary>Cancelled when the session is lost.</summary>
    public CancellationToken LostToken { get; }

    /// <summary>Whether the broker is out of memory or disk and accepts no messages from this connection.</summary>
    public bool IsBlocked { get; private set; }

    public Task<IChannel> OpenChannelAsync(CreateChannelOptions? options, CancellationToken cancellationToken) =>
        _connection.CreateChannelAsync(options, cancellationToken);

    /// <summary>Ends the session, so that the link creates a new one and declares the topology again.</summary>
    public void Invalidate()
    {
        if (_lost.TrySetResult()) _lostSource.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        Invalidate();
        try
        {
            if (_connection.IsOpen) await _connection.CloseAsync(TimeSpan.FromSeconds(2));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or TimeoutException
            or RabbitMQ.Client.Exceptions.RabbitMQClientException)
        {
            // The session is discarded; an unresponsive broker cannot close it.
        }

        await _connection.DisposeAsync();
    }
}
