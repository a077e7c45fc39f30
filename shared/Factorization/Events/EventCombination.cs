namespace Recommender.Factorization.Events;

/// <summary>How several events of one type by one user on one item combine.</summary>
public enum EventCombination
{
    /// <summary>They add up.</summary>
    Sum,

    /// <summary>Only the newest counts, by time and then by sequence.</summary>
    Latest,
}
