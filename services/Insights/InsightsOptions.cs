using System.ComponentModel.DataAnnotations;

namespace Recommender.Insights;

/// <summary>Configuration section <c>Insights</c>.</summary>
public sealed class InsightsOptions
{
    public const string Section = "Insights";

    /// <summary>How long answers that were returned are kept. Whole days in UTC are removed.</summary>
    [Range(1, 3650)]
    public int AnswerRetentionDays { get; set; } = 30;

    /// <summary>Bytes of records that are stored together.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 1024 * 1024;
}
