using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Retrieval;

namespace Recommender.Recommend.Serving;

/// <summary>
/// Keeps <see cref="ServingIndexes"/> up to date: polls the feed of catalogue changes and the release pointer, at once after a notice. A
/// model
/// is loaded beside the one served and swapped in whole. While the factor store is gone, what is in memory goes on being served.
/// </summary>
internal sealed class Refresher(IFactorStore store, ServingIndexes serving, HideRules hideRules, RecommendOptions options,
    TimeProvider clock,
    ILogger<Refresher> logger) : BackgroundService
{
    private const int FeedLimit = 20_000;
    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(1);
    private readonly SemaphoreSlim _nudge = new(0, 1);

    // Used by the loop alone.
    private Loading? _loading;
    private long _failedVersion;
    private long _retryFailedAt;
    private Task _reclustering = Task.CompletedTask;

    /// <summary>Looks now instead of at the end of the pause.</summary>
    public void RequestRefresh()
    {
        try
        {
            if (_nudge.CurrentCount == 0) _nudge.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another notice nudged at the same moment; one look serves both.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var due = clock.CreateTimer(_ => RequestRefresh(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // Before the factor store is read: what is due appears while it is gone, too.
                serving.State.Catalogue.PublishDue();
                await RefreshAsync(stoppingToken);
                if (serving.FactorStoreProblem is not null && serving.RefreshedAt is not null)
                    logger.LogInformation("The factor store answers again.");
                serving.FactorStoreProblem = null;
                serving.RefreshedAt = clock.GetUtcNow();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (FactorStoreUnavailableException e)
            {
                if (serving.FactorStoreProblem is null || serving.RefreshedAt is null && serving.FactorStoreProblem != e.Message)
                    logger.LogWarning(e,
                        "The factor store is gone. Answers come from memory until it is back: what is popular, and histories given in "
                            + "requests.");
                serving.FactorStoreProblem = e.Message;
            }
            catch (Exception e)
            {
                // A defect in one record must not end all refreshing; it shows in health and log until it is gone.
                if (serving.ModelProblem != e.Message) logger.LogError(e, "Refreshing failed.");
                serving.ModelProblem = e.Message;
            }

            Arm(due);
            await ((Task)_nudge.WaitAsync(TimeSpan.FromMilliseconds(options.PollMilliseconds), stoppingToken)).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sets the timer to the time at which the next item is published.</summary>
    private void Arm(ITimer due)
    {
        if (serving.State.Catalogue.NextDue is not { } at) return;
        var wait = at - clock.GetUtcNow();
        // A far time is looked at again on the way: timers have a longest time.
        due.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > s_longestWait ? s_longestWait : wait, Timeout.InfiniteTimeSpan);
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
            var changes = await store.ReadItemChangesAsync(serving.Sequence, FeedLimit, cancellationToken);
            if (changes.Generation != serving.Generation && serving.IsLoaded)
            {
                // An emptied store is about to be filled again: until it names its content, what is in memory stays.
                if (changes.Generation is not null) await ReloadAsync(changes.Generation, cancellationToken);
                return;
            }

            state.Catalogue.Apply(changes.Items);

            // What is gone disappears now, not at the end of a long feed.
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

    /// <summary>Reads a feed that started anew into a catalogue of its own, and then swaps.</summary>
    private async Task ReloadAsync(string generation, CancellationToken cancellationToken)
    {
        logger.LogInformation("The factor store has new content ({Generation}); reading the catalogue again.", generation);
        var model = serving.State.Model?.WithoutAppendedItems();
        var catalogue = new Catalogue(model?.ItemKeys ?? [], clock);
        long sequence = 0;
        ItemChanges changes;
        do
        {
            changes = await store.ReadItemChangesAsync(sequence, FeedLimit, cancellationToken);
            if (changes.Generation != generation) return;
            catalogue.Apply(changes.Items);
            sequence = changes.Sequence;
        }
        while (changes.More);

        catalogue.Publish();
        serving.State = ServingState.WithFactors(model, catalogue);
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
            if (_failedVersion != loading.Version) logger.LogError(e,
                "Model {Version} is released and cannot be loaded; {Served} goes on being served.", loading.Version,
                    serving.State.Model?.Version);
            _failedVersion = loading.Version;
            _retryFailedAt = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
            serving.LoadingVersion = null;
            serving.ModelProblem = e.Message;
            return;
        }

        catalogue.Apply(loading.ChangedMeanwhile);
        catalogue.Publish();
        serving.State = ServingState.WithFactors(model, catalogue);
        serving.ModelProblem = null;
        serving.LoadingVersion = null;
        _failedVersion = 0;
        logger.LogInformation("Serving model {Version}: {Learner}, {Items} items × {Rank}, {Index}.", model.Version, model.Learned.Learner, model.ItemCount, model.Rank, model.Description);
    }

    /// <summary>Builds the index anew in the background once many items came in since; answers come from the old one meanwhile.</summary>
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
                    logger.LogInformation("The index of model {Version} took {Rows} later items in: {Index}.", model.Version, rows,
                        model.Index.Description);
                }
                catch (Exception e)
                {
                    logger.LogError(e,
                        "The index of model {Version} could not be built anew; later items stay beside it, which costs time but no answers.", model.Version);
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
