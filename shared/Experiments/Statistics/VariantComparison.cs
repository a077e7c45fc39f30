namespace Recommender.Experiments.Statistics;

/// <summary>A variant's ratio against the control's.</summary>
/// <param name="Control">Ratio of the control.</param>
/// <param name="Variant">Ratio of the variant, unadjusted.</param>
/// <param name="Difference">Variant minus control, adjusted by the pre-period.</param>
/// <param name="Low">Lower end of the always-valid interval of the difference; −∞ with too few units.</param>
/// <param name="High">Upper end; +∞ with too few units.</param>
/// <param name="StandardError">Standard error of the difference.</param>
/// <param name="VarianceKept">Variance after the pre-period adjustment over the variance before it.</param>
public sealed record VariantComparison(
    double Control, double Variant, double Difference, double Low, double High, double StandardError, double VarianceKept)
{
    /// <summary>True if the interval excludes 0.</summary>
    public bool IsDecided => Low > 0 || High < 0;

    /// <summary>
    /// Compares ratios: delta method for the variance, CUPED with one slope for both (Deng, Xu, Kohavi, Walker, WSDM 2013, equation 3).
    /// </summary>
    /// <param name="control">Sums of the control.</param>
    /// <param name="variant">Sums of the variant.</param>
    /// <param name="treatments">Variants compared with this control, at least 1.</param>
    public static VariantComparison Compare(MetricSums control, MetricSums variant, AnalysisSettings settings, int treatments = 1)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(treatments, 1);
        double difference = variant.Ratio - control.Ratio;
        if (Math.Min(control.Units, variant.Units) < Math.Max(2, settings.LeastUnits) || control.D <= 0 || variant.D <= 0)
        {
            return new(control.Ratio, variant.Ratio, difference, double.NegativeInfinity, double.PositiveInfinity, double.NaN, 1);
        }

        double prePeriod = control.PrePeriodVariance / control.Units + variant.PrePeriodVariance / variant.Units;
        double covariance = control.LinearisedCovariance / control.Units + variant.LinearisedCovariance / variant.Units;
        double plain = control.LinearisedVariance / control.Units + variant.LinearisedVariance / variant.Units;
        double slope = prePeriod > 0 ? covariance / prePeriod : 0;
        double adjusted = Math.Max(0, plain - slope * covariance);
        difference -= slope * (variant.X / variant.Units - control.X / control.Units);
        double error = Math.Sqrt(adjusted), alpha = settings.Alpha / treatments;
        double half = error * ConfidenceSequence.StandardErrors(
            control.Units + variant.Units, ConfidenceSequence.RhoSquared(alpha, settings.PlannedUnits), alpha);
        // Without any variance (no click so far) nothing is known, however many units there are.
        if (plain == 0) half = double.PositiveInfinity;
        return new(control.Ratio, variant.Ratio, difference, difference - half, difference + half, error, plain > 0 ? adjusted / plain : 1);
    }
}
