namespace Recommender.Contracts.Served;

/// <summary>An item of a served answer.</summary>
/// <param name="ItemKey">The store's key of the item.</param>
/// <param name="Score">As in the answer.</param>
public readonly record struct ServedItem(int ItemKey, float Score);
