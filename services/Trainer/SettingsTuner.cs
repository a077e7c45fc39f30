using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Recommender.Factorization;
using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>
/// Searches for the learner and settings that predict the newest events best. What it has tried is kept in the store after every trial,
/// so that a restart goes on where it stopped.
/// </summary>
public sealed class SettingsTuner(IStore store, EventWeights weights, Progress progress, TrainerOptions options, ILogger<SettingsTuner> logger)
{
    /// <summary>The settings training uses.</summary>
    public const string SettingsName = "learner";

    private const string StateName = "tuning";
    private const string EventsName = "tuned-events";

    /// <summary>Whether the data has become so much more than at the last search that another is worth its time.</summary>
    public async Task<bool> IsDueAsync(long events, CancellationToken cancellationToken)
    {
        if (options.TuneBudgetSeconds <= 0 || events < options.TuneMinimumEvents) return false;
        return await store.GetSettingAsync(EventsName, cancellationToken) is not { } tuned || events >= tuned.GetInt64() * options.TuneAfterGrowth;
    }

    /// <summary>Returns whether the settings changed. Null lease or no hold-out: nothing is done.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await using var lease = await store.TryAcquireTrainingLeaseAsync(cancellationToken);
        if (lease is null) return false;
        var status = await store.GetStatusAsync(cancellationToken);
        var data = await TrainingData.ReadAsync(store, status.Sequence, weights, cancellationToken);
        var split = data.Holdout(options.HoldoutShare, options.HoldoutUsersLimit);
        if (split.Test.Columns.Length == 0 || split.Train.Count == 0) return false;

        var resume = await store.GetSettingAsync(StateName, cancellationToken) is { } saved ? TuningState.FromJson(saved.GetRawText()) : null;
        var tuning = new TuningOptions
        {
            BudgetSeconds = options.TuneBudgetSeconds,
            MaxRank = options.TuneMaxRank,
            AllowNeighbourhood = data.Items <= options.TuneNeighbourhoodItemsLimit,
            // Serving goes on meanwhile: half of the processors are left to it.
            Threads = Math.Max(1, (options.Threads == 0 ? Environment.ProcessorCount : options.Threads) / 2),
        };
        var started = Stopwatch.GetTimestamp();
        var state = await Task.Run(() => Tuning.Run([split], tuning, () => Stopwatch.GetElapsedTime(started).TotalSeconds, resume, Report, cancellationToken), cancellationToken);
        await PutAsync(EventsName, status.Events, cancellationToken);
        // The same list for everybody is no recommendation, even where the hold-out likes it; and without factors, new items could not be placed.
        if (state.Trials.Where(t => t.Settings is not (PopularitySettings or NeighbourhoodSettings)).MaxBy(t => t.Score) is not { } best) return false;

        var before = await store.GetSettingAsync(SettingsName, cancellationToken) is { } tuned ? LearnerSettings.FromJson(tuned.GetRawText()) : null;
        string settings = best.Settings.ToJson();
        await store.PutSettingAsync(SettingsName, JsonDocument.Parse(settings).RootElement, cancellationToken);
        logger.LogInformation("Tried {Trials} settings; the best are {Settings}.", state.Trials.Count, settings);
        return before != best.Settings;

        void Report(TuningState soFar)
        {
            progress.Training = $"tuning, trial {soFar.Trials.Count}, best NDCG@20 {soFar.Best?.Ndcg:0.0000}";
            // Trials take seconds; waiting for the store here costs nothing and keeps the order.
            store.PutSettingAsync(StateName, JsonDocument.Parse(soFar.ToJson()).RootElement, cancellationToken).GetAwaiter().GetResult();
        }
    }

    private Task PutAsync(string name, long value, CancellationToken cancellationToken) =>
        store.PutSettingAsync(name, JsonSerializer.SerializeToElement(value), cancellationToken);
}
