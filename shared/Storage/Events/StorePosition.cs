namespace Recommender.Storage.Events;

/// <param name="Sequence">Sequence of the newest event; 0 when there is none.</param>
/// <param name="Revision">Grows with every change of events: additions, merges, erasures, removals by age.</param>
public readonly record struct StorePosition(long Sequence, long Revision);
