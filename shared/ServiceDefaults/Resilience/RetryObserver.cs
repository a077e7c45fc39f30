namespace Recommender.ServiceDefaults.Resilience;

/// <summary>Decides for one caller of a shared pipeline which failures are retried, and reports them.</summary>
public abstract class RetryObserver
{
    /// <summary>Whether a failure is retried. Cancellation by the caller's token never is.</summary>
    public virtual bool IsRetried(Exception failure) => true;

    /// <summary>Called before the pause that follows a failure.</summary>
    /// <param name="attempt">1 for the first failure.</param>
    public abstract void OnFailure(Exception failure, int attempt);

    /// <summary>Called after success, also of the first attempt.</summary>
    public virtual void OnSuccess()
    {
    }
}
