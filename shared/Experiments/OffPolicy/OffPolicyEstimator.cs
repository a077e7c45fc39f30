namespace Recommender.Experiments.OffPolicy;

/// <summary>
/// Estimators of a policy's value with normal intervals, for a sample whose size was fixed in advance. Weights are target over propensity.
/// Rows are taken to be independent. Every action that the target may choose must have a propensity above 0.
/// </summary>
public static class OffPolicyEstimator
{
    /// <summary>Quantile of the standard normal distribution for 95 % intervals.</summary>
    public const double Quantile95 = 1.959963984540054;

    /// <summary>Inverse propensity score: mean of w·r. Unbiased. Horvitz, Thompson, 1952.</summary>
    /// <param name="log">At least two rows.</param>
    /// <param name="quantile">Half width of the interval in standard errors.</param>
    /// <exception cref="ArgumentException">Fewer than two rows, or a propensity that is not above 0.</exception>
    public static OffPolicyEstimate Ips(ReadOnlySpan<LoggedAction> log, double quantile = Quantile95) =>
        Mean(log, static (row, w) => w * row.Reward, quantile);

    /// <summary>
    /// Doubly robust: mean of w·(r − predicted) + the prediction for the target's choices. Unbiased with true propensities; the better the
    /// predictions, the narrower. Dudík, Langford, Li, ICML 2011, equation 2.
    /// </summary>
    /// <inheritdoc cref="Ips" path="/param|/exception"/>
    public static OffPolicyEstimate DoublyRobust(ReadOnlySpan<LoggedAction> log, double quantile = Quantile95) =>
        Mean(log, static (row, w) => w * (row.Reward - row.Predicted) + row.TargetPredicted, quantile);

    /// <summary>
    /// Self-normalised: Σw·r / Σw, with the delta method's variance Σw²(r − v)² / (Σw)². Swaminathan, Joachims, NeurIPS 2015; NaN if no
    /// row has a weight.
    /// </summary>
    /// <inheritdoc cref="Ips" path="/param|/exception"/>
    public static OffPolicyEstimate SelfNormalised(ReadOnlySpan<LoggedAction> log, double quantile = Quantile95)
    {
        Check(log);
        double weights = 0, rewards = 0, squares = 0, variance = 0;
        foreach (var row in log)
        {
            double w = row.Target / row.Propensity;
            weights += w;
            squares += w * w;
            rewards += w * row.Reward;
        }

        double value = rewards / weights;
        foreach (var row in log)
        {
            double residual = row.Target / row.Propensity * (row.Reward - value);
            variance += residual * residual;
        }

        return Interval(value, Math.Sqrt(variance) / weights, quantile, weights * weights / squares);
    }

    private static OffPolicyEstimate Mean(ReadOnlySpan<LoggedAction> log, Func<LoggedAction, double, double> term, double quantile)
    {
        Check(log);
        double weights = 0, weightSquares = 0, sum = 0, spread = 0;
        foreach (var row in log)
        {
            double w = row.Target / row.Propensity;
            weights += w;
            weightSquares += w * w;
            sum += term(row, w);
        }

        double mean = sum / log.Length;
        foreach (var row in log)
        {
            double distance = term(row, row.Target / row.Propensity) - mean;
            spread += distance * distance;
        }

        double error = Math.Sqrt(spread / (log.Length - 1) / log.Length);
        return Interval(mean, error, quantile, weightSquares > 0 ? weights * weights / weightSquares : 0);
    }

    private static OffPolicyEstimate Interval(double value, double error, double quantile, double size) =>
        new(value, value - quantile * error, value + quantile * error, size);

    private static void Check(ReadOnlySpan<LoggedAction> log)
    {
        if (log.Length < 2) throw new ArgumentException("An estimate needs at least two rows.", nameof(log));
        foreach (var row in log)
        {
            if (row.Propensity is not (> 0 and <= 1))
            {
                throw new ArgumentException($"Propensities must be above 0 and at most 1; got {row.Propensity}.", nameof(log));
            }
        }
    }
}
