using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

[JsonConverter(typeof(JsonStringEnumConverter<ModelState>))]
public enum ModelState
{
    [JsonStringEnumMemberName("trained")] Trained,
    [JsonStringEnumMemberName("rejected")] Rejected,
    [JsonStringEnumMemberName("released")] Released,
    [JsonStringEnumMemberName("retired")] Retired,
}

/// <summary>A model in the registry. Answer of <c>GET /v1/models/{version}</c>.</summary>
public sealed record ModelInfo
{
    public required long Version { get; init; }
    public required ModelState State { get; init; }

    /// <summary>Why the gate rejected it.</summary>
    public string? Reason { get; init; }

    public required DateTimeOffset TrainedAt { get; init; }
    public DateTimeOffset? ReleasedAt { get; init; }
    public required double TrainSeconds { get; init; }
    public required string Learner { get; init; }
    public required int Rank { get; init; }
    public required int Users { get; init; }
    public required int Items { get; init; }

    /// <summary>Distinct (user, item) pairs it was trained on.</summary>
    public required long Interactions { get; init; }

    /// <summary>Events with a sequence up to this one were in the data (<c>trained</c> watermark).</summary>
    public required long Watermark { get; init; }

    /// <summary>Hyper-parameters by name.</summary>
    public required JsonElement Settings { get; init; }

    /// <summary>Hold-out metrics of the model and, beside them, of the baselines. Null when there was too little data to hold
    /// out.</summary>
    public ModelMetrics? Metrics { get; init; }

    /// <summary>How far the data has moved since the model before. Null for the first.</summary>
    public ModelDrift? Drift { get; init; }

    /// <summary>The search that chose the settings; null where none did. Left out of lists.</summary>
    public SettingsSearch? Search { get; init; }
}

/// <summary>Distances in 0..1: Jensen–Shannon distance of distributions, minus the expected distance of small samples.</summary>
public sealed record ModelDrift
{
    /// <summary>The model before.</summary>
    public required long SinceVersion { get; init; }

    /// <summary>Events that came since it.</summary>
    public required long NewEvents { get; init; }

    /// <summary>Of which items the new events are, against those before: the hundred most frequent ones, the others, and new
    /// ones.</summary>
    public required double Items { get; init; }

    /// <summary>Of which type the new events are.</summary>
    public required double Types { get; init; }

    /// <summary>1 − the share of each item's ten nearest that stayed; null where the model before cannot be read.</summary>
    public double? Factors { get; init; }
}

/// <summary>A search for learner and settings, trial by trial.</summary>
public sealed record SettingsSearch
{
    public required double Seconds { get; init; }

    /// <summary>In the order tried.</summary>
    public required IReadOnlyList<SearchTrial> Trials { get; init; }
}

public sealed record SearchTrial
{
    public required string Stage { get; init; }
    public required JsonElement Settings { get; init; }

    /// <summary>Mean of recall and NDCG, which the search maximises.</summary>
    public required double Score { get; init; }

    public required double RecallAt20 { get; init; }
    public required double NdcgAt20 { get; init; }
    public required double Seconds { get; init; }

    /// <summary>Score after each epoch, for learners that have them.</summary>
    public required IReadOnlyList<double> Curve { get; init; }
}

public sealed record ModelMetrics
{
    /// <summary><c>temporal</c> or <c>random</c>.</summary>
    public required string Split { get; init; }

    public required int Users { get; init; }

    /// <summary>
    /// By name, all on the same users: <c>model</c>, the model in service (<c>inService</c>), and the baselines <c>popular</c>,
    /// <c>recentPopular</c>,
    /// <c>itemItem</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, MetricSet> Results { get; init; }
}

/// <summary>Full-catalogue ranking metrics at 20; each is a mean over users with held-out items, with a 95 % bootstrap interval.</summary>
public sealed record MetricSet
{
    public required Estimate RecallAt20 { get; init; }
    public required Estimate NdcgAt20 { get; init; }

    /// <summary>Further metrics by name, e.g. <c>mapAt20</c>, <c>coverageAt20</c>.</summary>
    public IReadOnlyDictionary<string, double> More { get; set; } = new Dictionary<string, double>();

    /// <summary>Users in three bands by how many items they had consumed, then held-out items in three bands by popularity, each a third of
    /// all events.</summary>
    public IReadOnlyList<MetricBand> Bands { get; set; } = [];
}

/// <param name="Of"><c>users</c> or <c>items</c>.</param>
/// <param name="Count">Users of the band, or held-out items.</param>
/// <param name="NdcgAt20">Null for items.</param>
public sealed record MetricBand(string Of, string Name, int Count, double RecallAt20, double? NdcgAt20);

