namespace Recommender.ServiceDefaults.Resilience;

/// <summary>
/// Names of the resilience pipelines. Each retries without limit until success, cancellation, or a failure that its caller does not treat
/// as an outage.
/// </summary>
public static class PipelineNames
{
    /// <summary>
    /// For connections of background loops. Pauses grow from 100 ms to <see cref="RetryOptions.MaxDelay"/>, with jitter, so that instances
    /// do not reconnect at the same time.
    /// </summary>
    public const string Reconnect = "reconnect";

    /// <summary>
    /// For repeatable work that requires a store, factor store or broker. Pauses grow from 50 ms to <see cref="RetryOptions.MaxDelay"/>,
    /// with jitter. They are short, because other work waits.
    /// </summary>
    public const string UntilAvailable = "until-available";
}
