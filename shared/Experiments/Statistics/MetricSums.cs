namespace Recommender.Experiments.Statistics;

/// <summary>
/// Number of units of a variant, and sums, squares and cross products of their totals (y numerator, d denominator, x pre-period).
/// Aggregates of days are changes of these sums and merge by addition. A unit that returns replaces its old totals, so its squares stay
/// those of the unit and not of unit-days, which would understate the variance.
/// </summary>
public readonly record struct MetricSums(
    long Units, double Y, double D, double X, double YY, double DD, double XX, double YD, double YX, double DX)
{
    /// <summary>Sums of one unit.</summary>
    public static MetricSums Of(UnitTotals unit)
    {
        var (y, d, x) = unit;
        return new(1, y, d, x, y * y, d * d, x * x, y * d, y * x, d * x);
    }

    /// <summary>Change of the sums if a known unit's totals change. The number of units stays.</summary>
    public static MetricSums Change(UnitTotals before, UnitTotals after) => Of(after) - Of(before);

    public static MetricSums operator +(MetricSums a, MetricSums b) => new(a.Units + b.Units, a.Y + b.Y, a.D + b.D, a.X + b.X,
        a.YY + b.YY, a.DD + b.DD, a.XX + b.XX, a.YD + b.YD, a.YX + b.YX, a.DX + b.DX);

    public static MetricSums operator -(MetricSums a, MetricSums b) => new(a.Units - b.Units, a.Y - b.Y, a.D - b.D, a.X - b.X,
        a.YY - b.YY, a.DD - b.DD, a.XX - b.XX, a.YD - b.YD, a.YX - b.YX, a.DX - b.DX);

    public static MetricSums Add(MetricSums left, MetricSums right) => left + right;

    public static MetricSums Subtract(MetricSums left, MetricSums right) => left - right;

    /// <summary>Sum of numerators over sum of denominators; NaN without a denominator.</summary>
    public double Ratio => Y / D;

    /// <summary>
    /// Variance per unit of the linearised ratio w = (y − ratio·d) / mean(d) by the delta method: the ratio's variance is this over
    /// <see cref="Units"/>. Deng, Knoblich, Lu, "Applying the Delta Method in Metric Analytics", KDD 2018, equation 2.
    /// </summary>
    public double LinearisedVariance
    {
        get
        {
            double ratio = Ratio, mean = D / Units;
            // The mean of w is 0 by construction.
            return Math.Max(0, YY - 2 * ratio * YD + ratio * ratio * DD) / (mean * mean) / (Units - 1);
        }
    }

    /// <summary>Covariance per unit of the linearised ratio and the pre-period figure.</summary>
    public double LinearisedCovariance => (YX - Ratio * DX) / (D / Units) / (Units - 1);

    /// <summary>Variance per unit of the pre-period figure.</summary>
    public double PrePeriodVariance => Math.Max(0, XX - X * X / Units) / (Units - 1);
}
