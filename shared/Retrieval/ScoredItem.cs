namespace Recommender.Retrieval;

/// <summary>An item and its score. Best first means: higher score first, and among equal scores the lower
/// <paramref name="Item"/>.</summary>
/// <param name="Item">0-based position of the item in the index that was searched.</param>
/// <param name="Score">Dot product of the query with the item's factor. Never NaN in a result.</param>
public readonly record struct ScoredItem(int Item, float Score)
{
    /// <summary>Whether this comes before <paramref name="other"/>, best first. Neither score may be NaN; −0 and 0 are equal.</summary>
    public bool IsBetterThan(in ScoredItem other) => Score > other.Score || (Score == other.Score && Item < other.Item);
}
