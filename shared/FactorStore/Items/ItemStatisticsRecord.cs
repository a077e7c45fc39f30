namespace Recommender.FactorStore.Items;

/// <param name="ItemId">Creates the record of an item that so far is known only from events.</param>
/// <param name="Version">The store's revision this was read at; orders concurrent writers.</param>
public readonly record struct ItemStatisticsRecord(int ItemKey, string ItemId, double Popularity, double Trend, long Version = 0);
