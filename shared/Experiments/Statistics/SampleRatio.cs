namespace Recommender.Experiments.Statistics;

/// <summary>
/// Sequential check that units fall into variants as their shares promise. The Bayes factor of a Dirichlet mixture against the promised
/// shares is a martingale under the promise, so it reaches 1/α with probability α at most, at any time: Lindon, Malek,
/// "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022, equation 5.
/// </summary>
public static class SampleRatio
{
    /// <summary>Natural logarithm of the Bayes factor against the shares.</summary>
    /// <param name="counts">Units of each variant, at least 0.</param>
    /// <param name="shares">Promised shares, above 0, of sum 1, as many as counts.</param>
    /// <param name="concentration">Sum of the prior's parameters, above 0; higher finds smaller deviations later.</param>
    public static double LogBayesFactor(ReadOnlySpan<long> counts, ReadOnlySpan<double> shares, double concentration = 100)
    {
        if (counts.Length != shares.Length) throw new ArgumentException("Counts and shares differ in number.", nameof(shares));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concentration);
        long total = 0;
        double log = 0;
        for (int v = 0; v < counts.Length; v++)
        {
            double prior = concentration * shares[v];
            log += LogGamma(prior + counts[v]) - LogGamma(prior) - counts[v] * Math.Log(shares[v]);
            total += counts[v];
        }

        return log + LogGamma(concentration) - LogGamma(concentration + total);
    }

    /// <summary>True if the shares are refuted at <paramref name="alpha"/>. No result of the experiment is then to be believed.</summary>
    /// <inheritdoc cref="LogBayesFactor" path="/param"/>
    public static bool IsViolated(ReadOnlySpan<long> counts, ReadOnlySpan<double> shares, double alpha = 0.001) =>
        LogBayesFactor(counts, shares) >= -Math.Log(alpha);

    // Stirling's series after shifting the argument above 10: error below 1e-12.
    private static double LogGamma(double x)
    {
        double shift = 0;
        for (; x < 10; x++) shift -= Math.Log(x);
        double inverse = 1 / x, square = inverse * inverse;
        return shift + (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI)
            + inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680))));
    }
}
