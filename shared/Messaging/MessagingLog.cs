using Microsoft.Extensions.Logging;

namespace Recommender.Messaging;

/// <summary>Log events 100 to 199. Ids are never reused, because alarms refer to them.</summary>
internal static partial class MessagingLog
{
    [LoggerMessage(100, LogLevel.Error, "Handling of {Count} messages of {Stream} failed. It is retried until it succeeds.")]
    public static partial void BatchFailed(this ILogger logger, Exception exception, int count, string stream);

    [LoggerMessage(101, LogLevel.Error, "Handling of messages of {Stream} has failed {Attempts} times and is retried: {Reason}")]
    public static partial void BatchStillFails(this ILogger logger, string stream, int attempts, string reason);

    [LoggerMessage(110, LogLevel.Warning,
        "The consumer of {Stream} was interrupted: {Reason} It reconnects; unacknowledged messages are delivered again.")]
    public static partial void ConsumerInterrupted(this ILogger logger, string stream, string reason);

    [LoggerMessage(120, LogLevel.Debug, "The notice {Notice} was not sent.")]
    public static partial void NoticeNotSent(this ILogger logger, Exception exception, string notice);

    [LoggerMessage(121, LogLevel.Warning, "Handling of the notice {Notice} failed. Polling makes up for it.")]
    public static partial void NoticeFailed(this ILogger logger, Exception exception, string notice);
}
