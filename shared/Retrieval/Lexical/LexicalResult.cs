namespace Recommender.Retrieval.Lexical;

/// <summary>Items with words of a query.</summary>
/// <param name="Items">Best first; scores are above 0.</param>
/// <param name="Matches">The words of the query that were searched.</param>
/// <param name="Total">Number of items with any of the words.</param>
public sealed record LexicalResult(ScoredItem[] Items, IReadOnlyList<LexicalMatch> Matches, int Total);
