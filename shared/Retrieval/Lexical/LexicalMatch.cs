namespace Recommender.Retrieval.Lexical;

/// <summary>How a word of a query was understood.</summary>
/// <param name="Word">As the query has it, in lower case.</param>
/// <param name="Terms">Words of items that it stands for, best first: itself, words it begins, or words with one other letter.</param>
/// <param name="Kind">How they were found.</param>
public sealed record LexicalMatch(string Word, IReadOnlyList<string> Terms, LexicalMatchKind Kind);
