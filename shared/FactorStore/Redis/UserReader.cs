using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Threading.Tasks.Sources;
using Recommender.Contracts;
using Recommender.FactorStore.Users;
using StackExchange.Redis;

namespace Recommender.FactorStore.Redis;

/// <summary>
/// Reads users' values from one Redis: GET and nothing else, over a few pipelined connections. The general client costs several times
/// more per read in processor time and garbage than the whole answer made from the value; this is the one call that every request makes.
/// </summary>
/// <remarks>
/// A read goes out at once when no other is on its way; else after the work that already waits for a thread, together with whatever that
/// work wants read, for sending costs more than all else here. Replies come in the order of the commands. A connection that fails, or
/// leaves its oldest read without a reply for the timeout, is closed and all its reads fail; it connects again automatically. It logs in as
/// the user of the connection string, and over TLS where that asks for it. It does not know the slots of a Redis Cluster: a server that
/// turns out to be a node of one is left to the general client, which also reads what such a node does not hold.
/// </remarks>
internal sealed partial class UserReader : IAsyncDisposable
{
    /// <summary>The fewer connections, the more reads go out and come back together.</summary>
    private const int ProcessorsPerLane = 4;

    /// <summary>Certificates that the general client takes from the environment.</summary>
    private static readonly string[] s_certificateVariables =
        ["SERedis_ClientCertPfxPath", "SERedis_ClientCertPath", "SERedis_IssuerCertPath"];

    private readonly Lane[] _lanes;
    private readonly Func<UserRef, ValueTask<PooledValue>> _general;
    private volatile bool _isCluster;
    private int _next;

    private UserReader(ConfigurationOptions options, TimeSpan timeout, Func<UserRef, ValueTask<PooledValue>> general)
    {
        _general = general;
        _lanes = new Lane[Math.Clamp(Environment.ProcessorCount / ProcessorsPerLane, 1, 8)];
        for (int i = 0; i < _lanes.Length; i++) _lanes[i] = new Lane(this, options, timeout);
    }

    /// <summary>
    /// Null for what this does not do: several endpoints, proxies, Sentinel, client certificates. The general client reads then.
    /// </summary>
    /// <param name="general">Reads by the general client.</param>
    public static UserReader? TryCreate(ConfigurationOptions options, TimeSpan timeout, Func<UserRef, ValueTask<PooledValue>> general)
    {
        options = options.Clone();
        options.SetDefaultPorts();
        bool isOneServer = options.EndPoints is [IPEndPoint or DnsEndPoint] && string.IsNullOrEmpty(options.ServiceName);
        bool isDirect = options.Proxy == Proxy.None && options.Tunnel is null;
        bool hasCertificates = options.Ssl && s_certificateVariables.Any(name =>
            Environment.GetEnvironmentVariable(name) is { Length: > 0 });
        return isOneServer && isDirect && !hasCertificates ? new UserReader(options, timeout, general) : null;
    }

    /// <summary>
    /// Starts a read, which fails with <see cref="FactorStoreUnavailableException"/> when Redis is gone, too slow, or refuses.
    /// </summary>
    /// <param name="keyPrefix">Of users, or of sessions.</param>
    /// <returns>False when the connection whose turn it is does not stand: the general client may know more.</returns>
    public bool TryRead(ReadOnlySpan<char> keyPrefix, UserRef user, out ValueTask<PooledValue> value)
    {
        value = default;
        return !_isCluster && _lanes[(uint)Interlocked.Increment(ref _next) % (uint)_lanes.Length].TryRead(keyPrefix, user, out value);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes) await lane.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>One connection. As a work item it sends.</summary>
    private sealed class Lane : IAsyncDisposable, IThreadPoolWorkItem
    {
        private readonly UserReader _reader;
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

        public Lane(UserReader reader, ConfigurationOptions options, TimeSpan timeout)
        {
            (_reader, _options, _timeout) = (reader, options, timeout);
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

        public async ValueTask DisposeAsync()
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
            lock (_lock) _wire?.Close();
            await _running.ConfigureAwait(false);
            _disposed.Dispose();
        }

        public void Return(Read read)
        {
            lock (_lock) _idle.Push(read);
        }

        /// <summary>Reads by the general client, and from now on everything: the server is a node of a cluster.</summary>
        public ValueTask<PooledValue> ReadElsewhereAsync(UserRef user)
        {
            _reader._isCluster = true;
            return _reader._general(user);
        }

        /// <summary>Sends until nothing is left: what others add meanwhile goes out together.</summary>
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
                    // The receiving side notices too and fails the reads.
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

        /// <summary>Connects, receives until the connection ends, and again.</summary>
        private async Task RunAsync()
        {
            var pause = TimeSpan.FromMilliseconds(20);
            while (!_disposed.IsCancellationRequested && !_reader._isCluster)
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
            await wire.ConnectAsync(_options, patience.Token).ConfigureAwait(false);
            foreach (string[] command in Greeting(_options))
            {
                var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
                foreach (string word in command) text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
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
        /// Receives replies until the connection ends. Unlike <see cref="Receiver"/> it answers none on its own thread, for over TLS the
        /// next receive does not go on without it.
        /// </summary>
        private async Task ReceiveAsync(Wire wire, Replies replies)
        {
            while (true)
            {
                await FillAsync(wire, replies, CancellationToken.None).ConfigureAwait(false);
                while (replies.TryTake(out var bytes, out string? error))
                {
                    var read = Answered();
                    read.Take(bytes.Span);
                    read.Problem = error;
                    ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);
                }
            }
        }

        /// <summary>The read that the next reply answers.</summary>
        /// <exception cref="IOException">There is none.</exception>
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

            // The receive ends with an error, which fails every read.
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
                ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);
            }
        }
    }

    /// <summary>
    /// Receives replies until the connection ends. The last reply of what was received is answered on the same thread once the next receive
    /// is under way, so a change of thread is spared and nothing waits behind it.
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
        public UserRef User { get; set; }
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
            if (Problem is { } problem && IsElsewhere(problem)) _ = ReadElsewhereAsync();
            else if (Problem is not null) _core.SetException(new FactorStoreUnavailableException($"Redis: {Problem}"));
            else _core.SetResult(_length == 0 ? default : new PooledValue(_buffer, _length, this));
        }

        /// <summary>Replies of a cluster's node about a key that another node holds or takes over.</summary>
        private static bool IsElsewhere(string problem) =>
            problem.StartsWith("MOVED ", StringComparison.Ordinal) || problem.StartsWith("ASK ", StringComparison.Ordinal);

        private async Task ReadElsewhereAsync()
        {
            try
            {
                _core.SetResult(await lane.ReadElsewhereAsync(User).ConfigureAwait(false));
            }
            catch (FactorStoreUnavailableException e)
            {
                _core.SetException(e);
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        public PooledValue GetResult(short token)
        {
            bool isLent = false;
            try
            {
                var value = _core.GetResult(token);
                isLent = value.IsOwnedBy(this);
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
}
