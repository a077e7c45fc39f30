namespace Recommender.ServiceDefaults.Workers;

/// <summary>Wakes one waiter. Signals without a waiter are kept as one. Thread-safe.</summary>
public sealed class AsyncSignal
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

    public void Set()
    {
        try
        {
            if (_semaphore.CurrentCount == 0) _semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another thread has set it concurrently; one wake-up is enough.
        }
    }

    /// <summary>Waits for the signal and resets it.</summary>
    /// <param name="timeout">Maximum time by <paramref name="clock"/>; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>False after the timeout without a signal.</returns>
    /// <exception cref="OperationCanceledException">The token is cancelled.</exception>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (timeout == TimeSpan.Zero) return await _semaphore.WaitAsync(TimeSpan.Zero, CancellationToken.None);
        using var over = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        var wait = _semaphore.WaitAsync(either.Token);
        await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (wait.IsCompletedSuccessfully) return true;
        cancellationToken.ThrowIfCancellationRequested();
        return false;
    }
}
