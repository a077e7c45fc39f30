namespace Recommender.FactorStore.Items;

/// <param name="ItemId">Id for the new record of an item that is known only from events.</param>
/// <param name="Version">The store's revision at the time of reading; orders concurrent writers.</param>
public readonly record struct ItemStatisticsRecord(int ItemKey, string ItemId, double Popularity, double Trend, long Version = 0);
