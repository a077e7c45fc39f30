namespace Recommender.Storage.Events;

/// <param name="Sequence">Sequence of the newest event; 0 without events.</param>
/// <param name="Revision">Increases with every change of events: additions, merges, erasures, retention.</param>
public readonly record struct StorePosition(long Sequence, long Revision);
