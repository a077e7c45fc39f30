using Recommender.Contracts;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Models;
using Recommender.Storage;
using Recommender.Storage.Events;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Learning;

/// <summary>Measures the change of events and factors from one model to the next.</summary>
public sealed class DriftMeter(IStore store)
{
    /// <summary>Number of items with a separate cell. The others share a cell, and so do new items.</summary>
    private const int OwnCells = 100;

    /// <summary>The change since the previous model; null without one, or without new events.</summary>
    public async Task<ModelDrift?> MeasureAsync(ModelInfo? before, Model model, int[] itemKeys, long watermark,
        CancellationToken cancellationToken)
    {
        if (before is null || watermark <= before.Watermark) return null;
        var old = await store.CountEventsAsync(0, before.Watermark, cancellationToken);
        var fresh = await store.CountEventsAsync(before.Watermark, watermark, cancellationToken);
        long events = fresh.Sum(c => c.Events);
        if (events == 0) return null;
        var (oldTypes, freshTypes) = Aligned(old, fresh, c => c.TypeId);
        var itemCells = CellsOf(old);
        var (oldItems, freshItems) = Aligned(old, fresh, c => itemCells.GetValueOrDefault(c.ItemKey, OwnCells + 1));
        return new()
        {
            SinceVersion = before.Version,
            NewEvents = events,
            Items = Math.Round(Drift.BeyondChance(oldItems, freshItems), 4),
            Types = Math.Round(Drift.BeyondChance(oldTypes, freshTypes), 4),
            Factors = await FactorsAsync(before.Version, model, itemKeys, cancellationToken),
        };
    }

    private static Dictionary<int, int> CellsOf(IReadOnlyList<EventCount> counts)
    {
        var byItem = counts.GroupBy(c => c.ItemKey).Select(g => (Key: g.Key, Events: g.Sum(c => c.Events)));
        return byItem.OrderByDescending(i => i.Events).ThenBy(i => i.Key).Select((item, n) => (item.Key, Cell: Math.Min(n, OwnCells)))
            .ToDictionary(i => i.Key, i => i.Cell);
    }

    private static (double[] Old, double[] Fresh) Aligned(IReadOnlyList<EventCount> old, IReadOnlyList<EventCount> fresh,
        Func<EventCount, int> cell)
    {
        int cells = old.Concat(fresh).Select(cell).Append(-1).Max() + 1;
        var (a, b) = (new double[cells], new double[cells]);
        foreach (var count in old) a[cell(count)] += count.Events;
        foreach (var count in fresh) b[cell(count)] += count.Events;
        return (a, b);
    }

    private async Task<double?> FactorsAsync(long version, Model model, int[] itemKeys, CancellationToken cancellationToken)
    {
        if (await store.ReadModelAsync(version, cancellationToken) is not { } package) return null;
        var before = FoldInModel.Decode(version, package);
        var shared = itemKeys.Select((key, index) => (before.IndexOf(key), index)).Where(pair => pair.Item1 >= 0).ToList();
        return Math.Round(Drift.Factors(before.Model, model, shared), 4);
    }
}
