namespace Recommender.FactorStore.Items;

/// <summary>The content vector of an item to write.</summary>
public readonly record struct ItemVectorRecord(int ItemKey, ItemVector Vector);
