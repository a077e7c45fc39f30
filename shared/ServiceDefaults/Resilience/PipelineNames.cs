namespace Recommender.ServiceDefaults.Resilience;

/// <summary>
/// Names of the resilience pipelines. Each retries without end, because what fails is a server that comes back: it stops with success, with
/// a failure that its caller does not count as an outage, or with cancellation.
/// </summary>
public static class PipelineNames
{
    /// <summary>
    /// For connections that a background loop keeps up. Pauses grow from 100 ms to <see cref="RetryOptions.MaxDelay"/>, with jitter, so
    /// that instances that lost a server together do not return to it together.
    /// </summary>
    public const string Reconnect = "reconnect";

    /// <summary>
    /// For work that cannot be done while a store, factor store or broker is unavailable, and that may be repeated without harm. Pauses
    /// grow from 50 ms to <see cref="RetryOptions.MaxDelay"/>, with jitter: something waits behind the work.
    /// </summary>
    public const string UntilAvailable = "until-available";
}
