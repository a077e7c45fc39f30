using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks.Sources;
using StackExchange.Redis;

namespace Recommender.FactorStore;

/// <summary>
/// Reads users' values from one Redis: GET and nothing else, over a few pipelined connections. The general client costs several times
/// more per read in processor time and garbage than the whole answer made from the value; this is the one call that every request makes.
/// </summary>
/// <remarks>
/// A read goes out at once when no other is on its way; else after the work that already waits for a thread, together with whatever that
/// work wants read, for sending costs more than all else here. Replies come in the order of the commands. A connection that fails, or leaves
/// its oldest read without a reply for the timeout, is closed and all its reads fail; it connects again by itself.
/// </remarks>
internal sealed class UserReader : IAsyncDisposable
{
    /// <summary>The fewer connections, the more reads go out and come back together.</summary>
    private const int ProcessorsPerLane = 4;

    private readonly Lane[] _lanes;
    private int _next;

    private UserReader(EndPoint endPoint, string? password, int database, TimeSpan timeout)
    {
        _lanes = new Lane[Math.Clamp(Environment.ProcessorCount / ProcessorsPerLane, 1, 8)];
        for (int i = 0; i < _lanes.Length; i++) _lanes[i] = new Lane(endPoint, password, database, timeout);
    }

    /// <summary>Null for what this does not do: several endpoints, TLS, proxies. The general client reads then.</summary>
    public static UserReader? TryCreate(ConfigurationOptions options, TimeSpan timeout) =>
        options.EndPoints.Count == 1 && !options.Ssl && options.Proxy == Proxy.None && string.IsNullOrEmpty(options.ServiceName)
            ? new UserReader(options.EndPoints[0], options.Password, options.DefaultDatabase ?? 0, timeout)
            : null;

