namespace Recommender.Factorization.Algebra;

/// <summary>Divides rows among threads. Threads share only a counter, so results do not depend on their number.</summary>
internal static class ParallelRows
{
    /// <param name="count">Rows 0 .. count − 1.</param>
    /// <param name="chunk">Rows taken at a time.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="body">Called once per thread with a function that returns the next range (from, to), or null at the end.</param>
    public static void Run(int count, int chunk, int threads, Action<Func<(int From, int To)?>> body, CancellationToken cancellation)
    {
        long next = 0;
        (int, int)? Take()
        {
            cancellation.ThrowIfCancellationRequested();
            long from = Interlocked.Add(ref next, chunk) - chunk;
            return from >= count ? null : ((int)from, (int)Math.Min(from + chunk, count));
        }

        threads = (int)Math.Min(threads, ((long)count + chunk - 1) / chunk);
        if (threads <= 1)
        {
            if (count > 0) body(Take);
            return;
        }

        var errors = new Exception?[threads];
        var others = new Thread[threads - 1];
        for (int t = 0; t < others.Length; t++)
        {
            int index = t + 1;
            others[t] = new Thread(() => Guarded(index)) { IsBackground = true, Name = $"learning {index}" };
            others[t].Start();
        }

        Guarded(0);
        foreach (var thread in others) thread.Join();
        if (errors.FirstOrDefault(e => e is not null and not OperationCanceledException) is { } error)
            throw new InvalidOperationException($"Learning failed: {error.Message}", error);
        cancellation.ThrowIfCancellationRequested();

        void Guarded(int index)
        {
            try
            {
                body(Take);
            }
            catch (Exception e)
            {
                errors[index] = e;
                Interlocked.Exchange(ref next, int.MaxValue); // The others stop at their next chunk.
            }
        }
    }
}
