using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Factorization;
using Recommender.Storage;

namespace Recommender.Trainer;

/// <summary>One training: read the events, judge the settings on a hold-out, train on everything, register, release.</summary>
public sealed class Training(
    IStore store,
    IFactorStore factorStore,
    Reconciler reconciler,
    EventWeights weights,
    Progress progress,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<Training> logger)
{
    /// <summary>Name of the tuned settings in the store.</summary>
    public const string SettingsName = "learner";

    /// <summary>Returns the model's registry entry; null when another instance is training or there is nothing to learn from.</summary>
    public async Task<ModelInfo?> RunAsync(CancellationToken cancellationToken)
    {
        await using var lease = await store.TryAcquireTrainingLeaseAsync(cancellationToken);
        if (lease is null)
        {
            logger.LogInformation("Another instance is training.");
            return null;
        }

        try
        {
            using var activity = TrainerTelemetry.Source.StartActivity("train");
            return await TrainAsync(cancellationToken);
        }
        finally
        {
            if (!progress.Training.StartsWith("failed", StringComparison.Ordinal)) progress.Training = "idle";
        }
    }

    private async Task<ModelInfo?> TrainAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        progress.Training = "reading events";
        long watermark = (await store.GetStatusAsync(cancellationToken)).Sequence;
        var log = await store.ReadInteractionsAsync(watermark, cancellationToken);
        var itemIds = await ReadItemIdsAsync(cancellationToken);
        var data = TrainingData.Build(log, itemIds, await store.GetEventTypesAsync(cancellationToken), weights);
        var everything = data.Preferences(data.Events);
        if (everything.Count == 0)
        {
            logger.LogInformation("Nothing to learn from: {Events} events, none of a type with a weight on an item of the catalogue.", data.Events);
            return null;
        }

        var settings = await ReadSettingsAsync(cancellationToken);
        var metrics = Judge(data, settings, cancellationToken);
        var model = Train("training", everything, settings, cancellationToken);
        string? objection = Objection(metrics);
        var info = new ModelInfo
        {
            Version = 0,
            State = objection is null ? ModelState.Trained : ModelState.Rejected,
            Reason = objection,
            TrainedAt = clock.GetUtcNow(),
            TrainSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            Learner = model.Learner,
            Rank = model.Rank,
            Users = data.Users,
            Items = data.Items,
            Interactions = everything.Count,
            Watermark = watermark,
            Settings = JsonDocument.Parse(settings.ToJson()).RootElement,
            Metrics = metrics,
        };

        progress.Training = "saving";
        using var bytes = new MemoryStream();
        model.Write(bytes);
        var package = new ModelPackage(data.ItemKeys, bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
        long version = await store.SaveModelAsync(info, package.Encode(), cancellationToken);
        logger.LogInformation("Trained model {Version}: {Learner}, rank {Rank}, {Users} users, {Items} items, {Interactions} interactions, {Seconds:0.0} s.",
            version, info.Learner, info.Rank, info.Users, info.Items, info.Interactions, info.TrainSeconds);

        if (objection is null) await reconciler.ReleaseAsync(version, cancellationToken);
        else logger.LogWarning("Model {Version} is not released: {Reason}", version, objection);
        foreach (long pruned in await store.PruneModelsAsync(options.KeepModels, cancellationToken))
            await factorStore.DeleteModelAsync(pruned, cancellationToken);
        return info with { Version = version };
    }

    /// <summary>Hold-out metrics of a model trained on the older events, and of popularity beside it; null when nothing can be held out.</summary>
    private ModelMetrics? Judge(TrainingData data, LearnerSettings settings, CancellationToken cancellationToken)
    {
        var split = data.Holdout(options.HoldoutShare, options.HoldoutUsersLimit);
        if (split.Test.Columns.Length == 0 || split.Train.Count == 0) return null;
        var evaluation = new EvaluationOptions { Threads = Threads };
        var results = new Dictionary<string, MetricSet>();
        int users = 0;
        foreach (var (name, candidate) in new (string, LearnerSettings)[] { ("model", settings), ("popular", new PopularitySettings()) })
        {
            var model = Train("judging", split.Train, candidate, cancellationToken);
            var result = Evaluation.Run(model, split, evaluation, cancellationToken);
            results[name] = ToMetrics(result);
            users = result.Users;
            logger.LogInformation("Hold-out of {Users} users: {Name} Recall@20 {Recall:0.0000}, NDCG@20 {Ndcg:0.0000}.", users, name, result.Recall, result.Ndcg);
        }

        return new() { Split = "temporal", Users = users, Results = results };
    }

    private Model Train(string stage, InteractionMatrix matrix, LearnerSettings settings, CancellationToken cancellationToken)
    {
        progress.Training = stage;
        return settings.Train(matrix, new TrainOptions { Threads = Threads, Progress = p => progress.Training = $"{stage}, epoch {p.Epoch} of {p.Epochs}" }, cancellationToken);
    }

    private int Threads => options.Threads == 0 ? Environment.ProcessorCount : options.Threads;

    /// <summary>Why the model should not be released; null when nothing speaks against it. Without a hold-out there is nothing to object.</summary>
    private static string? Objection(ModelMetrics? metrics)
    {
        if (metrics is null) return null;
        double model = metrics.Results["model"].NdcgAt20.Mean, popular = metrics.Results["popular"].NdcgAt20.Mean;
        return model >= popular ? null : FormattableString.Invariant($"NDCG@20 {model:0.0000} on the hold-out is below popularity's {popular:0.0000}.");
    }

    private async Task<LearnerSettings> ReadSettingsAsync(CancellationToken cancellationToken) =>
        await store.GetSettingAsync(SettingsName, cancellationToken) is { } tuned
            ? LearnerSettings.FromJson(tuned.GetRawText())
            : Learning.Default with { Rank = options.Rank };

    private async Task<Dictionary<int, string>> ReadItemIdsAsync(CancellationToken cancellationToken)
    {
        const int PageItems = 10_000;
        var ids = new Dictionary<int, string>();
        for (int after = 0; ;)
        {
            var entries = await store.ReadCatalogueAsync(after, PageItems, cancellationToken);
            if (entries.Count == 0) return ids;
            foreach (var entry in entries)
                if (!entry.Deleted) ids[entry.ItemKey] = entry.ItemId;
            after = entries[^1].ItemKey;
        }
    }

    private static MetricSet ToMetrics(EvaluationResult result) => new()
    {
        RecallAt20 = new(result.Recall, result.RecallInterval.Low, result.RecallInterval.High),
        NdcgAt20 = new(result.Ndcg, result.NdcgInterval.Low, result.NdcgInterval.High),
        More = new Dictionary<string, double>
        {
            ["mapAt20"] = result.Map,
            ["mrrAt20"] = result.Mrr,
            ["hitRateAt20"] = result.HitRate,
            ["coverageAt20"] = result.Coverage,
            ["giniAt20"] = result.Gini,
            ["noveltyAt20"] = result.Novelty,
            ["diversityAt20"] = double.IsFinite(result.Diversity) ? result.Diversity : 0,
        },
    };
}
