using Recommender.Contracts;

namespace Recommender.Storage;

/// <param name="Events">Number of stored events.</param>
/// <param name="Users">Number of users and sessions with events or a profile.</param>
/// <param name="Items">Number of known items, without deleted ones.</param>
/// <param name="Sequence">Highest event sequence; 0 without events.</param>
/// <param name="LastStoredAt">When the newest event was stored.</param>
public sealed record StoreStatus(long Events, long Users, long Items, long Sequence, DateTimeOffset? LastStoredAt)
{
    public StatusCounters Counters { get; init; } = new();
}
