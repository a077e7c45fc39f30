using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Recommender.Contracts;
using StackExchange.Redis;

namespace Recommender.FactorStore.Redis;

internal sealed partial class UserReader
{
    /// <summary>One connection. Its work item sends.</summary>
    private sealed class Lane : IThreadPoolWorkItem
    {
        private readonly UserReader _reader;
        private readonly EndPoint _endPoint;
        private readonly ConfigurationOptions _options;
        private readonly TimeSpan _timeout;
        private readonly CancellationTokenSource _disposed = new();
        private readonly Lock _lock = new();
        private readonly Task _running;

        // Under the lock.
        private readonly Queue<Read> _waiting = new();
        private readonly Stack<Read> _idle = new();
        private byte[] _filling = new byte[4096];
        private byte[] _sending = new byte[4096];
        private int _filled;
        private bool _isSending;
        private Wire? _wire;

        private volatile bool _isGone;

        public Lane(UserReader reader, EndPoint endPoint)
        {
            (_reader, _endPoint, _options, _timeout) = (reader, endPoint, reader._options, reader._timeout);
            _running = Task.Run(RunAsync);
        }

        public bool TryRead(ReadOnlySpan<char> keyPrefix, UserRef user, out ValueTask<PooledValue> value)
        {
            Read read;
            bool send, alone;
            lock (_lock)
            {
                value = default;
                if (_wire is null) return false;
                read = _idle.TryPop(out var idle) ? idle : new Read(this);
                read.SentAt = Stopwatch.GetTimestamp();
                read.User = user;
                Append(keyPrefix, user.Id);
                alone = _waiting.Count == 0;
                _waiting.Enqueue(read);
                send = !_isSending;
                _isSending = true;
            }

            value = read.Begin();
            if (send && alone) Execute();
            else if (send) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return true;
        }

        /// <inheritdoc cref="Node.DisposeAsync"/>
        public async ValueTask DisposeAsync(bool isGone)
        {
            _isGone = isGone;
            await _disposed.CancelAsync().ConfigureAwait(false);
            lock (_lock) _wire?.Close();
            await _running.ConfigureAwait(false);
            _disposed.Dispose();
        }

        public void Return(Read read)
        {
            lock (_lock) _idle.Push(read);
        }

        public ValueTask<PooledValue> ReadElsewhereAsync(UserRef user, bool isMoved) => _reader.ReadElsewhereAsync(user, isMoved);

        /// <summary>Sends until the queue is empty. Reads added during a send are sent together.</summary>
        public void Execute()
        {
            while (true)
            {
                Wire wire;
                ReadOnlySpan<byte> bytes;
                lock (_lock)
                {
                    if (_wire is null || _filled == 0)
                    {
                        _isSending = false;
                        return;
                    }

                    wire = _wire;
                    (_filling, _sending) = (_sending, _filling);
                    bytes = _sending.AsSpan(0, _filled);
                    _filled = 0;
                }

                try
                {
                    wire.Send(bytes);
                }
                catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
                {
                    // The receiver also fails, and then fails the reads.
                    wire.Close();
                }
            }
        }

        private void Append(ReadOnlySpan<char> keyPrefix, string id)
        {
            int most = 48 + keyPrefix.Length + id.Length * 3;
            if (_filling.Length - _filled < most) Array.Resize(ref _filling, Math.Max(_filling.Length * 2, _filled + most));
            var to = _filling.AsSpan(_filled);
            int keyBytes = keyPrefix.Length + Encoding.UTF8.GetByteCount(id);
            "*2\r\n$3\r\nGET\r\n$"u8.CopyTo(to);
            int at = 14;
            Utf8Formatter.TryFormat(keyBytes, to[at..], out int digits);
            at += digits;
            "\r\n"u8.CopyTo(to[at..]);
            at += 2;
            at += Encoding.UTF8.GetBytes(keyPrefix, to[at..]);
            at += Encoding.UTF8.GetBytes(id, to[at..]);
            "\r\n"u8.CopyTo(to[at..]);
            _filled += at + 2;
        }

