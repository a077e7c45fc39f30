namespace Recommender.Insights.Reporting;

/// <summary>95 % confidence intervals.</summary>
internal static class Intervals
{
    private const double Z = 1.959963984540054;

    /// <summary>Of a share (Wilson 1927, "Probable inference, the law of succession, and statistical inference").</summary>
    /// <param name="share">0 to 1.</param>
    /// <param name="n">Number of trials, above 0.</param>
    public static (double Low, double High) OfShare(double share, double n)
    {
        double p = Math.Clamp(share, 0, 1), center = p + (Z * Z / (2 * n));
        double half = Z * Math.Sqrt((p * (1 - p) / n) + (Z * Z / (4 * n * n))), scale = 1 + (Z * Z / n);
        return (Math.Max((center - half) / scale, 0), Math.Min((center + half) / scale, 1));
    }

    /// <summary>Of a mean, by its standard error.</summary>
    /// <param name="variance">Of a single value, 0 or more.</param>
    /// <param name="n">Number of values, above 0.</param>
    public static (double Low, double High) OfMean(double mean, double variance, double n)
    {
        double half = Z * Math.Sqrt(Math.Max(variance, 0) / n);
        return (mean - half, mean + half);
    }

    /// <summary>
    /// Gini coefficient of how often items were shown: 0 if all equally often, near 1 if only few (Gini 1912, as in Fleder and Hosanagar
    /// 2009).
    /// </summary>
    /// <param name="descending">Showings of the items that were shown at all, most often first.</param>
    /// <param name="items">All items, at least as many.</param>
    public static double Gini(IReadOnlyList<double> descending, int items)
    {
        double total = 0, weighted = 0;
        for (int i = 0; i < descending.Count; i++)
        {
            total += descending[i];
            weighted += descending[i] * (items - i);
        }

        return total > 0 ? ((2 * weighted / total) - items - 1) / items : 0;
    }
}
