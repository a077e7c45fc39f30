namespace Recommender.Experiments.Statistics;

/// <summary>
/// Half widths of intervals that hold at all times at once, so a result may be read every day without correction.
/// Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences",
/// Annals of Statistics 2024, theorem 2.2 (the normal mixture of Robbins 1970), with ρ tuned by their appendix B.2. Asymptotic: read it
/// only from some hundred units on.
/// </summary>
public static class ConfidenceSequence
{
    /// <summary>ρ² that makes the sequence tightest near a number of units: (−2 ln α + ln(−2 ln α + 1)) / units.</summary>
    /// <param name="alpha">Share of sequences that may miss the truth at any time, above 0 and below 1.</param>
    /// <param name="plannedUnits">Units at which the interval is to be tightest, above 0.</param>
    public static double RhoSquared(double alpha, double plannedUnits)
    {
        CheckAlpha(alpha);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(plannedUnits);
        double twice = -2 * Math.Log(alpha);
        return (twice + Math.Log(twice + 1)) / plannedUnits;
    }

    /// <summary>Half width in standard errors: √(2 (tρ² + 1) / (tρ²) · ln(√(tρ² + 1) / α)).</summary>
    /// <param name="units">Units so far (t), above 0.</param>
    /// <param name="rhoSquared">Fixed before the first unit, above 0.</param>
    /// <param name="alpha">As in <see cref="RhoSquared"/>.</param>
    public static double StandardErrors(double units, double rhoSquared, double alpha)
    {
        CheckAlpha(alpha);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rhoSquared);
        double scaled = units * rhoSquared;
        return Math.Sqrt(2 * (scaled + 1) / scaled * (0.5 * Math.Log(scaled + 1) - Math.Log(alpha)));
    }

    private static void CheckAlpha(double alpha)
    {
        if (alpha is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "Alpha must be above 0 and below 1.");
    }
}
