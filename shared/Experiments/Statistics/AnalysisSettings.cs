namespace Recommender.Experiments.Statistics;

/// <summary>How experiments are analysed. Fixed before the first unit.</summary>
public sealed record AnalysisSettings
{
    /// <summary>
    /// Share of experiments without a difference that may show one at any time; divided by the number of treatments (Bonferroni).
    /// </summary>
    public double Alpha { get; init; } = 0.05;

    /// <summary>Units of control and variant together at which intervals are to be tightest.</summary>
    public double PlannedUnits { get; init; } = 10_000;

    /// <summary>Units of each variant below which there is no interval: the sequence is asymptotic.</summary>
    public long LeastUnits { get; init; } = 100;
}
