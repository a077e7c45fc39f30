namespace Recommender.Retrieval.Lexical;

/// <summary>Items with words of a query.</summary>
/// <param name="Items">The best, best first; scores are above 0.</param>
/// <param name="Matches">The words of the query that were searched.</param>
/// <param name="Found">All items with any of the words, in no order.</param>
public sealed record LexicalResult(ScoredItem[] Items, IReadOnlyList<LexicalMatch> Matches, IReadOnlyList<int> Found);