    /// <summary>Starts a read, which fails with <see cref="FactorStoreUnavailableException"/> when Redis is gone, too slow, or refuses.</summary>
    /// <returns>False when the connection whose turn it is does not stand: the general client may know more.</returns>
    public bool TryRead(ReadOnlySpan<char> keyPrefix, string id, out ValueTask<PooledValue> value) =>
        _lanes[(uint)Interlocked.Increment(ref _next) % (uint)_lanes.Length].TryRead(keyPrefix, id, out value);

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes) await lane.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>One connection. As a work item it sends.</summary>
    private sealed class Lane : IAsyncDisposable, IThreadPoolWorkItem
    {
        private readonly EndPoint _endPoint;
        private readonly string? _password;
        private readonly int _database;
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
        private Socket? _socket;

        public Lane(EndPoint endPoint, string? password, int database, TimeSpan timeout)
        {
            (_endPoint, _password, _database, _timeout) = (endPoint, password, database, timeout);
            _running = Task.Run(RunAsync);
        }

        public bool TryRead(ReadOnlySpan<char> keyPrefix, string id, out ValueTask<PooledValue> value)
        {
            Read read;
            bool send, alone;
            lock (_lock)
            {
                value = default;
                if (_socket is null) return false;
                read = _idle.TryPop(out var idle) ? idle : new Read(this);
                read.SentAt = Stopwatch.GetTimestamp();
                Append(keyPrefix, id);
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

        public async ValueTask DisposeAsync()
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
            lock (_lock) _socket?.Dispose();
            await _running.ConfigureAwait(false);
            _disposed.Dispose();
        }

        public void Return(Read read)
        {
            lock (_lock) _idle.Push(read);
        }

        /// <summary>Sends until nothing is left: what others add meanwhile goes out together.</summary>
        public void Execute()
        {
            while (true)
            {
                Socket socket;
                ReadOnlySpan<byte> bytes;
                lock (_lock)
                {
                    if (_socket is null || _filled == 0)
                    {
                        _isSending = false;
                        return;
                    }

                    socket = _socket;
                    (_filling, _sending) = (_sending, _filling);
                    bytes = _sending.AsSpan(0, _filled);
                    _filled = 0;
                }

                try
                {
                    while (!bytes.IsEmpty) bytes = bytes[socket.Send(bytes)..];
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // The receiving side notices too and fails the reads.
                    socket.Dispose();
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

        /// <summary>Connects, receives until the connection ends, and again.</summary>
        private async Task RunAsync()
        {
            var pause = TimeSpan.FromMilliseconds(20);
            while (!_disposed.IsCancellationRequested)
            {
                try
                {
                    using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    var replies = new Replies();
                    await OpenAsync(socket, replies).ConfigureAwait(false);
                    lock (_lock) _socket = socket;
                    _disposed.Token.ThrowIfCancellationRequested();
                    pause = TimeSpan.FromMilliseconds(20);
                    await using var watch = new Timer(_ => CloseIfSilent(socket), null, _timeout / 4, _timeout / 4).ConfigureAwait(false);
                    using var receiver = new Receiver(this, socket, replies);
                    await receiver.RunAsync().ConfigureAwait(false);
                }
                catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
                {
                    FailAll(e.Message);
                }

                await ((Task)Task.Delay(pause, _disposed.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = TimeSpan.FromMilliseconds(Math.Min(pause.TotalMilliseconds * 2, 500));
            }

            FailAll("The factor store was closed.");
        }

        private async Task OpenAsync(Socket socket, Replies replies)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
            patience.CancelAfter(_timeout);
            await socket.ConnectAsync(_endPoint, patience.Token).ConfigureAwait(false);
            foreach (string[]? command in new[] { string.IsNullOrEmpty(_password) ? null : ["AUTH", _password], _database == 0 ? null : new[] { "SELECT", _database.ToString(System.Globalization.CultureInfo.InvariantCulture) }, ["PING"] })
            {
                if (command is null) continue;
                var text = new StringBuilder($"*{command.Length}\r\n");
                foreach (string word in command) text.Append($"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
                await socket.SendAsync(Encoding.UTF8.GetBytes(text.ToString()), SocketFlags.None, patience.Token).ConfigureAwait(false);
                string? error;
                while (!replies.TryTake(out _, out error)) await FillAsync(socket, replies, patience.Token).ConfigureAwait(false);
                if (error is not null) throw new IOException(error);
            }
        }

        /// <summary>The read that the next reply answers.</summary>
        /// <exception cref="IOException">There is none.</exception>
        public Read Answered()
        {
            lock (_lock) return _waiting.Count > 0 ? _waiting.Dequeue() : throw new IOException("An answer without a question.");
        }

        private static async ValueTask FillAsync(Socket socket, Replies replies, CancellationToken cancellation)
        {
            int received = await socket.ReceiveAsync(replies.Free(), SocketFlags.None, cancellation).ConfigureAwait(false);
            if (received == 0) throw new IOException("The connection was closed.");
            replies.Received(received);
        }

        private void CloseIfSilent(Socket socket)
        {
            lock (_lock)
            {
                if (_socket != socket || !_waiting.TryPeek(out var oldest) || Stopwatch.GetElapsedTime(oldest.SentAt) < _timeout) return;
            }

            // The receive ends with an error, which fails every read.
            socket.Dispose();
        }

        private void FailAll(string problem)
        {
            Read[] failed;
            lock (_lock)
            {
                _socket = null;
                _filled = 0;
                failed = [.. _waiting];
                _waiting.Clear();
            }

            foreach (var read in failed)
            {
                read.Problem = problem;
                ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);
            }
        }
    }

    /// <summary>
    /// Receives replies until the connection ends. The last reply of what was received is answered on the same thread once the next receive is
    /// under way, so a change of thread is spared and nothing waits behind it.
    /// </summary>
    private sealed class Receiver(Lane lane, Socket socket, Replies replies) : SocketAsyncEventArgs(true)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <returns>Ends with the error that ended the connection.</returns>
        public Task RunAsync()
        {
            Receive(isComplete: false);
            return _ended.Task;
        }

        protected override void OnCompleted(SocketAsyncEventArgs e) => Receive(isComplete: true);

        private void Receive(bool isComplete)
        {
            Read? last = null;
            try
            {
                while (true)
                {
                    if (!isComplete)
                    {
                        SetBuffer(replies.Free());
                        // From here on another thread may be receiving: only what is local may still be used.
                        if (socket.ReceiveAsync(this)) break;
                    }

                    isComplete = false;
                    Hand(ref last, null);
                    if (SocketError != SocketError.Success) throw new SocketException((int)SocketError);
                    if (BytesTransferred == 0) throw new IOException("The connection was closed.");
                    replies.Received(BytesTransferred);
                    while (replies.TryTake(out var bytes, out string? error))
                    {
                        var read = lane.Answered();
                        read.Take(bytes.Span);
                        read.Problem = error;
                        Hand(ref last, read);
                    }
                }
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
            {
                Hand(ref last, null);
                _ended.TrySetException(e);
                return;
            }

            last?.Execute();
        }

        /// <summary>Lets the thread pool answer the read that was last so far.</summary>
        private static void Hand(ref Read? last, Read? next)
        {
            if (last is not null) ThreadPool.UnsafeQueueUserWorkItem(last, preferLocal: false);
            last = next;
        }
    }

    /// <summary>One read on its way, and the buffer of its value; used again for another when the value has been given back.</summary>
    private sealed class Read(Lane lane) : IValueTaskSource<PooledValue>, IThreadPoolWorkItem, IBufferOwner
    {
        // Runs its continuation where it is completed: on the thread pool, see Execute and Receiver.
        private ManualResetValueTaskSourceCore<PooledValue> _core;
        private byte[] _buffer = [];
        private int _length;

        public long SentAt { get; set; }
        public string? Problem { get; set; }

        /// <summary>Keeps a copy of the value; nothing, and what stands for an erased user, is no value.</summary>
        public void Take(ReadOnlySpan<byte> bytes)
        {
            _length = bytes.Length > UserStateOrder.Bytes ? bytes.Length : 0;
            if (_length == 0) return;
            if (_buffer.Length < _length) _buffer = new byte[Math.Max(_length, 1024)];
            bytes.CopyTo(_buffer);
        }

        public ValueTask<PooledValue> Begin() => new(this, _core.Version);

        public void Execute()
        {
            if (Problem is { } problem) _core.SetException(new FactorStoreUnavailableException($"Redis: {problem}"));
            else _core.SetResult(_length == 0 ? default : new PooledValue(_buffer, _length, this));
        }

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);

        public PooledValue GetResult(short token)
        {
            bool isLent = false;
            try
            {
                var value = _core.GetResult(token);
                isLent = !value.IsNull;
                return value;
            }
            finally
            {
                if (!isLent) Return();
            }
        }

        public void Return()
        {
            _core.Reset();
            _length = 0;
            Problem = null;
            lane.Return(this);
        }
    }

    /// <summary>Received bytes, and the replies in them.</summary>
    private sealed class Replies
    {
        private const int MaxValueBytes = 64 * 1024 * 1024;
        private byte[] _buffer = new byte[32 * 1024];
        private int _start;
        private int _end;

        public Memory<byte> Free()
        {
            if (_start == _end)
            {
                _start = _end = 0;
            }
            else if (_end == _buffer.Length)
            {
                byte[] to = _start < _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
                Buffer.BlockCopy(_buffer, _start, to, 0, _end - _start);
                (_buffer, _start, _end) = (to, 0, _end - _start);
            }

            return _buffer.AsMemory(_end);
        }

        public void Received(int count) => _end += count;

        /// <summary>Takes one whole reply: a bulk string (or none), a status, or an error. The bytes are good until the next <see cref="Free"/>.</summary>
        /// <exception cref="IOException">Not a reply to a GET.</exception>
        public bool TryTake(out ReadOnlyMemory<byte> value, out string? error)
        {
            value = default;
            error = null;
            var bytes = _buffer.AsSpan(_start, _end - _start);
            int line = bytes.IndexOf("\r\n"u8);
            if (line < 1) return false;
            switch (bytes[0])
            {
                case (byte)'+':
                    break;
                case (byte)'-':
                    error = Encoding.UTF8.GetString(bytes[1..line]);
                    break;
                case (byte)'$' when Utf8Parser.TryParse(bytes[1..line], out int length, out _) && length is >= -1 and <= MaxValueBytes:
                    if (length < 0) break;
                    if (bytes.Length < line + 4 + length) return false;
                    value = _buffer.AsMemory(_start + line + 2, length);
                    _start += length + 2;
                    break;
                default:
                    throw new IOException("An answer that is none to GET.");
            }

            _start += line + 2;
            return true;
        }
    }
}
