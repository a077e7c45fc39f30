namespace Recommender.Storage.Pairs;

/// <summary>A row of the table <c>audience</c>: the contribution of one user to the statistics of one item.</summary>
/// <param name="CountsAtMs">Time of the newest positive event, at which the user counts. Null: the preference is not positive, and the user
/// does not count.</param>
/// <param name="IsMixed">Whether an event cancels or replaces others, or may do so: after another event the state must be computed from all
/// events of the pair. Otherwise all events add, and another one that adds only increases the time.</param>
internal readonly record struct PairState(long? CountsAtMs, bool IsMixed);
