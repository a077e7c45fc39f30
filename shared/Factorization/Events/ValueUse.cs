namespace Recommender.Factorization.Events;

/// <summary>How the weight of an event depends on the magnitude of its value.</summary>
public enum ValueUse
{
    /// <summary>Not at all.</summary>
    Ignore,

    /// <summary>Weight × |value|.</summary>
    Linear,

    /// <summary>
    /// Weight × (1 + log2(1 + |value|)) / 2, which is the weight for a value of 1. A bulk order then does not dominate a history.
    /// </summary>
    Logarithmic,
}
