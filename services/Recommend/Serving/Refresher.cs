using System.Diagnostics;
using Polly.Registry;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Retrieval;
using Recommender.ServiceDefaults.Workers;

namespace Recommender.Recommend.Serving;

/// <summary>
/// Keeps <see cref="ServingIndexes"/> up to date: polls the feed of catalogue changes and the release pointer, at once after a notice. A
/// model is loaded next to the one served and swapped in whole. While the factor store is unavailable, answers come from memory.
/// </summary>
internal sealed class Refresher(
    IFactorStore store,
    ServingIndexes serving,
    HideRules hideRules,
    RecommendOptions options,
    ResiliencePipelineProvider<string> pipelines,
    TimeProvider clock,
    ILogger<Refresher> logger) : RepeatingWorker("Refresh of catalogue and model", pipelines, clock, logger)
{
    // Used by the loop alone.
    private Loading? _loading;
    private long _failedVersion;
    private long _retryFailedAt;
    private Task _reclustering = Task.CompletedTask;

    // An item whose time comes is published while the factor store is unavailable, too.
    protected override TimeSpan? PauseWhileUnavailable => Pause();

    protected override TimeSpan PauseAfterDefect => Pause();

    /// <summary>Refreshes now instead of at the end of the pause.</summary>
    public void RequestRefresh() => RequestRound();

    protected override async Task<TimeSpan> RunRoundAsync(CancellationToken cancellationToken)
    {
        serving.State.Catalogue.PublishDue();
        try
        {
            await RefreshAsync(cancellationToken);
        }
        catch (FactorStoreUnavailableException e)
        {
            serving.MarkStoreUnavailable(e);
            throw;
        }

        serving.MarkRefreshed();
        return Pause();
    }

    /// <summary>Nothing: <see cref="ServingIndexes"/> reports the factor store, for requests find it unavailable, too.</summary>
    protected override void ReportLoss(Exception failure)
    {
    }

    /// <inheritdoc cref="ReportLoss"/>
    protected override void ReportReturn()
    {
    }

    /// <summary>Until the next poll, or until the next item is published if that is earlier.</summary>
    private TimeSpan Pause()
    {
        var poll = TimeSpan.FromMilliseconds(options.PollMilliseconds);
        if (serving.State.Catalogue.NextDue is not { } at) return poll;
        var wait = at - Clock.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait < poll ? wait : poll;
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        // A model takes longest: it is on its way while the feed is read, the whole catalogue at the start.
        if (await store.GetReleasedAsync(cancellationToken) is { } released) StartLoading(released, cancellationToken);
        var typeNames = await store.GetEventTypesAsync(cancellationToken);
        hideRules.Update(typeNames, serving.State.Model?.Weights);
        await ReadChangesAsync(cancellationToken);
        await FinishLoadingAsync(cancellationToken);
        hideRules.Update(typeNames, serving.State.Model?.Weights);
        Recluster(cancellationToken);
    }

    private async Task ReadChangesAsync(CancellationToken cancellationToken)
    {
        var state = serving.State;
        bool more;
        do
        {
            var changes = await store.ReadItemChangesAsync(serving.Sequence, ItemChanges.MaxItems, cancellationToken);
            if (changes.Generation != serving.Generation && serving.IsLoaded)
            {
                // An emptied store is about to be filled again: until it names its content, what is in memory stays.
                if (changes.Generation is not null) await ReloadAsync(changes.Generation, cancellationToken);
                return;
            }

            state.Catalogue.Apply(changes.Items);

            // Deleted items disappear now, not at the end of a long feed.
            state.Catalogue.Attributes.Publish();
            foreach (var item in changes.Items) state.TakeFactor(item);
            if (_loading?.LayingOut is not null) _loading.ChangedMeanwhile.AddRange(changes.Items);
            serving.Generation = changes.Generation;
            serving.Sequence = changes.Sequence;
            more = changes.More;
        }
        while (more);

        state.Catalogue.Publish();
        serving.IsLoaded = true;
    }

    /// <summary>Reads a restarted feed into a separate catalogue, then swaps.</summary>
    private async Task ReloadAsync(string generation, CancellationToken cancellationToken)
    {
        logger.CatalogueReloads(generation);
        var model = serving.State.Model?.WithoutAppendedItems();
        var catalogue = new Catalogue(model?.ItemKeys ?? [], Clock);
        long sequence = 0;
        ItemChanges changes;
        do
        {
            changes = await store.ReadItemChangesAsync(sequence, ItemChanges.MaxItems, cancellationToken);
            if (changes.Generation != generation) return;
            catalogue.Apply(changes.Items);
            sequence = changes.Sequence;
        }
        while (changes.More);

        catalogue.Publish();
        serving.Serve(model, catalogue);
        serving.Generation = generation;
        serving.Sequence = sequence;
    }

    private void StartLoading(long version, CancellationToken cancellationToken)
    {
        if (serving.State.Model?.Version == version)
        {
            serving.LoadingVersion = null;
            _loading = null;
            return;
        }

        if (_loading?.Version == version || (_failedVersion == version && Stopwatch.GetTimestamp() < _retryFailedAt)) return;
        serving.LoadingVersion = version;
        _loading = new Loading(version, Task.Run(() => LoadAsync(version, cancellationToken), cancellationToken));
    }

    private async Task<ServingModel> LoadAsync(long version, CancellationToken cancellationToken)
    {
        byte[] bytes = await store.GetModelAsync(version, cancellationToken)
            ?? throw new InvalidDataException($"Model {version} is released, but the factor store does not hold it.");
        return ModelLoader.Load(version, bytes, options);
    }

    private async Task FinishLoadingAsync(CancellationToken cancellationToken)
    {
        if (_loading is not { } loading) return;

        // Small models are there at once; large ones are looked for again at the next round.
        await Task.WhenAny(loading.Model, Task.Delay(20, cancellationToken));
        if (!loading.Model.IsCompleted) return;
        ServingModel model;
        Catalogue catalogue;
        try
        {
            model = await loading.Model;
            if (loading.LayingOut is null || loading.Basis != serving.State.Catalogue)
            {
                // The first time, and again when the catalogue was replaced meanwhile.
                var basis = serving.State.Catalogue;
                loading.Basis = basis;
                loading.ChangedMeanwhile.Clear();
                loading.LayingOut = Task.Run(() => basis.RebuildFor(model.ItemKeys), cancellationToken);
            }

            await Task.WhenAny(loading.LayingOut, Task.Delay(20, cancellationToken));
            if (!loading.LayingOut.IsCompleted) return;
            catalogue = await loading.LayingOut;
            _loading = null;
        }
        catch (FactorStoreUnavailableException)
        {
            _loading = null;
            serving.LoadingVersion = null;
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _loading = null;
            if (_failedVersion != loading.Version) logger.ModelNotLoaded(e, loading.Version, serving.State.Model?.Version);
            _failedVersion = loading.Version;
            _retryFailedAt = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
            serving.LoadingVersion = null;
            serving.ModelProblem = e.Message;
            return;
        }

        catalogue.Apply(loading.ChangedMeanwhile);
        catalogue.Publish();
        serving.Serve(model, catalogue);
        serving.ModelProblem = null;
        serving.LoadingVersion = null;
        _failedVersion = 0;
        logger.ModelServed(model.Version, model.Learned.Learner, model.ItemCount, model.Rank, model.Description);
    }

    /// <summary>Rebuilds the index in the background after many items were added; the old one answers meanwhile.</summary>
    private void Recluster(CancellationToken cancellationToken)
    {
        if (serving.State.Model is not { Index.WantsRebuild: true } model || !_reclustering.IsCompleted) return;
        _reclustering = Task.Run(
            () =>
            {
                try
                {
                    int rows = model.Index.AppendedRows;
                    model.Index.Rebuild((factors, rank) => ItemIndexes.Create(factors, rank, model.IndexOptions));
                    logger.IndexRebuilt(model.Version, rows, model.Index.Description);
                }
                catch (Exception e)
                {
                    logger.IndexNotRebuilt(e, model.Version);
                }
            },
            cancellationToken);
    }

    /// <summary>A model on its way: first itself, then the catalogue laid out for it.</summary>
    private sealed record Loading(long Version, Task<ServingModel> Model)
    {
        /// <summary>Catalogue the new layout is copied from.</summary>
        public Catalogue? Basis { get; set; }

        public Task<Catalogue>? LayingOut { get; set; }

        /// <summary>What the copy may have missed.</summary>
        public List<ItemRecord> ChangedMeanwhile { get; } = [];
    }
}
