using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Recommender.Contracts.Served;

namespace Recommender.Contracts;

/// <summary>State of a model: trained, rejected by the release gate, released (in service), or retired (was in service).</summary>
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
    /// <summary>Version of the model. Later models have higher versions.</summary>
    public required long Version { get; init; }

    /// <summary>State of the model.</summary>
    public required ModelState State { get; init; }

    /// <summary>Why the release gate rejected the model.</summary>
    public string? Reason { get; init; }

    /// <summary>When the training ended.</summary>
    public required DateTimeOffset TrainedAt { get; init; }

    /// <summary>When the model was last released; null if it never was.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>Duration of the training in seconds.</summary>
    public required double TrainSeconds { get; init; }

    /// <summary>Name of the learner, such as <c>ials</c>.</summary>
    public required string Learner { get; init; }

    /// <summary>Length of the factors.</summary>
    public required int Rank { get; init; }

    /// <summary>Number of users in the training data.</summary>
    public required int Users { get; init; }

    /// <summary>Number of items in the training data.</summary>
    public required int Items { get; init; }

    /// <summary>Number of distinct (user, item) pairs in the training data.</summary>
    public required long Interactions { get; init; }

    /// <summary>Sequence of the newest event in the training data: the watermark <c>trained</c>.</summary>
    public required long Watermark { get; init; }

    /// <summary>Hyperparameters of the learner by name.</summary>
    public required JsonElement Settings { get; init; }

    /// <summary>Metrics of the model and of baselines on held-out events. Null if there was too little data to hold any out.</summary>
    public ModelMetrics? Metrics { get; init; }

    /// <summary>Change since the previous model. Null for the first model, and if there are no new events.</summary>
    public ModelDrift? Drift { get; init; }

    /// <summary>The search that chose the settings; null if none did. Left out of lists.</summary>
    public SettingsSearch? Search { get; init; }
}

/// <summary>
/// Change of events and factors since the previous model. Distances of distributions are Jensen–Shannon distances, from 0 to 1, minus the
/// expected distance between samples of these sizes from one distribution.
/// </summary>
public sealed record ModelDrift
{
    /// <summary>Version of the previous model.</summary>
    public required long SinceVersion { get; init; }

    /// <summary>Number of events since the previous model.</summary>
    public required long NewEvents { get; init; }

    /// <summary>
    /// Distance between the item distributions of earlier and new events. The 100 most frequent earlier items count separately, all others
    /// together, and new items together.
    /// </summary>
    public required double Items { get; init; }

    /// <summary>Distance between the type distributions of earlier and new events.</summary>
    public required double Types { get; init; }

    /// <summary>
    /// Share of each item's ten nearest neighbours that changed, averaged over items, 0 to 1. Null if the previous model cannot be read.
    /// </summary>
    public double? Factors { get; init; }
}

/// <summary>A search for a learner and its settings.</summary>
public sealed record SettingsSearch
{
    /// <summary>Duration of the search in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>The trials in the order in which they ran.</summary>
    public required IReadOnlyList<SearchTrial> Trials { get; init; }
}

/// <summary>One training of a search, and its metrics on held-out events.</summary>
public sealed record SearchTrial
{
    /// <summary>Part of the search, such as <c>ials</c>, <c>blend</c> or <c>final, split 1</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>Learner and hyperparameters of the trial.</summary>
    public required JsonElement Settings { get; init; }

    /// <summary>Geometric mean of recall and NDCG, which the search maximises; 0 to 1.</summary>
    public required double Score { get; init; }

    /// <summary>Recall at 20, 0 to 1.</summary>
    public required double RecallAt20 { get; init; }

    /// <summary>Normalised discounted cumulative gain at 20, 0 to 1.</summary>
    public required double NdcgAt20 { get; init; }

    /// <summary>Duration of the trial in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Score after each epoch; empty for learners without epochs.</summary>
    public required IReadOnlyList<double> Curve { get; init; }
}

/// <summary>Metrics of a model and of baselines on the same held-out events.</summary>
public sealed record ModelMetrics
{
    /// <summary>How events were held out: <c>temporal</c> or <c>random</c>.</summary>
    public required string Split { get; init; }

