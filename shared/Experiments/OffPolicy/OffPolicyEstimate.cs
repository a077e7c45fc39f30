namespace Recommender.Experiments.OffPolicy;

/// <summary>Value of a policy per shown item, from the log of another policy.</summary>
/// <param name="Estimate">Mean reward the policy would have earned.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
/// <param name="EffectiveSampleSize">(Σw)² / Σw², 0 to the number of rows; with few, the interval is not to be believed.</param>
public readonly record struct OffPolicyEstimate(double Estimate, double Low, double High, double EffectiveSampleSize);
