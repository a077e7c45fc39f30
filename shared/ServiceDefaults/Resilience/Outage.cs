using Microsoft.Extensions.Logging;

namespace Recommender.ServiceDefaults.Resilience;

/// <summary>
/// Logs the outages of one dependency: one line at the beginning and one at the end, for any number of attempts. A loop uses one object for
/// its lifetime. Not thread-safe.
/// </summary>
/// <param name="dependency">Name of the dependency in the log, such as <c>RabbitMQ at host:5672</c>.</param>
/// <param name="isOutage">Whether a failure is an outage and retried. Default: all are.</param>
public sealed class Outage(ILogger logger, string dependency, Func<Exception, bool>? isOutage = null) : RetryObserver
{
    /// <summary>Whether an outage has begun and not ended.</summary>
    public bool IsOngoing { get; private set; }

    public override bool IsRetried(Exception failure) => isOutage?.Invoke(failure) ?? true;

    public override void OnFailure(Exception failure, int attempt) => Begin(failure.Message);

    public override void OnSuccess()
    {
        if (IsOngoing) logger.DependencyReturned(dependency);
        IsOngoing = false;
    }

    /// <summary>Marks the beginning of an outage that is detected before an attempt fails, such as a lost connection.</summary>
    public void Begin(string reason)
    {
        if (!IsOngoing) logger.DependencyLost(dependency, reason);
        IsOngoing = true;
    }
}
