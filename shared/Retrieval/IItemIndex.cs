namespace Recommender.Retrieval;

/// <summary>
/// Finds the items with the largest dot products of factor and query, among <see cref="Count"/> factors of length <see cref="Rank"/>. Safe
/// for concurrent use; a search does not allocate.
/// </summary>
public interface IItemIndex
{
    /// <summary>Number of items; positions are 0 to Count − 1.</summary>
    int Count { get; }

    /// <summary>Length of a factor.</summary>
    int Rank { get; }

    /// <summary>Kind of the index and its parameters, for people.</summary>
    string Description { get; }

    /// <summary>
    /// The best <paramref name="k"/> items of the scope, best first: higher score first, among equal scores the lower position. Items whose
    /// score is NaN are never returned; infinite scores are ordered like any other.
    /// </summary>
    /// <param name="query"><see cref="Rank"/> numbers.</param>
    /// <param name="k">Number of items requested, at least 0. A number above <see cref="Count"/> returns all items.</param>
    /// <param name="results">Receives the items; at least min(k, Count) long. Beyond the returned number its content is undefined.</param>
    /// <returns>Number of items found: k, or fewer if the scope has fewer.</returns>
    /// <exception cref="ArgumentException">The query is not Rank long, or results is too short.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is negative.</exception>
    int Search(ReadOnlySpan<float> query, int k, in SearchScope scope, Span<ScoredItem> results);

    /// <summary>Computes the scores of given items. They equal the scores of <see cref="Search"/> to the bit.</summary>
    /// <param name="query"><see cref="Rank"/> numbers.</param>
    /// <param name="items">Positions, in any order.</param>
    /// <param name="scores">Receives one score per item; at least as long as <paramref name="items"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A position is not in the index.</exception>
    /// <exception cref="ArgumentException">The query is not Rank long, or scores is shorter than items.</exception>
    void Score(ReadOnlySpan<float> query, ReadOnlySpan<int> items, Span<float> scores);

    /// <summary>Whether an item has a factor. Of positions beyond the index none has.</summary>
    bool HasFactor(int item) => (uint)item < (uint)Count;

    /// <summary>The factor of one item, <see cref="Rank"/> long. Valid as long as the index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is not in the index.</exception>
    ReadOnlySpan<float> Factor(int item);
}
