namespace Recommender.Factorization.Sessions.Encoding;

/// <summary>
/// Threads that stay for many short rounds of work. Each round divides its chunks among them by a counter and ends when all chunks are
/// done, so results cannot depend on the number of threads as long as chunks write to separate places. One owner calls <see cref="Run"/>.
/// </summary>
internal sealed class WorkTeam : IDisposable
{
    private readonly Barrier? _barrier;
    private readonly Thread[] _threads;
    private Action<int>? _body;
    private int _count;
    private int _next;
    private Exception? _error;

    public WorkTeam(int threads)
    {
        _threads = new Thread[Math.Max(threads - 1, 0)];
        if (_threads.Length == 0) return;
        _barrier = new Barrier(threads);
        for (int t = 0; t < _threads.Length; t++)
        {
            _threads[t] = new Thread(Follow) { IsBackground = true, Name = $"session learning {t + 1}" };
            _threads[t].Start();
        }
    }

    /// <summary>
    /// Calls <paramref name="body"/> for each of 0 .. <paramref name="count"/> − 1 and returns when all calls have returned.
    /// </summary>
    /// <exception cref="InvalidOperationException">A call failed; the inner exception is the first failure.</exception>
    public void Run(int count, Action<int> body)
    {
        if (_barrier is null)
        {
            for (int c = 0; c < count; c++) body(c);
            return;
        }

        (_body, _count, _next) = (body, count, 0);
        _barrier.SignalAndWait();
        Take();
        _barrier.SignalAndWait();
        if (_error is { } error) throw new InvalidOperationException($"Learning from sessions failed: {error.Message}", error);
    }

    private void Follow()
    {
        while (true)
        {
            _barrier!.SignalAndWait();
            if (_body is null) return;
            Take();
            _barrier.SignalAndWait();
        }
    }

    private void Take()
    {
        try
        {
            int c;
            while ((c = Interlocked.Increment(ref _next) - 1) < _count) _body!(c);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _error, e, null);
            Interlocked.Exchange(ref _next, _count); // The others stop at their next chunk.
        }
    }

    public void Dispose()
    {
        if (_barrier is null) return;
        _body = null;
        _barrier.SignalAndWait();
        foreach (var thread in _threads) thread.Join();
        _barrier.Dispose();
    }
}
