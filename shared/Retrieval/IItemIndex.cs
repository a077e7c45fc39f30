namespace Recommender.Retrieval;

/// <summary>
/// Finds the items with the largest dot product with a query among <see cref="Count"/> items × <see cref="Rank"/> factors. Safe for
/// concurrent use; a search allocates nothing.
/// </summary>
public interface IItemIndex
{
    /// <summary>Items in the index; positions are 0 to Count − 1.</summary>
    int Count { get; }

    /// <summary>Length of a factor.</summary>
    int Rank { get; }

    /// <summary>What kind of index this is and how it is set, in a few words for a status page.</summary>
    string Description { get; }

    /// <summary>
    /// The best <paramref name="k"/> items of the scope, best first: higher score first, among equal scores the lower position. Items whose
    /// score is NaN are never returned; infinite scores are ordered like any other.
    /// </summary>
    /// <param name="query"><see cref="Rank"/> numbers.</param>
    /// <param name="k">Items wanted, at least 0. More than there are returns all there are.</param>
    /// <param name="results">Receives the items; at least min(k, Count) long. Beyond the returned number its content is undefined.</param>
    /// <returns>How many items were found: k, or fewer if the scope has fewer.</returns>
    /// <exception cref="ArgumentException">The query is not Rank long, or results is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is negative.</exception>
    int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results);

    /// <summary>The scores of given items, to the bit those that <see cref="Search"/> returns.</summary>
    /// <param name="query"><see cref="Rank"/> numbers.</param>
    /// <param name="items">Positions, in any order.</param>
    /// <param name="scores">As long as <paramref name="items"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A position is not in the index.</exception>
    void Score(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores);

    /// <summary>Whether an item has a factor. Of positions beyond the index none has.</summary>
    bool HasFactor(int item) => (uint)item < (uint)Count;

    /// <summary>The factor of one item, <see cref="Rank"/> long. Valid as long as the index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is not in the index.</exception>
    ReadOnlySpan<float> Factor(int item);
}
