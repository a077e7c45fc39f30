using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Recommender.Benchmarks.Running;

/// <summary>
/// HTTP/1.1 load over keep-alive connections without pipelining. Saturating (closed loop): each connection sends its next request after the
/// answer to the last one. At a fixed rate (open loop): latency counts from when a request was due, even if no connection was free.
/// </summary>
internal static partial class LoadGenerator
{
    public static byte[] Get(string path) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    /// <returns>Answers per second.</returns>
    public static async Task<double> SaturateAsync(int port, byte[][] requests, int connections, double seconds,
        CancellationToken cancellation)
    {
        long answered = 0;
        int next = -1;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var clock = Stopwatch.StartNew();
        var loops = Enumerable.Range(0, connections).Select(async _ =>
        {
            using var connection = await Connection.OpenAsync(port);
            while (!stop.IsCancellationRequested)
            {
                await connection.RoundTripAsync(requests[(uint)Interlocked.Increment(ref next) % (uint)requests.Length]);
                Interlocked.Increment(ref answered);
            }
        }).ToArray();
        stop.CancelAfter(TimeSpan.FromSeconds(seconds));
        await Task.WhenAll(loops);
        cancellation.ThrowIfCancellationRequested();
        return answered / clock.Elapsed.TotalSeconds;
    }

    public static async Task<Latency> AtRateAsync(int port, byte[][] requests, int connections, int rate, double seconds,
        CancellationToken cancellation)
    {
        int total = (int)(rate * seconds);
        double[] latencies = new double[total];
        // The wait for a free connection must not take processor time from the system under test.
        var free = new BlockingCollection<Connection>(new ConcurrentQueue<Connection>());
        for (int i = 0; i < connections; i++) free.Add(await Connection.OpenAsync(port), CancellationToken.None);
        int pending = total;
        // Awaited without a thread: the pool starts with one per processor, and the answers need them.
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // A dedicated thread that sleeps until the next request is due: timers of the runtime have a resolution of a millisecond.
        var dispatcher = new Thread(() =>
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < total && !done.Task.IsCompleted; i++)
            {
                long due = start + (long)(i * (double)Stopwatch.Frequency / rate);
                SleepUntil(due);
                Connection? connection;
                while (!free.TryTake(out connection, 100) && !done.Task.IsCompleted)
                {
                    // All are busy.
                }

                if (connection is not null) _ = ServeAsync(connection, i, due);
            }
        });
        dispatcher.Start();
        await using (cancellation.Register(() => done.TrySetCanceled(cancellation))) await done.Task;
        dispatcher.Join();
        while (free.TryTake(out var connection)) connection.Dispose();
        Array.Sort(latencies);
        return new Latency(At(.5), At(.99), At(.999), latencies[^1]);

        double At(double share) => latencies[(int)Math.Min(total - 1, total * share)];

        async Task ServeAsync(Connection connection, int i, long due)
        {
            try
            {
                await connection.RoundTripAsync(requests[i % requests.Length]);
                latencies[i] = Stopwatch.GetElapsedTime(due).TotalMilliseconds;
                free.Add(connection, CancellationToken.None);
                if (Interlocked.Decrement(ref pending) == 0) done.TrySetResult();
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }
    }

    private static void SleepUntil(long due)
    {
        long ticks;
        while ((ticks = due - Stopwatch.GetTimestamp()) > 0)
        {
            long nanoseconds = (long)(ticks * (1e9 / Stopwatch.Frequency));
            if (OperatingSystem.IsLinux()) _ = Nanosleep(new TimeSpec(nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000), 0);
            else Thread.Yield();
        }
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Nanosleep(in TimeSpec wanted, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);

    public static byte[] Post(string path, string json) =>
        Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        + $"{Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}");

    /// <summary>A keep-alive connection that one caller at a time may use.</summary>
    internal sealed class Connection : IDisposable
    {
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _buffer = new byte[256 * 1024];

        public static async Task<Connection> OpenAsync(int port)
        {
            var connection = new Connection();
            await connection._socket.ConnectAsync(IPAddress.Loopback, port);
            return connection;
        }

        /// <summary>Returns the answer, which is valid until the next round trip.</summary>
        /// <exception cref="InvalidDataException">The status is neither 200 nor 202.</exception>
        public async ValueTask<ReadOnlyMemory<byte>> RoundTripAsync(byte[] request)
        {
            await _socket.SendAsync(request.AsMemory(), SocketFlags.None);
            int length = 0, total = int.MaxValue;
            while (length < total)
            {
                int read = await _socket.ReceiveAsync(_buffer.AsMemory(length), SocketFlags.None);
                if (read == 0) throw new IOException("The server closed a connection.");
                length += read;
                if (total == int.MaxValue) total = TotalLength(_buffer.AsSpan(0, length));
            }

            return _buffer.AsMemory(0, length);
        }

        public void Dispose() => _socket.Dispose();

        private static int TotalLength(ReadOnlySpan<byte> received)
        {
            int end = received.IndexOf("\r\n\r\n"u8);
            if (end < 0) return int.MaxValue;
            var head = received[..end];
            if (!head.StartsWith("HTTP/1.1 200"u8) && !head.StartsWith("HTTP/1.1 202"u8))
                throw new InvalidDataException("Expected status 200 or 202; got: " + Encoding.UTF8.GetString(received));
            if (head.IndexOf("Transfer-Encoding: chunked"u8) >= 0)
                return received.EndsWith("\r\n0\r\n\r\n"u8) ? received.Length : int.MaxValue;
            int at = head.IndexOf("Content-Length: "u8);
            if (at < 0 || !Utf8Parser.TryParse(head[(at + 16)..], out int content, out _))
                throw new InvalidDataException("An answer has no Content-Length.");
            return end + 4 + content;
        }
    }
}
