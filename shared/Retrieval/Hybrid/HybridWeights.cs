namespace Recommender.Retrieval.Hybrid;

/// <summary>What each part of a search counts for. Only the ratios matter.</summary>
/// <param name="Words">Of the words in common, at least 0.</param>
/// <param name="Meaning">Of the similarity of the sentence vectors, at least 0.</param>
/// <param name="Taste">Of the visitor's factor, at least 0.</param>
public readonly record struct HybridWeights(float Words, float Meaning, float Taste = 0);
