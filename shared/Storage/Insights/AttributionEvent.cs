using Recommender.Contracts;

namespace Recommender.Storage.Insights;

/// <summary>An event as attribution reads it.</summary>
/// <param name="SessionId">As the producer stated it; null without one.</param>
/// <param name="Value">NaN without one.</param>
/// <param name="RecommendationId">As the producer stated it; null without one.</param>
public sealed record AttributionEvent(long Sequence, UserRef Subject, string? SessionId, int ItemKey, short TypeId, double Value, long AtMs,
    string? RecommendationId);
