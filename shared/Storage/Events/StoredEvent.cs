namespace Recommender.Storage.Events;

/// <summary>One event of a history. <see cref="Value"/> is NaN for an event without a value.</summary>
public readonly record struct StoredEvent(int ItemKey, short TypeId, float Value, long OccurredAtMs);
