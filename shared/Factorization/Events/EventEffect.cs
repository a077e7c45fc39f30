namespace Recommender.Factorization.Events;

/// <summary>What one event can change in the preference of its user for its item.</summary>
public enum EventEffect
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It adds to the preference, independent of other events.</summary>
    Adds,

    /// <summary>It may take away or replace: the preference follows only from all events of the pair together.</summary>
    Depends,
}
