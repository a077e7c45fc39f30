using Polly.Registry;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Factorization.Content;
using Recommender.Factorization.Events;
using Recommender.Messaging.ControlPlane;
using Recommender.ServiceDefaults.Workers;
using Recommender.Storage;
using Recommender.Storage.Catalogue;
using Recommender.Storage.Events;
using Recommender.Trainer.Learning;
using Recommender.Trainer.Releasing;

namespace Recommender.Trainer.Events;

/// <summary>
/// Computes factors of items that the released model was not trained with: when they are added to the catalogue, again as their events
/// arrive, and all of them after a release. The factors are a function of store and model, so a repetition has no effect.
/// </summary>
public sealed class ItemPlacer(
    IStore store,
    IFactorStore factorStore,
    ReleasedModel released,
    EventWeights weights,
    INotices notices,
    TrainerOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<ItemPlacer> logger) : RepeatingWorker("Placement of new items", pipelines, clock, logger)
{
    /// <summary>Relative growth of an item's users after which it is placed again.</summary>
    private const double Growth = 1.25;

    private const int BatchItems = 200;

    private readonly Lock _noting = new();
    private HashSet<int> _noted = [];
    private Dictionary<int, long> _usersAtPlacing = [];
    private bool _everything = true;

    /// <summary>All items must be placed: another model was released, or the factor store was emptied.</summary>
    public void NoteAll()
    {
        lock (_noting) (_everything, _usersAtPlacing) = (true, []);
        RequestRound();
    }

    /// <summary>The catalogue entries of these items changed.</summary>
    public void Note(IEnumerable<int> itemKeys)
    {
        if (released.Current is not { } model) return;
        lock (_noting) _noted.UnionWith(itemKeys.Where(key => model.IndexOf(key) < 0));
        RequestRound();
    }

    /// <summary>Events on these items have arrived.</summary>
    public void Note(IEnumerable<ItemStatistics> items)
    {
        if (released.Current is not { } model) return;
        bool any = false;
        lock (_noting)
        {
            foreach (var item in items)
                if (item.Users > 0 && model.IndexOf(item.ItemKey) < 0
                    && item.Users >= Growth * _usersAtPlacing.GetValueOrDefault(item.ItemKey)) any |= _noted.Add(item.ItemKey);
        }

        if (any) RequestRound();
    }

    /// <summary>
    /// Places the recorded items. If a server is unavailable, they stay recorded. After a defect they are dropped, so that they do not
    /// block others.
    /// </summary>
    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        (bool all, var keys) = (false, _noted);
        lock (_noting) (all, _everything, keys, _noted) = (_everything, false, _noted, []);
        try
        {
            if (all) await PlaceAllAsync(cancellationToken);
            else await PlaceAsync(keys, cancellationToken);
            return Timeout.InfiniteTimeSpan;
        }
        catch (DependencyUnavailableException)
        {
            lock (_noting)
            {
                _everything |= all;
                _noted.UnionWith(keys);
            }

            throw;
        }
    }

    /// <summary>Places every item that the released model was not trained with.</summary>
    public async Task PlaceAllAsync(CancellationToken cancellationToken)
    {
        if (released.Current is not { Placement: not null } model) return;
        for (int after = 0; ;)
        {
            var entries = await store.ReadCatalogueAsync(after, 2_000, cancellationToken);
            if (entries.Count == 0) return;
            foreach (var chunk in entries.Where(e => model.IndexOf(e.ItemKey) < 0).Chunk(BatchItems))
                await PlaceAsync(chunk, model, cancellationToken);
            after = entries[^1].ItemKey;
        }
    }

    /// <summary>Places the given items that the released model was not trained with.</summary>
    public async Task PlaceAsync(IReadOnlyCollection<int> itemKeys, CancellationToken cancellationToken)
    {
        if (released.Current is not { Placement: not null } model) return;
        foreach (var chunk in itemKeys.Where(key => model.IndexOf(key) < 0).Chunk(BatchItems))
        {
            await PlaceAsync(await store.ReadCatalogueAsync(chunk, cancellationToken), model, cancellationToken);
        }
    }

    private async Task PlaceAsync(IReadOnlyCollection<CatalogueEntry> entries, FoldInModel model, CancellationToken cancellationToken)
    {
        var placed = new List<ItemFactorRecord>();
        foreach (var entry in entries)
        {
            if (entry.Deleted) continue;
            var (factors, preferences) = entry.Users > 0 ? await ConsumersAsync(entry.ItemKey, model, cancellationToken) : ([], []);
            var factor = new float[model.Model.Rank];
            if (model.Placement!.Place(ItemTexts.Of(entry.Item), factors, preferences, factor))
                placed.Add(new(entry.ItemKey, model.Version, factor));
            lock (_noting) _usersAtPlacing[entry.ItemKey] = entry.Users;
        }

        if (placed.Count == 0) return;
        long sequence = await factorStore.PutItemFactorsAsync(placed, cancellationToken);
        await notices.PublishAsync(new CatalogueChanged { Sequence = sequence }, cancellationToken);
    }

    /// <summary>Factors of the latest consumers of an item. They do not depend on the item, which the model does not have.</summary>
    private async Task<(float[] Factors, Preference[] Says)> ConsumersAsync(
        int itemKey, FoldInModel model, CancellationToken cancellationToken)
    {
        var users = await store.ReadUserEventsAsync(
            await store.ListUsersOfItemAsync(itemKey, ItemPlacement.MaxConsumers, cancellationToken), cancellationToken);
        var histories = new HistoryBuilder(
            model.Weights ?? weights, await store.GetEventTypesAsync(cancellationToken), options.HistoryItemsLimit);
        var factors = new List<float>();
        var preferences = new List<Preference>();
        foreach (var user in users)
        {
            var history = histories.Build(user.Events);
            int at = Array.FindIndex(history, record => record.ItemKey == itemKey);
            if (at < 0 || model.FoldIn(history) is not { Length: > 0 } factor) continue;
            factors.AddRange(factor);
            preferences.Add(new Preference(history[at].Weight, history[at].Target));
        }

        return ([.. factors], [.. preferences]);
    }
}
