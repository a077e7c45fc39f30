namespace Recommender.Storage.Events;

/// <summary>A stored event with its sequence and session. <see cref="Value"/> is NaN for an event without a value.</summary>
/// <param name="Sequence">Position in the order of storage.</param>
/// <param name="SessionId">Session of the event as given by the producer; null without one.</param>
public readonly record struct SequencedEvent(
    long Sequence, int UserKey, int ItemKey, short TypeId, float Value, long OccurredAtMs, string? SessionId);
