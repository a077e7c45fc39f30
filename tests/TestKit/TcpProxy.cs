using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Recommender.LocalServers;

namespace Recommender.TestKit;

/// <summary>A loopback relay in front of a server, to cut its connections or slow its answers.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<TcpClient, byte> _connections = new();
    private readonly TcpListener _listener;
    private readonly Task _accepting;
    private volatile bool _refusing;
    private long _delayMs;

    /// <param name="targetPort">Loopback port of the server.</param>
    public TcpProxy(int targetPort)
    {
        _target = targetPort;
        Port = Ports.Free();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Time added before each piece of data is passed on, in both directions.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromMilliseconds(Interlocked.Read(ref _delayMs));
        set => Interlocked.Exchange(ref _delayMs, (long)value.TotalMilliseconds);
    }

    /// <summary>Connections open now.</summary>
    public int Connections => _connections.Count / 2;

    /// <summary>Cuts all connections with a reset. New ones are cut at once until <see cref="Restore"/>.</summary>
    public void Cut()
    {
        _refusing = true;
        Reset();
    }

    /// <summary>Cuts the connections that are open now; new ones work.</summary>
    public void Reset()
    {
        foreach (var client in _connections.Keys) Abort(client);
    }

    public void Restore() => _refusing = false;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Reset();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            if (_refusing) Abort(client);
            else _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        var server = new TcpClient();
        _connections[client] = _connections[server] = 0;
        try
        {
            client.NoDelay = server.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            if (_refusing) return;
            await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Either side is gone: the other is cut below.
        }
        finally
        {
            Abort(client);
            Abort(server);
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            var (source, target) = (from.GetStream(), to.GetStream());
            int read;
            while ((read = await source.ReadAsync(buffer, _stop.Token)) > 0)
            {
                long delay = Interlocked.Read(ref _delayMs);
                if (delay > 0) await Task.Delay((int)delay, _stop.Token);
                await target.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException)
        {
            // The end of either side ends the relay.
        }
    }

    private void Abort(TcpClient client)
    {
        _connections.TryRemove(client, out _);
        try
        {
            // Null once disposed. Linger 0 turns the close into a reset.
            if (client.Client is { } socket) socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }
        client.Dispose();
    }
}
