namespace Recommender.Retrieval.Lexical;

/// <summary>How the words of items were found that a word of a query stands for.</summary>
public enum LexicalMatchKind
{
    /// <summary>No item has a word like it.</summary>
    None,

    /// <summary>The word itself or another form of it.</summary>
    Exact,

    /// <summary>The last word begins other words.</summary>
    Prefix,

    /// <summary>One letter is missing, added, other, or swapped with the next one.</summary>
    Typo,
}
