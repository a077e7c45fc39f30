using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using Recommender.Contracts;
using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Tuning;
using Recommender.Storage;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Learning;

/// <summary>
/// Searches for the learner and settings that predict new events best, on several windows of the newest events. The state is saved in the
/// store after every trial, so a restart resumes the search.
/// </summary>
public sealed class SettingsTuner(IStore store, EventWeights weights, Progress progress, TrainerOptions options,
    ILogger<SettingsTuner> logger)
{
    /// <summary>The settings for trainings.</summary>
    public const string SettingsName = "learner";

    private const string StateName = "tuning";
    private const string EventsName = "tuned-events";
    private const string UnfinishedName = "tuning-watermark";

    /// <summary>
    /// Why another search is due: there was none, one was interrupted, or the data has grown or changed enough. Null if none is due.
    /// </summary>
    /// <param name="trained">The model just trained.</param>
    public async Task<string?> DueAsync(long events, ModelInfo? trained, CancellationToken cancellationToken)
    {
        if (options.TuneBudgetSeconds <= 0 || events < options.TuneMinimumEvents) return null;
        if (await store.GetSettingAsync(EventsName, cancellationToken) is not { } tuned) return "settings have not been searched for yet";
        if (events >= tuned.GetInt64() * options.TuneAfterGrowth) return $"{events} events, {tuned.GetInt64()} at the last search";
        if (trained?.Drift is not { } drift || tuned.GetInt64() == events) return null;
        if (Math.Max(drift.Items, drift.Types) is var moved && moved >= options.TuneAfterDrift && options.TuneAfterDrift < 1)
            return FormattableString.Invariant($"events have drifted by {moved:0.00}");
        if (options.TuneAfterFactorDrift >= 1 || !(drift.Factors >= options.TuneAfterFactorDrift)) return null;
        // With other settings, factors differ without a change of the data.
        var before = await store.GetModelAsync(drift.SinceVersion, cancellationToken);
        bool same = StoredSettings.Read(before?.Settings, logger) is { } settings
            && settings == StoredSettings.Read(trained.Settings, logger);
        return same ? FormattableString.Invariant($"factors have drifted by {drift.Factors:0.00}") : null;
    }

    /// <summary>The search that chose the settings; null if none did.</summary>
    public async Task<SettingsSearch?> SearchOfAsync(LearnerSettings settings, CancellationToken cancellationToken)
    {
        if (await store.GetSettingAsync(SettingsName, cancellationToken) is null) return null;
        if (StoredSettings.ReadSearch(await store.GetSettingAsync(StateName, cancellationToken), logger) is not { } state) return null;
        if (!state.Trials.Any(t => t.Settings == settings)) return null;
        return new()
        {
            Seconds = Math.Round(state.SecondsSpent, 1),
            Trials = [.. state.Trials.Concat(state.Finals).Select(t => new SearchTrial
            {
                Stage = t.Stage,
                Settings = JsonDocument.Parse(t.Settings.ToJson()).RootElement,
                Score = t.Score,
                RecallAt20 = t.Recall,
                NdcgAt20 = t.Ndcg,
                Seconds = Math.Round(t.Seconds, 3),
                Curve = t.Curve,
            })],
        };
    }

    /// <summary>Whether a search was interrupted by a kill or a restart; the next one resumes it on the same data.</summary>
    public async Task<bool> IsUnfinishedAsync(CancellationToken cancellationToken) =>
        options.TuneBudgetSeconds > 0 && await UnfinishedWatermarkAsync(cancellationToken) > 0;

    private async Task<long> UnfinishedWatermarkAsync(CancellationToken cancellationToken) =>
        await store.GetSettingAsync(UnfinishedName, cancellationToken) is { } watermark ? watermark.GetInt64() : 0;

    /// <summary>Runs a search. Returns whether the settings changed. Does nothing without the lease or a hold-out.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await using var lease = await store.TryAcquireTrainingLeaseAsync(cancellationToken);
        if (lease is null) return false;
        var status = await store.GetStatusAsync(cancellationToken);
        long watermark = await UnfinishedWatermarkAsync(cancellationToken) is > 0 and var unfinished ? unfinished : status.Sequence;
        var data = await TrainingData.ReadAsync(store, watermark, weights, cancellationToken);
        var splits = TimeWindows.ForSearch(data);
        if (splits.Holdouts.Count == 0)
        {
            await PutAsync(UnfinishedName, 0, cancellationToken);
            return false;
        }

        await PutAsync(UnfinishedName, watermark, cancellationToken);
        var resume = StoredSettings.ReadSearch(await store.GetSettingAsync(StateName, cancellationToken), logger);
        var tuning = new TuningOptions
        {
            BudgetSeconds = options.TuneBudgetSeconds,
            MaxRank = options.TuneMaxRank,
            AllowNeighbourhood = data.Items <= options.TuneNeighbourhoodItemsLimit,
            // Serving continues meanwhile and keeps half of the processors.
            Threads = Math.Max(1, (options.Threads == 0 ? Environment.ProcessorCount : options.Threads) / 2),
        };
        var state = await SearchAsync(splits, tuning, resume, cancellationToken);
        // Popularity must not win, because the same ranking for all users is not a recommendation. And without factors, new items cannot be
        // placed.
        if (state.BestOf(t => t.Settings is not (PopularitySettings or NeighbourhoodSettings)) is not { } best)
        {
            await FinishAsync();
            return false;
        }

        var before = StoredSettings.Read(await store.GetSettingAsync(SettingsName, cancellationToken), logger);
        string settings = best.Settings.ToJson();
        await store.PutSettingAsync(SettingsName, JsonDocument.Parse(settings).RootElement, cancellationToken);
        await FinishAsync();
        logger.SearchEnded(state.Trials.Count, settings);
        return before != best.Settings;

        async Task FinishAsync()
        {
            await PutAsync(EventsName, status.Events, cancellationToken);
            await PutAsync(UnfinishedName, 0, cancellationToken);
        }
    }

    /// <summary>Searches on separate threads and saves the state. If the store is unavailable, the search ends.</summary>
    private async Task<TuningState> SearchAsync(SearchSplits splits, TuningOptions tuning, TuningState? resume,
        CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // A state includes all earlier ones, so only the newest is saved if trials are faster than the store.
        var states = Channel.CreateBounded<TuningState>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var keeping = KeepAsync(states.Reader, stop, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        try
        {
            return await Task.Run(() => Tuner.Run(splits, tuning, () => Stopwatch.GetElapsedTime(started).TotalSeconds, resume, Report,
                stop.Token), stop.Token);
        }
        finally
        {
            states.Writer.Complete();
            // If saving failed, its exception is the reason for the end of the search.
            await keeping;
        }

        void Report(TuningState soFar)
        {
            progress.Training = TrainingState.Tuning(soFar.Trials.Count, soFar.Best?.Ndcg);
            states.Writer.TryWrite(soFar);
        }
    }

    private async Task KeepAsync(ChannelReader<TuningState> states, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var state in states.ReadAllAsync(cancellationToken))
                await store.PutSettingAsync(StateName, JsonDocument.Parse(state.ToJson()).RootElement, cancellationToken);
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    private Task PutAsync(string name, long value, CancellationToken cancellationToken) =>
        store.PutSettingAsync(name, JsonSerializer.SerializeToElement(value), cancellationToken);
}
