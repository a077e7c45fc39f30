namespace Recommender.Factorization.Events;

/// <summary>How an event affects the preference of its user for its item.</summary>
public enum EventEffect
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It adds to the preference, independent of other events.</summary>
    Adds,

    /// <summary>It may cancel or replace others: the preference depends on all events of the pair.</summary>
    Depends,
}
