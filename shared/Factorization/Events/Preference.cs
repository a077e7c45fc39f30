namespace Recommender.Factorization.Events;

/// <summary>The preference that events express for one (user, item): confidence c ≥ 0 and target p in 0..1.</summary>
/// <remarks>Addition is exact: c₁(s − p₁)² + c₂(s − p₂)² equals (c₁ + c₂)(s − p)² plus a constant, with p the weighted mean.</remarks>
public readonly record struct Preference(double Weight, double Target)
{
    /// <summary>Whether the positive events outweigh the negative ones.</summary>
    public bool IsPositive => Weight > 0 && Target > 0.5;

    /// <summary>The combined preference: the sum of the weights, and the weighted mean of the targets.</summary>
    public Preference Add(Preference other)
    {
        double weight = Weight + other.Weight;
        return weight <= 0 ? default : new(weight, (Weight * Target + other.Weight * other.Target) / weight);
    }
}