    /// <summary>Number of users with held-out events.</summary>
    public required int Users { get; init; }

    /// <summary>
    /// Metrics by name: <c>model</c>, the model in service (<c>inService</c>), and the baselines <c>popular</c>, <c>recentPopular</c> and
    /// <c>itemItem</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, MetricSet> Results { get; init; }

    /// <summary>The encoder of sessions and the score mix that were trained with the model; null without transitions.</summary>
    public SessionMetrics? Sessions { get; init; }
}

/// <summary>The encoder of sessions in a model, and the score mix chosen with it.</summary>
public sealed record SessionMetrics
{
    /// <summary>Pairs of an item and the next one that the encoder was trained on; 0: there were too few, and the model has none.</summary>
    public required int EncoderPairs { get; init; }

    /// <summary>
    /// Duration of the training of the encoder in seconds, including the one on the older events for the choice of the mix.
    /// </summary>
    public required double EncoderSeconds { get; init; }

    /// <summary>Duration of the choice of the mix in seconds.</summary>
    public required double MixSeconds { get; init; }

    /// <summary>How well the next item of a session was predicted; empty if there were too few questions to choose a mix by.</summary>
    public required IReadOnlyList<SessionResult> Results { get; init; }
}

/// <summary>How well the next item of a session was predicted, over the whole catalogue.</summary>
/// <param name="Kind">From what: <c>known</c> (the history of a user) or <c>anonymous</c> (a session).</param>
/// <param name="Name">By what: <c>model</c> or <c>rules</c> (transitions) alone, or the <c>mix</c>.</param>
/// <param name="Questions">Number of events that were predicted from those before them.</param>
/// <param name="HitRateAt20">Share of the questions whose item is among the first 20, 0 to 1.</param>
/// <param name="MrrAt20">Mean of 1 / rank, 0 beyond the first 20.</param>
public sealed record SessionResult(string Kind, string Name, int Questions, double HitRateAt20, double MrrAt20);

/// <summary>How much each term of a score counts, and how well such scores predict the next item of a session.</summary>
public sealed record ScoreMixStatus
{
    /// <summary>Sequence of the newest event that decided it; 0: no events did.</summary>
    public required long Number { get; init; }

    /// <summary>By kind of request: <c>known</c> (the history of a user) and <c>anonymous</c> (a session).</summary>
    public required IReadOnlyDictionary<string, ScoreMixKind> Kinds { get; init; }
}

/// <summary>The weights of a score mix for a kind of request.</summary>
public sealed record ScoreMixKind
{
    /// <summary>
    /// Weights by term: <c>model</c>, <c>encoder</c>, <c>rules</c> (transitions), <c>recentHours</c>, <c>recentDay</c>, <c>recentWeek</c>,
    /// <c>repeatNewest</c>, <c>repeatOlder</c>. Terms that do not count are left out.
    /// </summary>
    public required IReadOnlyDictionary<string, double> Weights { get; init; }

    /// <summary>Number of questions: events of a replay, each predicted from those before it.</summary>
    public int Questions { get; init; }

    /// <summary>
    /// Metrics on these questions by name: <c>model</c> alone, <c>rules</c> alone, and the <c>mix</c>. Empty without questions.
    /// </summary>
    public IReadOnlyDictionary<string, NextItemMetrics> Results { get; set; } = new Dictionary<string, NextItemMetrics>();
}

/// <summary>How well the next item of a session is predicted, over the whole catalogue.</summary>
/// <param name="HitRateAt20">Share of the questions whose item is among the first 20, 0 to 1.</param>
/// <param name="MrrAt20">Mean of 1 / rank, 0 beyond the first 20.</param>
public sealed record NextItemMetrics(double HitRateAt20, double MrrAt20);

/// <summary>Ranking metrics at 20 over the whole catalogue, as means over users with held-out items.</summary>
public sealed record MetricSet
{
    /// <summary>Recall at 20, 0 to 1.</summary>
    public required Estimate RecallAt20 { get; init; }

    /// <summary>Normalised discounted cumulative gain at 20, 0 to 1.</summary>
    public required Estimate NdcgAt20 { get; init; }

