using System.ComponentModel.DataAnnotations;

namespace Recommender.Trainer;

/// <summary>Configuration section <c>Trainer</c>.</summary>
public sealed record TrainerOptions
{
    public const string Section = "Trainer";

    /// <summary>Events handled as one batch, in bytes of their messages. A batch is what has arrived; it never waits for more.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Items of a user's history kept for serving, newest first; the fold-in uses these.</summary>
    [Range(1, 100_000)]
    public int HistoryItemsLimit { get; set; } = 2_000;

    /// <summary>Events of active users kept in memory, so that their histories are not read back with each new event. 24 bytes each. 0:
    /// none.</summary>
    [Range(0, 1_000_000_000)]
    public int HistoryCacheEvents { get; set; } = 2_000_000;

    /// <summary>Items kept in the transition row of an item: those that follow it or appear with it in sessions. A row of 50 takes 490
    /// bytes in memory and 440 in the factor store.</summary>
    [Range(1, 500)]
    public int TransitionRowLength { get; set; } = 50;

    /// <summary>A user's events without a session id that are further apart than this belong to different sessions.</summary>
    [Range(1, 7 * 24 * 60)]
    public int SessionGapMinutes { get; set; } = 30;

    /// <summary>Age in hours at which a transition counts half, relative to the newest event.</summary>
    [Range(0.1, 1_000_000.0)]
    public double TransitionHalfLifeHours { get; set; } = 1440;

    /// <summary>Items that may have transitions, in the order in which they became known. This bounds the memory. Later items have no row,
    /// are in no row, and are recommended by the model and by their content alone. 0: no transitions are kept.</summary>
    [Range(0, 16_777_215)]
    public int TransitionItemsLimit { get; set; } = 2_000_000;

    /// <summary>The encoder of sessions is trained on at most this many pairs of an item and the next one, the newest. 0: models have no
    /// encoder.</summary>
    [Range(0, 100_000_000)]
    public int EncoderPairsLimit { get; set; } = 5_000_000;

    /// <summary>The weights of the terms of scores are chosen again after this many stored events, and after each training. 0: after
    /// trainings only.</summary>
    [Range(0, 1_000_000_000)]
    public int MixEvents { get; set; } = 20_000;

    /// <summary>
    /// Days after which a user counts half in what is popular, from their newest positive event on the item. Changing it recounts the
    /// statistics at the next start.
    /// </summary>
    [Range(0.1, 36_500.0)]
    public double PopularHalfLifeDays { get; set; } = 90;

    /// <summary>The same for what is trending, in hours.</summary>
    [Range(0.1, 100_000.0)]
    public double TrendingHalfLifeHours { get; set; } = 72;

    /// <summary>A training starts when this many events came since the last one and they are at least <see cref="TrainAfterGrowth"/> of
    /// all.</summary>
    [Range(1, long.MaxValue)]
    public long TrainAfterEvents { get; set; } = 10_000;

    /// <summary>New events as a share of the events of the last training.</summary>
    [Range(0.0, 100.0)]
    public double TrainAfterGrowth { get; set; } = 0.1;

    /// <summary>A training also starts when this much time has passed since the last one and there is any new event.</summary>
    [Range(1, 60 * 24 * 365)]
    public int TrainEveryMinutes { get; set; } = 24 * 60;

    /// <summary>Below this many events no training starts automatically.</summary>
    [Range(1, long.MaxValue)]
    public long MinimumEvents { get; set; } = 200;

    /// <summary>How often the conditions above are checked.</summary>
    [Range(0.05, 3600.0)]
    public double CheckEverySeconds { get; set; } = 5;

    /// <summary>A training starts automatically only after this time without new events, so that it does not start during an
    /// import.</summary>
    [Range(0.0, 3600.0)]
    public double QuietSeconds { get; set; } = 5;

    /// <summary>The longest delay of a training by <see cref="QuietSeconds"/>.</summary>
    [Range(0.0, 24 * 3600.0)]
    public double QuietAtMostSeconds { get; set; } = 300;

    /// <summary>Share of the newest events held out to judge a model.</summary>
    [Range(0.01, 0.5)]
    public double HoldoutShare { get; set; } = 0.1;

    /// <summary>Users whose held-out events are ranked, at most; a fixed sample beyond.</summary>
    [Range(100, 10_000_000)]
    public int HoldoutUsersLimit { get; set; } = 20_000;

