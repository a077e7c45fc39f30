namespace Recommender.Experiments.Statistics;

/// <summary>A figure that must not get worse: a variant that certainly exceeds the margin is stopped.</summary>
/// <param name="Metric">Name of the metric, for example errors per answer or milliseconds per answer.</param>
/// <param name="LowerIsBetter">True for errors and latency, false for clicks.</param>
/// <param name="Margin">Tolerated change for the worse as a share of the control's ratio, at least 0.</param>
public sealed record Guardrail(string Metric, bool LowerIsBetter, double Margin)
{
    /// <summary>True if the whole always-valid interval of the difference lies beyond the margin.</summary>
    public bool IsBroken(VariantComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        double tolerated = Margin * Math.Abs(comparison.Control);
        return LowerIsBetter ? comparison.Low > tolerated : comparison.High < -tolerated;
    }
}
