namespace Recommender.WebConsole;

/// <summary>Log events 4000 to 4999. Ids are never reused, because alarms refer to them.</summary>
internal static partial class ConsoleLog
{
    [LoggerMessage(4000, LogLevel.Warning, "{Service} did not answer a request: {Reason}")]
    public static partial void ServiceFailed(this ILogger logger, string service, string reason);

    [LoggerMessage(4001, LogLevel.Warning, "{Service} at {Address} gets no requests until it is ready again: {Reason}")]
    public static partial void ReplicaLost(this ILogger logger, string service, string address, string reason);

    [LoggerMessage(4002, LogLevel.Information, "{Service} at {Address} is ready again and gets requests.")]
    public static partial void ReplicaReturned(this ILogger logger, string service, string address);
}
