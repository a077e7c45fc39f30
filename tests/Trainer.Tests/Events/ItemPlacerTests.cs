using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Contracts;
using Recommender.Storage;
using Recommender.Trainer.Events;

namespace Recommender.Trainer.Tests.Events;

public class ItemPlacerTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_items_are_read_from_the_store_together()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        await trainer.Training.RunAsync(Cancellation);
        await trainer.SendAsync([.. Enumerable.Range(0, 60)
            .Select(n => new Command { Kind = CommandKind.PutItem, AcceptedAt = s_start,
                Item = new Item { ItemId = $"new-{n}", Title = "New" } })]);
        int[] keys = [.. (await trainer.Store.ReadCatalogueAsync(0, 1000, Cancellation)).Where(e =>
            e.ItemId.StartsWith("new-", StringComparison.Ordinal)).Select(e => e.ItemKey)];
        int reads = 0;
        var store = StoreProxy.Over(trainer.Store, (method, _) =>
        {
            if (method.Name == nameof(IStore.ReadCatalogueAsync)) reads++;
            return null;
        });
        using var placer = new ItemPlacer(
            store, trainer.FactorStore, trainer.Released, TrainerFixture.Weights, trainer.Notices, trainer.Options, TimeProvider.System,
                NullLogger<ItemPlacer>.Instance);
        await placer.PlaceAsync(keys, Cancellation);
        Assert.Equal(60, keys.Length);
        Assert.Equal(1, reads);
    }
}
