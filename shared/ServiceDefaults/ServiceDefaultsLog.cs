using Microsoft.Extensions.Logging;

namespace Recommender.ServiceDefaults;

/// <summary>Log events 1 to 99. Ids are never reused, because alarms refer to them.</summary>
internal static partial class ServiceDefaultsLog
{
    [LoggerMessage(1, LogLevel.Warning, "{Work} is interrupted: {Reason} It resumes when the dependency is available again.")]
    public static partial void WorkInterrupted(this ILogger logger, string work, string reason);

    [LoggerMessage(2, LogLevel.Information, "{Work} has resumed.")]
    public static partial void WorkResumed(this ILogger logger, string work);

    [LoggerMessage(3, LogLevel.Error, "{Work} failed. The next attempt follows in {Seconds} s.")]
    public static partial void WorkFailed(this ILogger logger, Exception exception, string work, double seconds);

    [LoggerMessage(10, LogLevel.Warning, "{Dependency} cannot be used; retrying until it can: {Reason}")]
    public static partial void DependencyLost(this ILogger logger, string dependency, string reason);

    [LoggerMessage(11, LogLevel.Information, "{Dependency} is available again")]
    public static partial void DependencyReturned(this ILogger logger, string dependency);

    [LoggerMessage(20, LogLevel.Error, "{Method} {Route} failed. The client received status 500.")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method, string route);

    [LoggerMessage(30, LogLevel.Warning, "The key file {KeyFile} has no key. Every request is refused until it has one.")]
    public static partial void KeyFileIsEmpty(this ILogger logger, string keyFile);

    [LoggerMessage(31, LogLevel.Error, "The changed keys cannot be used. The previous keys stay in force: {Reason}")]
    public static partial void KeysNotReloaded(this ILogger logger, string reason);

    [LoggerMessage(32, LogLevel.Information,
        "No API keys are configured. The service listens on loopback only and is open to every local process. Configure Keys to serve "
        + "others.")]
    public static partial void NoKeys(this ILogger logger);

    [LoggerMessage(33, LogLevel.Warning,
        "The service listens beyond loopback without TLS. Keys and data cross the network unencrypted. Use https, or a TLS proxy in front.")]
    public static partial void NoTls(this ILogger logger);
}
