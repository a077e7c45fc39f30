namespace Recommender.Retrieval.Hybrid;

/// <summary>An item that any part of a search found, with its raw scores.</summary>
/// <param name="Words">BM25 score; 0 without a common word.</param>
/// <param name="Meaning">Cosine of the sentence vectors, −1 to 1; 0 without a vector.</param>
/// <param name="Taste">Score by the visitor's factor; 0 without one.</param>
public readonly record struct HybridCandidate(int Item, float Words, float Meaning, float Taste = 0);
