namespace Recommender.Insights;

/// <summary>Log events 5000 to 5999. Ids are never reused, because alarms refer to them.</summary>
internal static partial class InsightsLog
{
    [LoggerMessage(5000, LogLevel.Debug, "Stored {Stored} of {Answers} answers that were returned.")]
    public static partial void AnswersStored(this ILogger logger, int stored, int answers);

    [LoggerMessage(5001, LogLevel.Information, "Removed the answers of {Days} days before {Before:d}.")]
    public static partial void AnswersRemoved(this ILogger logger, int days, DateTimeOffset before);
}
