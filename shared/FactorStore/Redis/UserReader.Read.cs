using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Recommender.Contracts;
using Recommender.FactorStore.Users;

namespace Recommender.FactorStore.Redis;

internal sealed partial class UserReader
{
    /// <summary>
    /// Receives replies until the connection ends. The last received reply is completed on the same thread, after the start of the next
    /// receive: this saves a change of thread, and delays nothing.
    /// </summary>
    private sealed class Receiver(Lane lane, Socket socket, Replies replies) : SocketAsyncEventArgs(true)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <returns>A task that fails with the error that ended the connection.</returns>
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
                        // From here another thread may be receiving, so only local state may be used.
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
                        read.Take(bytes.Span, error);
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

        /// <summary>Completes the previous last read on the thread pool.</summary>
        private static void Hand(ref Read? last, Read? next)
        {
            if (last is not null) ThreadPool.UnsafeQueueUserWorkItem(last, preferLocal: false);
            last = next;
        }
    }

    /// <summary>A pending read and the buffer of its value. It is reused once the value has been returned.</summary>
    private sealed class Read(Lane lane) : IValueTaskSource<PooledValue>, IThreadPoolWorkItem, IBufferOwner
    {
        // Continuations run on the completing thread, which is a thread-pool thread; see Execute and Receiver.
        private ManualResetValueTaskSourceCore<PooledValue> _core;
        private byte[] _buffer = [];
        private int _length;

        public long SentAt { get; set; }
        public UserRef User { get; set; }
        public string? Problem { get; set; }

        /// <summary>Whether another server may have the value, after an error.</summary>
        public bool IsElsewhere { get; set; }

        /// <summary>Copies the value. A missing value and the mark of an erased user are no value.</summary>
        /// <param name="error">Error of the reply; null if it is a value.</param>
        public void Take(ReadOnlySpan<byte> bytes, string? error)
        {
            Problem = error;
            // Replies of a cluster node for a key that another node has or takes over.
            IsElsewhere = error is not null && (IsMoved(error) || error.StartsWith("ASK ", StringComparison.Ordinal));
            _length = bytes.Length > UserStateOrder.Bytes ? bytes.Length : 0;
            if (_length == 0) return;
            if (_buffer.Length < _length) _buffer = new byte[Math.Max(_length, 1024)];
            bytes.CopyTo(_buffer);
        }

        public ValueTask<PooledValue> Begin() => new(this, _core.Version);

        public void Execute()
        {
            if (Problem is { } problem && IsElsewhere) _ = ReadElsewhereAsync(IsMoved(problem));
            else if (Problem is not null) _core.SetException(new FactorStoreUnavailableException($"Redis: {Problem}"));
            else _core.SetResult(_length == 0 ? default : new PooledValue(_buffer, _length, this));
        }

        private static bool IsMoved(string problem) => problem.StartsWith("MOVED ", StringComparison.Ordinal);

        private async Task ReadElsewhereAsync(bool isMoved)
        {
            try
            {
                _core.SetResult(await lane.ReadElsewhereAsync(User, isMoved).ConfigureAwait(false));
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
            IsElsewhere = false;
            lane.Return(this);
        }
    }
}
