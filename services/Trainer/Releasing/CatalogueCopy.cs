using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Storage;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;

namespace Recommender.Trainer.Releasing;

/// <summary>Copies items and their statistics from the store to the factor store.</summary>
internal static class CatalogueCopy
{
    public static async Task PutAllAsync(IStore store, IFactorStore factorStore, CancellationToken cancellationToken)
    {
        const int PageItems = 2_000;
        for (int after = 0; ;)
        {
            var entries = await store.ReadCatalogueAsync(after, PageItems, cancellationToken);
            if (entries.Count == 0) return;
            await factorStore.PutItemsAsync([.. entries.Select(ToRecord)], cancellationToken);
            after = entries[^1].ItemKey;
        }
    }

    /// <param name="revision">The store's revision that the statistics belong to.</param>
    public static Task PutStatisticsAsync(IFactorStore factorStore, IReadOnlyList<ItemStatistics> items, long revision,
        CancellationToken cancellationToken) =>
        factorStore.PutItemStatisticsAsync([.. items.Select(item => ToRecord(item, revision))], cancellationToken);

    public static ItemStatisticsRecord ToRecord(ItemStatistics item, long revision) =>
        new(item.ItemKey, item.ItemId, item.Popularity, item.Trend, revision);

    public static ItemRecord ToRecord(CatalogueEntry entry) => new()
    {
        ItemKey = entry.ItemKey,
        ItemId = entry.ItemId,
        Item = entry.Item,
        Deleted = entry.Deleted,
        CreatedAt = entry.CreatedAt,
        Popularity = entry.Popularity,
        Trend = entry.Trend,
        Version = entry.Revision,
    };
}
