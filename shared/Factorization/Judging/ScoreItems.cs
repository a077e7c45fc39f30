using Recommender.Factorization.Data;

namespace Recommender.Factorization.Judging;

/// <summary>Scores every item for a history, for scorers other than models.</summary>
public delegate void ScoreItems(ReadOnlySpan<HistoryEntry> history, Span<float> scores);
