using Microsoft.Extensions.Logging;

namespace Recommender.ServiceDefaults.Resilience;

/// <summary>
/// Logs the outages of one dependency: a line when one begins and a line when it has ended, however many attempts lie between. One object
/// serves a loop for its whole life. Not safe for concurrent use.
/// </summary>
/// <param name="dependency">What is unavailable, as the log names it, e.g. <c>RabbitMQ at host:5672</c>.</param>
/// <param name="isOutage">Which failures are an outage and retried; others are the caller's. Default: all.</param>
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

    /// <summary>Marks the beginning where it shows before an attempt fails, as with a lost connection.</summary>
    public void Begin(string reason)
    {
        if (!IsOngoing) logger.DependencyLost(dependency, reason);
        IsOngoing = true;
    }
}
