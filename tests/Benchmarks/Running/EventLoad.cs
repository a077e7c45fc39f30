using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// Posts events over keep-alive connections. Each connection sends its next request after the answer to the last one. It uses bare sockets,
/// because load and system share the machine.
/// </summary>
/// <param name="firstWorker">Number of the first connection, part of the event ids: two loads on one system must not share numbers.</param>
internal sealed class EventLoad(int port, int batch, int connections, int firstWorker = 0)
{
    private long _accepted, _requests, _refused;

    public long Accepted => Interlocked.Read(ref _accepted);

    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Answers 429 and 503. The same events are sent again after them.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Posts for some seconds, on each connection at least once.</summary>
    /// <returns>Seconds from the start to the last answer.</returns>
    public async Task<double> RunAsync(double seconds, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections)
            .Select(worker => Task.Run(() => PostAsync(firstWorker + worker, clock, seconds, cancellationToken), cancellationToken)));
        return clock.Elapsed.TotalSeconds;
    }

    private async Task PostAsync(int worker, Stopwatch clock, double seconds, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
        var bodies = new EventBodies(batch, worker,
            body => Encoding.ASCII.GetBytes($"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                + $"application/json\r\nContent-Length: {body}\r\n\r\n"));
        byte[] answer = new byte[64 * 1024];
        // On a busy machine all of a short run may pass before the first request.
        for (bool isFirst = seconds > 0; isFirst || clock.Elapsed.TotalSeconds < seconds; isFirst = false)
        {
            var request = bodies.Next();
            while (true)
            {
                for (int sent = 0; sent < request.Length;) sent += await socket.SendAsync(request[sent..], cancellationToken);
                int status = await ReadAnswerAsync(socket, answer, cancellationToken);
                Interlocked.Increment(ref _requests);
                if (status == 202) break;
                if (status is not (429 or 503)) throw new InvalidOperationException($"Answered {status}.");
                Interlocked.Increment(ref _refused);
                await Task.Delay(200, cancellationToken);
            }

            Interlocked.Add(ref _accepted, batch);
        }
    }

    private static async Task<int> ReadAnswerAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        int length = 0;
        while (true)
        {
            int read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0) throw new IOException("The server closed the connection.");
            length += read;
            if (IsWhole(buffer.AsSpan(0, length))) return ((buffer[9] - '0') * 100) + ((buffer[10] - '0') * 10) + (buffer[11] - '0');
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        int head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0) return false;
        int at = answer[..head].IndexOf("Content-Length: "u8);
        if (at < 0) return answer.EndsWith("0\r\n\r\n"u8);
        return System.Buffers.Text.Utf8Parser.TryParse(answer[(at + 16)..], out int content, out _) && answer.Length >= head + 4 + content;
    }
}
