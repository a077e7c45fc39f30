using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Recommender.Trainer;

/// <summary>Configuration section <c>Trainer</c>.</summary>
public sealed record TrainerOptions
{
    public const string Section = "Trainer";

    /// <summary>Events handled as one batch, in bytes of their messages. A batch is whatever has arrived, never waited for.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Items of a user's history kept for serving, newest first; the fold-in uses these.</summary>
    [Range(1, 100_000)]
    public int HistoryItemsLimit { get; set; } = 2_000;

    /// <summary>Events of lately active users remembered, so that their histories are not read back with each new event. 24 bytes each; 0:
    /// none.</summary>
    [Range(0, 1_000_000_000)]
    public int HistoryCacheEvents { get; set; } = 2_000_000;

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

    /// <summary>Below this many events nothing is trained by itself.</summary>
    [Range(1, long.MaxValue)]
    public long MinimumEvents { get; set; } = 200;

    /// <summary>How often the conditions above are looked at.</summary>
    [Range(0.05, 3600.0)]
    public double CheckEverySeconds { get; set; } = 5;

    /// <summary>No new event for this long before a training starts by itself, so that it does not start in the middle of an
    /// import.</summary>
    [Range(0.0, 3600.0)]
    public double QuietSeconds { get; set; } = 5;

    /// <summary>…but no longer than this after the conditions were met.</summary>
    [Range(0.0, 24 * 3600.0)]
    public double QuietAtMostSeconds { get; set; } = 300;

    /// <summary>Share of the newest events held out to judge a model.</summary>
    [Range(0.01, 0.5)]
    public double HoldoutShare { get; set; } = 0.1;

    /// <summary>Users whose held-out events are ranked, at most; a fixed sample beyond.</summary>
    [Range(100, 10_000_000)]
    public int HoldoutUsersLimit { get; set; } = 20_000;

    /// <summary>Length of the factors until a search has found better settings.</summary>
    [Range(1, 2048)]
    public int Rank { get; set; } = 64;

    /// <summary>Threads of a training; 0: all processors.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>Seconds spent on finding better settings after the first training, and again when the data has grown
    /// <see cref="TuneAfterGrowth"/>-fold. 0: never.</summary>
    [Range(0.0, 24 * 3600.0)]
    public double TuneBudgetSeconds { get; set; } = 120;

    /// <summary>Events as a multiple of those of the last search for settings.</summary>
    [Range(1.0, 1000.0)]
    public double TuneAfterGrowth { get; set; } = 2;

    /// <summary>
    /// Settings are also searched for when the new events' items or types have drifted this far from those of the model before (0 not at
    /// all, 1
    /// altogether; a fifth is much). 1: never.
    /// </summary>
    [Range(0.01, 1.0)]
    public double TuneAfterDrift { get; set; } = 0.3;

    /// <summary>The same for factors, where the settings stayed: the share of items' nearest items that are others now. 1: never.</summary>
    [Range(0.01, 1.0)]
    public double TuneAfterFactorDrift { get; set; } = 0.8;

    /// <summary>Below this many events settings are not searched for: the hold-out would decide by chance.</summary>
    [Range(1, long.MaxValue)]
    public long TuneMinimumEvents { get; set; } = 5_000;

    /// <summary>Longest factors the search may choose.</summary>
    [Range(8, 2048)]
    public int TuneMaxRank { get; set; } = 128;

    /// <summary>
    /// Catalogues of up to this many items may get a model with an item–item term beside the factors, which takes about 700 bytes per item
    /// in
    /// registry, factor store and network, and twice that in serving memory. 0: factors alone.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int TuneNeighbourhoodItemsLimit { get; set; } = 200_000;

    /// <summary>
    /// Features of titles, categories, tags and properties from which factors of new items are learned, the most frequent ones; each takes
    /// 4 bytes
    /// per factor number in the registry. 0: new items are placed by their events alone.
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

    /// <summary>Events that occurred longer ago are removed in the background, once a day (UTC), oldest month first. 0: events are kept for
    /// ever.</summary>
    [Range(0, 36_500)]
    public int RetentionDays { get; set; }

    /// <summary>
    /// Seconds after which an erasure goes over the dead letters a last time and is done: events of the user that were taken off the queue
    /// before it have come to rest by then. Until then Recommend is told again and again, so that no instance misses it.
    /// </summary>
    [Range(0.0, 40.0)]
    public double ErasureSettleSeconds { get; set; } = 15;

    /// <summary>How often registry and factor store are compared and what is missing is rebuilt.</summary>
    [Range(0.05, 3600.0)]
    public double ReconcileEverySeconds { get; set; } = 1;

    /// <summary>How often lags are looked at for metrics and readiness.</summary>
    [Range(0.05, 3600.0)]
    public double LagEverySeconds { get; set; } = 5;

    /// <summary>Readiness is degraded while accepted events have waited longer than this to be stored. 0: never.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double StoredLagAlarmSeconds { get; set; } = 60;

    /// <summary>…longer than this to be folded in. 0: never.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double FoldedLagAlarmSeconds { get; set; } = 60;

    /// <summary>…longer than this for a model that was trained on them. 0: never. Below <see cref="MinimumEvents"/> nothing is trained by
    /// itself, and this is no alarm.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double TrainedLagAlarmSeconds { get; set; } = 2 * 24 * 3600;

    /// <summary>…longer than this for such a model to be released. 0: never. As above below <see cref="MinimumEvents"/>.</summary>
    [Range(0.0, 365 * 24 * 3600.0)]
    public double ReleasedLagAlarmSeconds { get; set; } = 7 * 24 * 3600;

    /// <summary>One sentence for each setting that is out of range, naming it and the fix.</summary>
    internal IEnumerable<string> Problems() =>
        from property in typeof(TrainerOptions).GetProperties()
        let range = property.GetCustomAttribute<RangeAttribute>()
        where range is not null && !range.IsValid(property.GetValue(this))
        select FormattableString.Invariant($"Setting {Section}:{property.Name} is {property.GetValue(this)}; it must be between {range.Minimum} and {range.Maximum}.");
}