        /// <summary>Connects, receives until the connection ends, and repeats.</summary>
        private async Task RunAsync()
        {
            var pause = TimeSpan.FromMilliseconds(20);
            while (!_disposed.IsCancellationRequested)
            {
                try
                {
                    using var wire = new Wire();
                    var replies = new Replies();
                    await OpenAsync(wire, replies).ConfigureAwait(false);
                    lock (_lock) _wire = wire;
                    _disposed.Token.ThrowIfCancellationRequested();
                    pause = TimeSpan.FromMilliseconds(20);
                    await using var watch = new Timer(_ => CloseIfSilent(wire), null, _timeout / 4, _timeout / 4).ConfigureAwait(false);
                    if (wire.IsTls)
                    {
                        await ReceiveAsync(wire, replies).ConfigureAwait(false);
                    }
                    else
                    {
                        using var receiver = new Receiver(this, wire.Socket, replies);
                        await receiver.RunAsync().ConfigureAwait(false);
                    }
                }
                catch (Exception e) when (e is SocketException or IOException or AuthenticationException or ObjectDisposedException
                    or OperationCanceledException)
                {
                    FailAll(e.Message);
                    // In a cluster, another node may have taken over.
                    if (_reader._routes.IsCluster) _reader.RequestRenewal();
                }

                await ((Task)Task.Delay(pause, _disposed.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 2, 500));
            }

            FailAll("The factor store was closed.");
        }

        private async Task OpenAsync(Wire wire, Replies replies)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
            patience.CancelAfter(_timeout);
            await wire.ConnectAsync(_endPoint, _options, patience.Token).ConfigureAwait(false);
            foreach (string[] command in Greeting(_options))
            {
                var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
                foreach (string word in command) text.Append(
                    CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
                wire.Send(Encoding.UTF8.GetBytes(text.ToString()));
                string? error;
                while (!replies.TryTake(out _, out error)) await FillAsync(wire, replies, patience.Token).ConfigureAwait(false);
                if (error is not null) throw new IOException(error);
            }
        }

        private static IEnumerable<string[]> Greeting(ConfigurationOptions options)
        {
            if (!string.IsNullOrEmpty(options.User)) yield return ["AUTH", options.User, options.Password ?? ""];
            else if (!string.IsNullOrEmpty(options.Password)) yield return ["AUTH", options.Password];
            if (options.DefaultDatabase is > 0 and var database) yield return ["SELECT", database.ToString(CultureInfo.InvariantCulture)];
            yield return ["PING"];
        }

        /// <summary>
        /// Receives replies until the connection ends. Unlike <see cref="Receiver"/> it completes no read on its own thread, because over
        /// TLS that would delay the next receive.
        /// </summary>
        private async Task ReceiveAsync(Wire wire, Replies replies)
        {
            while (true)
            {
                await FillAsync(wire, replies, CancellationToken.None).ConfigureAwait(false);
                while (replies.TryTake(out var bytes, out string? error))
                {
                    var read = Answered();
                    read.Take(bytes.Span, error);
                    ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);
                }
            }
        }

        /// <summary>The read that the next reply answers.</summary>
        /// <exception cref="IOException">No read is pending.</exception>
        public Read Answered()
        {
            lock (_lock)
                return _waiting.Count > 0 ? _waiting.Dequeue() : throw new IOException("Redis sent a reply with no pending request.");
        }

        private static async ValueTask FillAsync(Wire wire, Replies replies, CancellationToken cancellation)
        {
            int received = await wire.ReceiveAsync(replies.Free(), cancellation).ConfigureAwait(false);
            if (received == 0) throw new IOException("The connection was closed.");
            replies.Received(received);
        }

        private void CloseIfSilent(Wire wire)
        {
            lock (_lock)
            {
                if (_wire != wire || !_waiting.TryPeek(out var oldest) || Stopwatch.GetElapsedTime(oldest.SentAt) < _timeout) return;
            }

            // The receive then fails, and with it all reads.
            wire.Close();
        }

        private void FailAll(string problem)
        {
            Read[] failed;
            lock (_lock)
            {
                _wire = null;
                _filled = 0;
                failed = [.. _waiting];
                _waiting.Clear();
            }

            foreach (var read in failed)
            {
                read.Problem = problem;
                read.IsElsewhere = _isGone;
                ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);
            }
        }
    }
}
