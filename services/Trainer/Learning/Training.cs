using System.Diagnostics;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Factorization.Content;
using Recommender.Factorization.Data;
using Recommender.Factorization.Events;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Models;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Storage;
using Recommender.Trainer.Mixing;
using Recommender.Trainer.Releasing;
using Recommender.Trainer.Status;

namespace Recommender.Trainer.Learning;

/// <summary>One training: read the events, judge the settings on a hold-out, train on everything, register, release.</summary>
public sealed class Training(
    IStore store,
    IFactorStore factorStore,
    Reconciler reconciler,
    SettingsTuner tuner,
    DriftMeter driftMeter,
    SessionTraining sessionTraining,
    ScoreMixes mixes,
    EventWeights weights,
    Progress progress,
    TrainerOptions options,
    TimeProvider clock,
    ILogger<Training> logger)
{
    /// <summary>The last run found another instance training and did nothing.</summary>
    public bool FoundAnother { get; private set; }

    /// <summary>Runs a training. Returns the model's registry entry; null if another instance is training or there is no data.</summary>
    public async Task<ModelInfo?> RunAsync(CancellationToken cancellationToken)
    {
        await using var lease = await store.TryAcquireTrainingLeaseAsync(cancellationToken);
        FoundAnother = lease is null;
        if (lease is null)
        {
            logger.AnotherInstanceTrains();
            return null;
        }

        try
        {
            using var activity = TrainerTelemetry.Source.StartActivity("train");
            return await TrainAsync(cancellationToken);
        }
        finally
        {
            progress.Training = TrainingState.Idle;
        }
    }

    private async Task<ModelInfo?> TrainAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        progress.Training = TrainingState.ReadingEvents;
        var erasures = await store.ListPendingErasuresAsync("model", cancellationToken);
        long watermark = (await store.GetStatusAsync(cancellationToken)).Sequence;
        var data = await TrainingData.ReadAsync(store, watermark, weights, cancellationToken);
        var everything = data.Preferences(data.Events);
        if (everything.Count == 0)
        {
            logger.NothingToLearn(data.Events);
            return null;
        }

        var settings = await ReadSettingsAsync(cancellationToken);
        var inService = await store.GetReleasedModelAsync(cancellationToken);
        var before = await store.ListModelsAsync(1, cancellationToken) is [var newest, ..] ? newest : null;
        var content = options.ContentFeaturesLimit > 0 && data.Texts.Any(t => t is not null)
            ? ItemContent.Build(data.Texts, options.ContentFeaturesLimit) : null;
        var (metrics, decision, blends, learned) = Judge(data, settings, inService, content, cancellationToken);
        var sessions = await sessionTraining.RunAsync(data,
            cut => learned is not null && !TimeWindows.AreVisits(data, options.HoldoutShare) ? learned
                : Train(TrainingStage.Judging, data.Preferences(cut), settings, cancellationToken), watermark, cancellationToken);
        var model = Train(TrainingStage.Training, everything, settings, cancellationToken);
        if (blends) model = ContentFactors.Blend(model, content!, ContentFactors.EventsOf(everything), Threads, cancellationToken);
        var placement = ItemPlacement.Learn(model, everything, content, Threads, cancellationToken);
        var info = new ModelInfo
        {
            Version = 0,
            State = decision.Release ? ModelState.Trained : ModelState.Rejected,
            Reason = decision.Reason,
            TrainedAt = clock.GetUtcNow(),
            TrainSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
            Learner = LearnerRegistry.NameOf(settings),
            Rank = model.Rank,
            Users = data.Users,
            Items = data.Items,
            Interactions = everything.Count,
            Watermark = watermark,
            Settings = JsonDocument.Parse(settings.ToJson()).RootElement,
            Metrics = metrics is null ? null : metrics with { Sessions = sessions?.Metrics },
            Drift = await driftMeter.MeasureAsync(before, model, data.ItemKeys, watermark, cancellationToken),
            Search = await tuner.SearchOfAsync(settings, cancellationToken),
        };

        progress.Training = TrainingState.Saving;
        using var bytes = new MemoryStream();
        model.Write(bytes);
        using var placementBytes = new MemoryStream();
        placement.Write(placementBytes);
        var package = new ModelPackage(data.ItemKeys, bytes.GetBuffer().AsMemory(0, (int)bytes.Length),
            placementBytes.GetBuffer().AsMemory(0, (int)placementBytes.Length))
        {
            SampleUsers = SampleUsers(model, everything),
            EventTypes = weights.ToJson(),
            Encoder = Write(sessions?.Encoder),
        };
        long version = await store.SaveModelAsync(info, package.Encode(), cancellationToken);
        logger.ModelTrained(
            version, info.Learner, info.Rank, info.Users, info.Items, info.Interactions, info.TrainSeconds);

        await store.SetErasureModelAsync(erasures, version, clock.GetUtcNow(), cancellationToken);
        logger.ReleaseDecided(version, decision.Reason);
        if (decision.Release) await reconciler.ReleaseAsync(version, cancellationToken);
        if (decision.Release && sessions?.Decision is { } mix) await mixes.PublishAsync(mix, cancellationToken);
        foreach (long pruned in await store.PruneModelsAsync(options.KeepModels, cancellationToken))
            await factorStore.DeleteModelAsync(pruned, cancellationToken);
        return info with { Version = version };
    }

    private static ReadOnlyMemory<byte> Write(SessionEncoder? encoder)
    {
        using var bytes = new MemoryStream();
        encoder?.Write(bytes);
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    /// <summary>Factors of an even sample of users, folded in as in serving.</summary>
    private static float[] SampleUsers(Model model, InteractionMatrix data)
    {
        const int Most = 400;
        var sample = new List<float>();
        var factor = new float[model.Rank];
        for (int n = 0; n < Math.Min(Most, data.UserCount); n++)
        {
            model.FoldIn(data.Users.History((int)((long)n * data.UserCount / Math.Min(Most, data.UserCount))), factor);
            // Serving does not search for a user without a usable history.
            if (factor.AsSpan().ContainsAnyExcept(0f)) sample.AddRange(factor);
        }

        return [.. sample];
    }

    /// <summary>
    /// Evaluates the settings on the newest events after training on the older ones. On the same hold-out it evaluates popularity, and the
    /// settings of the model in service, also trained on the older events because the model itself may include the newest. Content is
    /// blended into the factors of items with few events if the result is not worse.
    /// </summary>
    /// <returns>Also the model of the older events, without content; null without a hold-out.</returns>
    private (ModelMetrics? Metrics, GateDecision Decision, bool Blends, Model? Learned) Judge(
        TrainingData data, LearnerSettings settings, ModelInfo? inService, ItemContent? content, CancellationToken cancellationToken)
    {
        var split = TimeWindows.Holdout(data, options.HoldoutShare, options.HoldoutUsersLimit);
        if (split.Test.Columns.Length == 0 || split.Train.Count == 0)
            return (null, ReleaseGate.DecideUnjudged(inService is not null), false, null);

        var learned = Train(TrainingStage.Judging, split.Train, settings, cancellationToken);
        var plain = Evaluate("model", split, learned, cancellationToken);
        var blended = content is null ? plain : Evaluate("model with content", split,
            ContentFactors.Blend(learned, content, ContentFactors.EventsOf(split.Train), Threads, cancellationToken), cancellationToken);
        bool blends = content is not null && blended.Ndcg >= plain.Ndcg;
        var candidate = blends ? blended : plain;
        var popular = Evaluate("popular", split, new PopularitySettings(), cancellationToken);
        // Recent popularity, over about the duration of the hold-out.
        var recent = Evaluate("recently popular", split, new PopularitySettings { HalfLife = options.HoldoutShare }, cancellationToken);
        var results = new Dictionary<string, MetricSet>
        {
            ["model"] = ToMetrics(candidate),
            ["popular"] = ToMetrics(popular),
            ["recentPopular"] = ToMetrics(recent)
        };
        if (data.Items <= options.TuneNeighbourhoodItemsLimit)
            results["itemItem"] = ToMetrics(Evaluate("item-item", split, new NeighbourhoodSettings(), cancellationToken));
        EvaluationResult? serving = null;
        if (inService is not null)
        {
            var served = LearnerSettings.FromJson(inService.Settings.GetRawText());
            serving = served == settings ? plain : Evaluate("in service", split, served, cancellationToken);
            results["inService"] = ToMetrics(serving);
        }

        var metrics = new ModelMetrics { Split = "temporal", Users = candidate.Users, Results = results };
        return (metrics, ReleaseGate.Decide(candidate, serving, popular, options.GateTolerance), blends, learned);
    }

    private EvaluationResult Evaluate(string name, Split split, LearnerSettings settings, CancellationToken cancellationToken) =>
        Evaluate(name, split, Train(TrainingStage.Judging, split.Train, settings, cancellationToken), cancellationToken);

    private EvaluationResult Evaluate(string name, Split split, Model model, CancellationToken cancellationToken)
    {
        var result = Evaluation.Run(model, split, new EvaluationOptions { Threads = Threads }, cancellationToken);
        logger.ModelEvaluated(name, result.Users, result.Recall, result.Ndcg);
        return result;
    }

    private Model Train(TrainingStage stage, InteractionMatrix matrix, LearnerSettings settings, CancellationToken cancellationToken)
    {
        progress.Training = TrainingState.Epochs(stage);
        var training = new TrainOptions { Threads = Threads, Progress = p => progress.Training = TrainingState.Epochs(stage, p) };
        return settings.Train(matrix, training, cancellationToken);
    }

    private int Threads => options.Threads == 0 ? Environment.ProcessorCount : options.Threads;

    private async Task<LearnerSettings> ReadSettingsAsync(CancellationToken cancellationToken) =>
        StoredSettings.Read(await store.GetSettingAsync(SettingsTuner.SettingsName, cancellationToken), logger)
        ?? DefaultSettings.Default with { Rank = options.Rank };

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
        Bands =
        [
            .. result.UserBands.Select(b => new MetricBand("users", b.Name, b.Count, b.Recall, b.Ndcg)),
            .. result.ItemBands.Select(b => new MetricBand("items", b.Name, b.Count, b.Recall, null)),
        ],
    };
}
