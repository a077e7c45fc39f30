namespace Recommender.Factorization.Events;

/// <summary>Meaning of a value below 0.</summary>
public enum NegativeValueUse
{
    /// <summary>The event takes back as much of its type. The excess is a negative signal, such as an unlike.</summary>
    Opposite,

    /// <summary>The event takes back as much of its type. The excess is no signal, such as a cancelled order line.</summary>
    TakeBack,

    /// <summary>The sign is ignored, and 0 is an ordinary value.</summary>
    Ignore,
}
