using Recommender.Contracts.Served;

namespace Recommender.Storage.Insights;

/// <summary>An event that came of an answer, or may have: its answer has not been stored yet.</summary>
/// <param name="Sequence">Of the event: it counts once.</param>
/// <param name="AnswerId">The answer that it is attributed to.</param>
/// <param name="IsConversion">A purchase; else a click.</param>
/// <param name="Value">Of a conversion, as the event states it; 0 without one.</param>
public sealed record Outcome(long Sequence, RecommendationId AnswerId, int ItemKey, bool IsConversion, double Value, long AtMs);