    /// <summary>Rank (length of the factors) until a search has found better settings.</summary>
    [Range(1, 2048)]
    public int Rank { get; set; } = 64;

    /// <summary>Threads of a training; 0: all processors.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>Time limit of the search for better settings, which follows the first training and each growth of the data by the factor
    /// <see cref="TuneAfterGrowth"/>. 0: no search.</summary>
    [Range(0.0, 24 * 3600.0)]
    public double TuneBudgetSeconds { get; set; } = 120;

    /// <summary>Growth of the number of events, as a factor, after which the search is repeated.</summary>
    [Range(1.0, 1000.0)]
    public double TuneAfterGrowth { get; set; } = 2;

    /// <summary>
    /// The search is also repeated if the items or types of new events have drifted this far from those of the previous model. 0: equal
    /// distributions; 0.2: a large drift; 1: never repeat.
    /// </summary>
    [Range(0.01, 1.0)]
    public double TuneAfterDrift { get; set; } = 0.3;

    /// <summary>The same for factors of unchanged settings: the share of items' nearest items that have changed. 1: never repeat.</summary>
    [Range(0.01, 1.0)]
    public double TuneAfterFactorDrift { get; set; } = 0.8;

    /// <summary>Below this many events there is no search: the hold-out would decide by chance.</summary>
    [Range(1, long.MaxValue)]
    public long TuneMinimumEvents { get; set; } = 5_000;

    /// <summary>The largest rank that the search may choose.</summary>
    [Range(8, 2048)]
    public int TuneMaxRank { get; set; } = 128;

    /// <summary>
    /// Catalogues of up to this many items may get a model with an item–item term in addition to the factors. It takes about 700 bytes per
    /// item in registry, factor store and network, and twice that in serving memory. 0: factors only.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int TuneNeighbourhoodItemsLimit { get; set; } = 200_000;

    /// <summary>
    /// The most frequent features of titles, categories, tags and properties, from which factors of new items are learned. Each takes 4
    /// bytes
    /// times the rank in the registry. 0: new items are placed by their events only.
    /// </summary>
    [Range(0, 1_000_000)]
    public int ContentFeaturesLimit { get; set; } = 32_768;

    /// <summary>How much worse (relative NDCG@20) than the model in service a new one may be on the same hold-out and still be
    /// released.</summary>
    [Range(0.0, 1.0)]
    public double GateTolerance { get; set; } = 0.02;

    /// <summary>Models whose bytes are kept, for rollback; the released one always is.</summary>
    [Range(1, 1000)]
    public int KeepModels { get; set; } = 5;

    /// <summary>Events that occurred longer ago are removed in the background, once a day (UTC), oldest month first. 0: events are kept
    /// forever.</summary>
    [Range(0, 36_500)]
    public int RetentionDays { get; set; }

    /// <summary>
    /// Delay of the last step of an erasure, which removes the user's dead letters: events taken off the queue before the erasure are
    /// stored
    /// or dead-lettered by then. Until then the notice to Recommend is repeated, so that no instance misses it.
    /// </summary>
    [Range(0.0, 40.0)]
    public double ErasureSettleSeconds { get; set; } = 15;

    /// <summary>How often registry and factor store are compared and what is missing is rebuilt.</summary>
    [Range(0.05, 3600.0)]
    public double ReconcileEverySeconds { get; set; } = 1;

    /// <summary>How often lags are measured for metrics and readiness.</summary>
    [Range(0.05, 3600.0)]
    public double LagEverySeconds { get; set; } = 5;

    /// <summary>Readiness is degraded while accepted events have waited longer than this to be stored. 0: no alarm.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double StoredLagAlarmSeconds { get; set; } = 60;

    /// <summary>The same for events that wait to be folded in.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double FoldedLagAlarmSeconds { get; set; } = 60;

    /// <summary>The same for events that wait for a model trained on them. No alarm below <see cref="MinimumEvents"/>.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double TrainedLagAlarmSeconds { get; set; } = 2 * 24 * 3600;

    /// <summary>The same for events that wait for the release of such a model. No alarm below <see cref="MinimumEvents"/>.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double ReleasedLagAlarmSeconds { get; set; } = 7 * 24 * 3600;
}
