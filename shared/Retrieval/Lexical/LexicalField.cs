namespace Recommender.Retrieval.Lexical;

/// <summary>A text of an item.</summary>
/// <param name="Weight">Occurrences that one occurrence of a word in this text counts for; above 0.</param>
public readonly record struct LexicalField(string Text, float Weight);
