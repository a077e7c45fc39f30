namespace Recommender.Factorization.Events;

/// <summary>What the magnitude of an event's value means for its weight.</summary>
public enum ValueUse
{
    /// <summary>The magnitude does not matter.</summary>
    Ignore,

    /// <summary>Weight × |value|.</summary>
    Linear,

    /// <summary>
    /// Weight × (1 + log2(1 + |value|)) / 2: doubles slowly, so that one bulk order does not drown a history; 1 for a value of 1.
    /// </summary>
    Logarithmic,
}
