namespace Recommender.Experiments.Exploration;

/// <summary>
/// Explicit distributions over candidates. The probability of the drawn candidate is its propensity. No method allocates.
/// </summary>
public static class ChoiceDistribution
{
    /// <summary>Draws behind a Thompson distribution.</summary>
    public const int ThompsonDraws = 1_000;

    /// <summary>Probabilities proportional to exp(score / temperature).</summary>
    /// <param name="scores">Finite scores, at least one.</param>
    /// <param name="temperature">Above 0; lower is greedier.</param>
    /// <param name="probabilities">Receives the probabilities, parallel to the scores.</param>
    public static void Softmax(ReadOnlySpan<double> scores, double temperature, Span<double> probabilities)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        Check(scores.Length, probabilities.Length);
        double highest = scores[0], sum = 0;
        foreach (double score in scores) highest = Math.Max(highest, score);
        for (int n = 0; n < scores.Length; n++) sum += probabilities[n] = Math.Exp((scores[n] - highest) / temperature);
        for (int n = 0; n < scores.Length; n++) probabilities[n] /= sum;
    }

    /// <summary>
    /// Share of <see cref="ThompsonDraws"/> draws from normal posteriors in which a candidate is the best, the first of equal ones. The
    /// shares are the distribution itself and not an estimate of one, so propensities are exact. A candidate that no draw favours has
    /// probability 0.
    /// </summary>
    /// <param name="means">Posterior means, at least one.</param>
    /// <param name="deviations">Posterior standard deviations, at least 0, parallel to the means.</param>
    /// <param name="seed">The same seed gives the same shares.</param>
    /// <param name="probabilities">Receives the probabilities, parallel to the means.</param>
    public static void Thompson(ReadOnlySpan<double> means, ReadOnlySpan<double> deviations, ulong seed, Span<double> probabilities)
    {
        Check(means.Length, probabilities.Length);
        Check(means.Length, deviations.Length);
        probabilities.Clear();
        for (int draw = 0; draw < ThompsonDraws; draw++)
        {
            int best = 0;
            double highest = double.NegativeInfinity;
            for (int n = 0; n < means.Length; n++)
            {
                // Box–Muller; 1 − u is above 0.
                double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(ref seed)));
                double value = means[n] + deviations[n] * radius * Math.Cos(2 * Math.PI * Uniform(ref seed));
                if (value > highest) (best, highest) = (n, value);
            }

            probabilities[best]++;
        }

        for (int n = 0; n < means.Length; n++) probabilities[n] /= ThompsonDraws;
    }

    /// <summary>Index of a candidate, drawn with its probability; never one of probability 0.</summary>
    /// <param name="probabilities">Not negative, of sum 1 up to rounding.</param>
    /// <param name="point">Uniform draw, 0 to below 1.</param>
    public static int Draw(ReadOnlySpan<double> probabilities, double point)
    {
        int last = -1;
        for (int n = 0; n < probabilities.Length; n++)
        {
            if (probabilities[n] <= 0) continue;
            last = n;
            if ((point -= probabilities[n]) < 0) break;
        }

        return last >= 0 ? last : throw new ArgumentException("No probability is above 0.", nameof(probabilities));
    }

    // SplitMix64: Steele, Lea, Flood, OOPSLA 2014.
    private static double Uniform(ref ulong state)
    {
        ulong mixed = state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    private static void Check(int length, int other)
    {
        if (length > 0 && length == other) return;
        throw new ArgumentException($"Spans must have one length above 0; got {length} and {other}.");
    }
}