public sealed record Estimate(double Mean, double Low, double High);

public sealed record TrainingAccepted
{
    public required string Detail { get; init; }
}

/// <summary>
/// Answer of <c>GET /v1/status</c>. Watermarks are counts of events, so that
/// accepted ≥ stored ≥ folded ≥ trained ≥ released at any moment as seen by one reader.
/// </summary>
public sealed record StatusResponse
{
    public required DateTimeOffset At { get; init; }

    /// <summary>ok, or degraded with the reasons in <see cref="Problems"/>.</summary>
    public required string State { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>By stage: <c>stored</c>, <c>folded</c>, <c>trained</c>, <c>released</c> (and <c>accepted</c> where the broker is
    /// asked).</summary>
    public required IReadOnlyDictionary<string, long> Watermarks { get; init; }

    /// <summary>By stage, seconds the oldest waiting event has waited.</summary>
    public required IReadOnlyDictionary<string, double> LagSeconds { get; init; }

    /// <summary>Messages waiting, by stream.</summary>
    public required IReadOnlyDictionary<string, long> QueueDepths { get; init; }

    /// <summary>Recent time of the event path of this instance, by part: <c>queued</c> (a message, from sent to taken),
    /// <c>storing</c> and <c>folding</c> (a batch).</summary>
    public IReadOnlyDictionary<string, StageTime> StageMilliseconds { get; set; } = new Dictionary<string, StageTime>();

    public long? ReleasedVersion { get; init; }
    public required long Users { get; init; }
    public required long Items { get; init; }
    public required long Events { get; init; }

    /// <summary>Traces of what was accepted and had no effect, since the database was made.</summary>
    public StatusCounters Counters { get; set; } = new();

    /// <summary>What training is doing: idle, or stage and share done.</summary>
    public string Training { get; set; } = "idle";
}

/// <summary>Kept in the database, over restarts and all instances. A batch that comes again after an interruption counts again.</summary>
/// <param name="DuplicateEvents">Events that were stored already, with the same content.</param>
/// <param name="ConflictingEvents">Events whose id another event already has, with other content: they are dead letters.</param>
/// <param name="DroppedEvents">Events of users who were erased after them, and events older than what is kept.</param>
/// <param name="IgnoredItemChanges">Changes of items that were applied before (by <c>changeId</c>), and patches of deleted items.</param>
public sealed record StatusCounters(long DuplicateEvents = 0, long ConflictingEvents = 0, long DroppedEvents = 0,
    long IgnoredItemChanges = 0);

/// <summary>Milliseconds, over the last few thousand.</summary>
public sealed record StageTime(double P50, double P99);

public sealed record UserListResponse
{
    public required IReadOnlyList<UserSummary> Users { get; init; }
}

public sealed record UserSummary(string UserId, long Events, DateTimeOffset LastAt);

public sealed record DeadLetter
{
    public required string Id { get; init; }
    public required string Stream { get; init; }
    public required string Reason { get; init; }
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>The body as text, cut at 4,096 characters.</summary>
    public required string Body { get; init; }
}

public sealed record DeadLettersResponse
{
    public required long Total { get; init; }
    public required IReadOnlyList<DeadLetter> Letters { get; init; }
}

public sealed record ReplayResponse(long Replayed);

public sealed record MergeRequest
{
    [Required]
    public string? SessionId { get; init; }
}

public sealed record ErasureResponse
{
    public required string ErasureId { get; init; }

    /// <summary><c>pending</c>, or <c>done</c> when every stage but the next model is.</summary>
    public required string State { get; init; }

    /// <summary>Time of each finished stage by name: <c>requested</c>, <c>store</c>, <c>factorStore</c>, <c>serving</c>, <c>queues</c>
    /// (events on their way and dead letters), <c>model</c>.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> Stages { get; init; }

    /// <summary>Events removed from the store.</summary>
    public long EventsRemoved { get; init; }

    /// <summary>First model version trained without the user; null until it exists.</summary>
    public long? ModelVersion { get; init; }
}

/// <summary>Everything held on a user. Answer of <c>GET /v1/users/{userId}/export</c>.</summary>
public sealed record UserExport
{
    public required string UserId { get; init; }
    public required IReadOnlyDictionary<string, JsonElement> Properties { get; init; }
    public required IReadOnlyList<Interaction> Events { get; init; }
}

public sealed record ModelsResponse
{
    public required IReadOnlyList<ModelInfo> Models { get; init; }
}
