using System.ComponentModel.DataAnnotations;

namespace Recommender.Insights;

/// <summary>Configuration section <c>Insights</c>.</summary>
public sealed class InsightsOptions
{
    public const string Section = "Insights";

    /// <summary>How long answers that were returned are kept. Whole days in UTC are removed.</summary>
    [Range(1, 3650)]
    public int AnswerRetentionDays { get; set; } = 30;

    /// <summary>How long after an answer an event that does not name it may have come of it.</summary>
    [Range(0.01, 24.0 * 90)]
    public double AttributionHours { get; set; } = 24;

    /// <summary>How long attribution stays behind the stored events, so that answers are stored first.</summary>
    [Range(0.0, 600.0)]
    public double AttributionDelaySeconds { get; set; } = 3;

    /// <summary>How long an event that names an answer waits for the answer to be stored.</summary>
    [Range(1, 1440)]
    public int OpenOutcomeMinutes { get; set; } = 10;

    /// <summary>Bytes of records that are stored together.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 1024 * 1024;
}
