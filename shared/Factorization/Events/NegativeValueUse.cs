namespace Recommender.Factorization.Events;

/// <summary>What a value below 0 means.</summary>
public enum NegativeValueUse
{
    /// <summary>The event takes back as much of its type, and what it takes back beyond that is a negative signal: an unlike.</summary>
    Opposite,

    /// <summary>The event takes back as much of its type. The excess is no signal: a cancelled order line.</summary>
    TakeBack,

    /// <summary>The sign does not matter, and 0 is a value like any other.</summary>
    Ignore,
}
