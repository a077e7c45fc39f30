namespace Recommender.Storage.Pairs;

/// <summary>What the table <c>audience</c> holds of one user and one item: one user's part in the statistics of the item.</summary>
/// <param name="CountsAtMs">Time of the newest positive event, at which the user counts. Null: the preference is not positive, and the user
/// does not count.</param>
/// <param name="IsMixed">
/// Some event took away or replaced, or can: what a further event makes of the pair follows only from all of its events. Otherwise all
/// events add, and a further one that adds only moves the time forward.
/// </param>
internal readonly record struct PairState(long? CountsAtMs, bool IsMixed);
