namespace Recommender.Experiments.Interleaving;

/// <summary>An answer that mixes two rankings.</summary>
/// <param name="Items">Shown items, best first, without repetition.</param>
/// <param name="FromFirst">Whether the first ranking picked the item, parallel to the items.</param>
public sealed record InterleavedList(IReadOnlyList<int> Items, IReadOnlyList<bool> FromFirst);
