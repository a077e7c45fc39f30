using Recommender.Factorization.Learners.Combined;

namespace Recommender.Factorization.Data;

/// <summary>One item of a user's history, for training and fold-in.</summary>
/// <param name="Item">0-based index in the model.</param>
/// <param name="Weight">Confidence c, above 0.</param>
/// <param name="Target">Target p of the score, 0..1: 1 for positive, 0 for negative event types.</param>
/// <param name="Place">Number of newer entries in the history: 0 for the newest, and for all entries if times are unknown. See <see
/// cref="Places"/>.</param>
public readonly record struct HistoryEntry(int Item, float Weight, float Target, int Place = 0);
