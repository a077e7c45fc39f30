using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Recommender.Contracts;
using Recommender.Storage;
using Recommender.TestKit;
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
            store, trainer.FactorStore, trainer.Released, TrainerFixture.Weights, trainer.Notices, trainer.Options,
            TrainerFixture.Pipelines, TimeProvider.System, NullLogger<ItemPlacer>.Instance);
        await placer.PlaceAsync(keys, Cancellation);
        Assert.Equal(60, keys.Length);
        Assert.Equal(1, reads);
    }

    [Fact]
    public async Task What_is_noted_while_the_store_is_unavailable_is_placed_when_it_returns()
    {
        await using var trainer = await TrainerFixture.CreateAsync();
        await trainer.SendAsync(TrainerFixture.Circles());
        await trainer.Training.RunAsync(Cancellation);
        await trainer.SendAsync([.. Enumerable.Range(0, 2)
            .Select(n => new Command { Kind = CommandKind.PutItem, AcceptedAt = s_start,
                Item = new Item { ItemId = $"new-{n}", Title = "New" } })]);
        int[] keys = [.. (await trainer.Store.ReadCatalogueAsync(0, 1000, Cancellation)).Where(e =>
            e.ItemId.StartsWith("new-", StringComparison.Ordinal)).Select(e => e.ItemKey)];
        bool isAway = true;
        int refused = 0;
        var reads = new ConcurrentQueue<object?>();
        var store = StoreProxy.Over(trainer.Store, (method, args) =>
        {
            if (method.Name != nameof(IStore.ReadCatalogueAsync)) return null;
            if (Volatile.Read(ref isAway))
            {
                Interlocked.Increment(ref refused);
                throw new StoreUnavailableException("The test keeps it away.");
            }

            reads.Enqueue(args[0]);
            return null;
        });
        using var placer = new ItemPlacer(
            store, trainer.FactorStore, trainer.Released, TrainerFixture.Weights, trainer.Notices, trainer.Options,
            TrainerFixture.Pipelines, TimeProvider.System, NullLogger<ItemPlacer>.Instance);
        await placer.StartAsync(Cancellation);
        await Eventually.TrueAsync(() => Volatile.Read(ref refused) >= 2);
        Volatile.Write(ref isAway, false);
        await Eventually.TrueAsync(() => reads.Any(first => first is 0) && placer.CurrentProblem is null);

        Volatile.Write(ref isAway, true);
        int before = Volatile.Read(ref refused);
        placer.Note([keys[0]]);
        await Eventually.TrueAsync(() => Volatile.Read(ref refused) >= before + 2);
        placer.Note([keys[1]]);
        Volatile.Write(ref isAway, false);
        await Eventually.TrueAsync(() => reads.OfType<IReadOnlyCollection<int>>().SelectMany(read => read).Distinct().Count() == 2);
        await placer.StopAsync(Cancellation);
    }
}
