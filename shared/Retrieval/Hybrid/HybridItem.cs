namespace Recommender.Retrieval.Hybrid;

/// <summary>An item of a search with the share of each part in its score.</summary>
/// <param name="Item">0-based position.</param>
/// <param name="Score">Sum of the parts.</param>
/// <param name="Words">Part of the words in common.</param>
/// <param name="Meaning">Part of the sentence vectors.</param>
/// <param name="Taste">Part of the visitor's factor.</param>
public readonly record struct HybridItem(int Item, float Score, float Words, float Meaning, float Taste);
