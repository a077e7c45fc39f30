namespace Recommender.Storage.Events;

/// <summary>A stored event with its place in the store and its session. <see cref="Value"/> is NaN where the event had none.</summary>
/// <param name="Sequence">Place in the order of storing.</param>
/// <param name="SessionId">As stated with the event; null where there was none.</param>
public readonly record struct SequencedEvent(
    long Sequence, int UserKey, int ItemKey, short TypeId, float Value, long OccurredAtMs, string? SessionId);
