using Recommender.Contracts;

namespace Recommender.Storage;

/// <param name="Events">Events stored.</param>
/// <param name="Users">Users and sessions with events or a profile.</param>
/// <param name="Items">Items known, deleted ones not counted.</param>
/// <param name="Sequence">Highest event sequence; 0 when there is none.</param>
/// <param name="LastStoredAt">When the newest event was stored.</param>
public sealed record StoreStatus(long Events, long Users, long Items, long Sequence, DateTimeOffset? LastStoredAt)
{
    public StatusCounters Counters { get; init; } = new();
}
