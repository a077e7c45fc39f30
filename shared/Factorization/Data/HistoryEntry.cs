using Recommender.Factorization.Learners.Combined;

namespace Recommender.Factorization.Data;

/// <summary>One item of a user's history, as learning and fold-in take it.</summary>
/// <param name="Item">0-based index in the model.</param>
/// <param name="Weight">Confidence c &gt; 0.</param>
/// <param name="Target">p in 0..1: what the score should be; 1 for positive, 0 for negative event types.</param>
/// <param name="Place">How many entries of the history are newer: 0 for the newest, and for all where that is not known. See
/// <see cref="Places"/>.</param>
public readonly record struct HistoryEntry(int Item, float Weight, float Target, int Place = 0);
