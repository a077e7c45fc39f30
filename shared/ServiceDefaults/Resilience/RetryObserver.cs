namespace Recommender.ServiceDefaults.Resilience;

/// <summary>What one caller adds to a shared pipeline: which failures are retried, and what is reported of them.</summary>
public abstract class RetryObserver
{
    /// <summary>Whether a failure is retried. Cancellation of the caller's token never is.</summary>
    public virtual bool IsRetried(Exception failure) => true;

    /// <summary>Called before the pause that follows a failure.</summary>
    /// <param name="attempt">1 for the first failure.</param>
    public abstract void OnFailure(Exception failure, int attempt);

    /// <summary>Called when the work has succeeded, also at the first attempt.</summary>
    public virtual void OnSuccess()
    {
    }
}
