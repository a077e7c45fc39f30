using System.Threading.Channels;
using Microsoft.Extensions.ObjectPool;
using Recommender.Contracts.Served;

namespace Recommender.Recommend.Recording;

/// <summary>
/// Answers that wait to be published. Bounded: when it is full, the oldest is dropped and counted. Its records are used again. Thread-safe.
/// </summary>
internal sealed class AnswerQueue
{
    private readonly DefaultObjectPool<ServedAnswer> _pool;
    private readonly Channel<ServedAnswer> _waiting;
    private long _dropped;

    /// <param name="limit">Answers that may wait, at least 1.</param>
    public AnswerQueue(int limit)
    {
        _pool = new DefaultObjectPool<ServedAnswer>(new DefaultPooledObjectPolicy<ServedAnswer>(), limit);
        _waiting = Channel.CreateBounded<ServedAnswer>(
            new BoundedChannelOptions(limit) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, Drop);
    }

    /// <summary>Answers that were dropped because too many waited.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public int Waiting => _waiting.Reader.Count;

    /// <summary>A record to fill in; <see cref="Add"/> takes it back.</summary>
    public ServedAnswer Rent() => _pool.Get();

    public void Add(ServedAnswer answer) => _waiting.Writer.TryWrite(answer);

    /// <summary>The oldest answer. <see cref="Return"/> it after use.</summary>
    public bool TryTake(out ServedAnswer? answer) => _waiting.Reader.TryRead(out answer);

    public void Return(ServedAnswer answer) => _pool.Return(answer);

    private void Drop(ServedAnswer answer)
    {
        Interlocked.Increment(ref _dropped);
        _pool.Return(answer);
    }
}