    /// <summary>Other metrics by name, such as <c>mapAt20</c> and <c>coverageAt20</c>.</summary>
    public IReadOnlyDictionary<string, double> More { get; set; } = new Dictionary<string, double>();

    /// <summary>Metrics of three groups of users by length of history, then of three groups of held-out items by popularity.</summary>
    public IReadOnlyList<MetricBand> Bands { get; set; } = [];
}

/// <summary>Metrics of a group of users or held-out items.</summary>
/// <param name="Of"><c>users</c> or <c>items</c>.</param>
/// <param name="Name">
/// Users: <c>few items</c>, <c>some items</c>, <c>many items</c>, each a third of the users. Items: <c>head</c>, <c>middle</c>,
/// <c>tail</c>, each with a third of the training data.
/// </param>
/// <param name="Count">Number of users, or of held-out items.</param>
/// <param name="RecallAt20">Recall at 20, 0 to 1.</param>
/// <param name="NdcgAt20">Normalised discounted cumulative gain at 20, 0 to 1; null for items.</param>
public sealed record MetricBand(string Of, string Name, int Count, double RecallAt20, double? NdcgAt20);

/// <summary>A mean with its 95 % confidence interval: over users by bootstrap for metrics of a model, over answers for outcomes.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
public sealed record Estimate(double Mean, double Low, double High);

/// <summary>Answer to an accepted request for a training.</summary>
public sealed record TrainingAccepted
{
    /// <summary>Whether the training starts now or follows the running one, for people.</summary>
    public required string Detail { get; init; }
}

/// <summary>
/// State of the event path. Answer of <c>GET /v1/status</c>. Watermarks count events: accepted ≥ stored ≥ folded ≥ trained ≥ released.
/// </summary>
public sealed record StatusResponse
{
    /// <summary>When the state was read.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>ok</c>, or <c>degraded</c> if there are <c>problems</c>.</summary>
    public required string State { get; init; }

    /// <summary>The current problems, each a sentence.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>
    /// Number of events that have passed each stage: <c>accepted</c> (an estimate), <c>stored</c>, <c>folded</c>, <c>trained</c>,
    /// <c>released</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, long> Watermarks { get; init; }

    /// <summary>Waiting time in seconds of the oldest event that has not passed the stage, by stage; 0 if none waits.</summary>
    public required IReadOnlyDictionary<string, double> LagSeconds { get; init; }

    /// <summary>Number of waiting messages by stream.</summary>
    public required IReadOnlyDictionary<string, long> QueueDepths { get; init; }

    /// <summary>
    /// Recent durations on this instance in milliseconds, by stage: <c>queued</c> (a message, from publishing to delivery), <c>storing</c>
    /// and <c>folding</c> (a batch).
    /// </summary>
    public IReadOnlyDictionary<string, StageTime> StageMilliseconds { get; set; } = new Dictionary<string, StageTime>();

    /// <summary>Version of the model in service; null before the first release.</summary>
    public long? ReleasedVersion { get; init; }

    /// <summary>Number of users and sessions with events or properties.</summary>
    public required long Users { get; init; }

    /// <summary>Number of items with attributes or events.</summary>
    public required long Items { get; init; }

    /// <summary>Number of stored events.</summary>
    public required long Events { get; init; }

    /// <summary>Counts of accepted events and changes without an effect.</summary>
    public StatusCounters Counters { get; set; } = new();

    /// <summary>What training is doing: <c>idle</c>, or the stage and its progress.</summary>
    public string Training { get; set; } = "idle";

    /// <summary>The current score mix; null without transitions.</summary>
    public ScoreMixStatus? ScoreMix { get; init; }
}

/// <summary>
/// Counts of accepted events and changes without an effect, over all instances since the database was created. A batch that is delivered
/// again after an interruption is counted again.
/// </summary>
/// <param name="DuplicateEvents">Events that were already stored with the same content.</param>
/// <param name="ConflictingEvents">Events with the id of a stored event and other content. They are dead letters.</param>
/// <param name="DroppedEvents">Events of a user who was erased after they were accepted, and events older than the retention time.</param>
/// <param name="IgnoredItemChanges">Item changes whose <c>changeId</c> was already applied, and patches of deleted items.</param>
public sealed record StatusCounters(long DuplicateEvents = 0, long ConflictingEvents = 0, long DroppedEvents = 0,
    long IgnoredItemChanges = 0);

