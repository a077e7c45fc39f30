using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Recommender.Contracts;
using Recommender.FactorStore.Users;

namespace Recommender.FactorStore.Redis;

internal sealed partial class UserReader
{
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

        /// <summary>With a problem: another server may have the answer.</summary>
        public bool IsElsewhere { get; set; }

        /// <summary>Keeps a copy of the value; nothing, and what stands for an erased user, is no value.</summary>
        /// <param name="error">Of the reply; null if it is a value.</param>
        public void Take(ReadOnlySpan<byte> bytes, string? error)
        {
            Problem = error;
            // Replies of a cluster's node about a key that another node holds or takes over.
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
