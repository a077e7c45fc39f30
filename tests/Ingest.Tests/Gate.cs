using System.Diagnostics;
using Recommender.Messaging.Streams;

namespace Recommender.Ingest.Tests;

/// <summary>Counts messages and lets them through only while it is open.</summary>
internal sealed class Gate(IStreamPublisher inner) : IStreamPublisher
{
    private volatile TaskCompletionSource _open = Opened();
    private int _published;

    public int Published => Volatile.Read(ref _published);

    public bool IsAvailable { get; set; } = true;

    public void Close() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    public async Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins,
        CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _published);
        await _open.Task;
        await inner.PublishAsync(stream, body, origins, cancellationToken);
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