/// <summary>Percentiles of the last few thousand durations, in milliseconds.</summary>
/// <param name="P50">The median, in milliseconds.</param>
/// <param name="P99">The 99th percentile, in milliseconds.</param>
public sealed record StageTime(double P50, double P99);

/// <summary>Users with events. Answer of <c>GET /v1/users</c>.</summary>
public sealed record UserListResponse
{
    /// <summary>The users, by descending number of events and then by id.</summary>
    public required IReadOnlyList<UserSummary> Users { get; init; }
}

/// <summary>A user with the number of their events.</summary>
/// <param name="UserId">Id of the user.</param>
/// <param name="Events">Number of stored events.</param>
/// <param name="LastAt">Time of the newest event.</param>
public sealed record UserSummary(string UserId, long Events, DateTimeOffset LastAt);

/// <summary>A message that cannot be processed.</summary>
public sealed record DeadLetter
{
    /// <summary>Id of the message; empty if its producer gave none.</summary>
    public required string Id { get; init; }

    /// <summary>Stream of the message: <c>interactions</c> or <c>commands</c>.</summary>
    public required string Stream { get; init; }

    /// <summary>Why the message cannot be processed.</summary>
    public required string Reason { get; init; }

    /// <summary>When the message became a dead letter; null if unknown.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>The first 4096 characters of the message as text; of a compressed message, its encoding and base64.</summary>
    public required string Body { get; init; }
}

/// <summary>Dead letters. Answer of <c>GET /v1/deadletters</c>.</summary>
public sealed record DeadLettersResponse
{
    /// <summary>Number of dead letters, including those that are not listed.</summary>
    public required long Total { get; init; }

    /// <summary>The first of the dead letters, as many as requested.</summary>
    public required IReadOnlyList<DeadLetter> Letters { get; init; }
}

/// <summary>Answer of <c>POST /v1/deadletters/replay</c>.</summary>
/// <param name="Replayed">Number of messages returned to their streams.</param>
public sealed record ReplayResponse(long Replayed);

/// <summary>Body of <c>POST /v1/users/{userId}/merge</c>.</summary>
public sealed record MergeRequest
{
    /// <summary>Session to merge into the user, 1 to 256 bytes.</summary>
    [Required]
    public string? SessionId { get; init; }
}

/// <summary>Progress of the erasure of a user. Answer of <c>GET /v1/erasures/{erasureId}</c>.</summary>
public sealed record ErasureResponse
{
    /// <summary>Id of the erasure.</summary>
    public required string ErasureId { get; init; }

    /// <summary><c>pending</c>, or <c>done</c> once all stages except <c>model</c> are complete.</summary>
    public required string State { get; init; }

    /// <summary>
    /// Time of each completed stage: <c>requested</c>, <c>store</c>, <c>factorStore</c>, <c>serving</c>, <c>queues</c> (queued events and
    /// dead letters), <c>model</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> Stages { get; init; }

    /// <summary>Number of events removed from the store.</summary>
    public long EventsRemoved { get; init; }

    /// <summary>Version of the first model trained without the user; null until it exists.</summary>
    public long? ModelVersion { get; init; }
}

/// <summary>All data held on a user. Answer of <c>GET /v1/users/{userId}/export</c>.</summary>
public sealed record UserExport
{
    /// <summary>Id of the user.</summary>
    public required string UserId { get; init; }

    /// <summary>Properties of the user by name.</summary>
    public required IReadOnlyDictionary<string, JsonElement> Properties { get; init; }

    /// <summary>All stored events of the user.</summary>
    public required IReadOnlyList<Interaction> Events { get; init; }

    /// <summary>The answers that were returned for the user and are still kept, oldest first.</summary>
    public required IReadOnlyList<ServedAnswerResponse> Answers { get; init; }
}

/// <summary>Models in the registry. Answer of <c>GET /v1/models</c>.</summary>
public sealed record ModelsResponse
{
    /// <summary>The models, newest first.</summary>
    public required IReadOnlyList<ModelInfo> Models { get; init; }
}
