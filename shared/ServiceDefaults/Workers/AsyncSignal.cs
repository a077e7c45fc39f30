namespace Recommender.ServiceDefaults.Workers;

/// <summary>Wakes one waiter. Signals set while nobody waits are remembered as one. Safe for concurrent use.</summary>
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
            // Another thread set it at the same moment; one wake-up serves both.
        }
    }

    /// <summary>Waits for the signal, and takes it.</summary>
    /// <param name="timeout">By <paramref name="clock"/>; <see cref="Timeout.InfiniteTimeSpan"/>: none.</param>
    /// <returns>False if the time is over and there is no signal.</returns>
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
