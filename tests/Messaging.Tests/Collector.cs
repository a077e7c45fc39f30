using Recommender.Messaging.Streams;
using Xunit;

namespace Recommender.Messaging.Tests;

/// <summary>A consumer that runs until disposed and keeps what it was handed.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;
    private readonly List<Delivery> _deliveries = [];
    private int _batches;

    public Collector(MessagingHost host, string stream, Func<IReadOnlyList<Delivery>, IReadOnlyList<DeadMessage>>? handler = null,
        int maxBatchBytes = 1 << 20)
    {
        _run = host.Consumer.RunAsync(stream, maxBatchBytes, (batch, _) =>
        {
            var dead = handler?.Invoke(batch) ?? [];
            lock (_deliveries) _deliveries.AddRange(batch);
            Interlocked.Increment(ref _batches);
            return Task.FromResult(dead);
        }, _stop.Token);
    }

    public IReadOnlyList<Delivery> Deliveries
    {
        get
        {
            lock (_deliveries) return [.. _deliveries];
        }
    }

    public IReadOnlyList<string> Bodies => [.. Deliveries.Select(d => System.Text.Encoding.UTF8.GetString(d.Body.Span))];

    public int Batches => Volatile.Read(ref _batches);

    public async ValueTask DisposeAsync()
    {
        if (_run.IsCompleted) return;
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _run);
    }
}
