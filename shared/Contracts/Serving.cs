using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>
/// Body of <c>POST /v1/recommendations/batch</c>: one request for many users. The answer is NDJSON with one line per user, in the order of
/// <c>userIds</c>.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BatchRequest
{
    /// <summary>Ids of 1 to 10000 users.</summary>
    [Required]
    public IReadOnlyList<string>? UserIds { get; init; }

    /// <summary>Number of items, 0 to 1000. Default: the placement's, else 20.</summary>
    public int? Count { get; init; }

    /// <summary>Only items that pass this filter, in addition to the placement's.</summary>
    public Filter? Filter { get; init; }

    /// <summary>At most 32 boosts, in addition to the placement's.</summary>
    public IReadOnlyList<Boost>? Boosts { get; init; }

    /// <summary>At most 100 pins, each with its own item and position.</summary>
    public IReadOnlyList<Pin>? Pins { get; init; }

    /// <summary>Ids of at most 10000 items to leave out.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>
    /// 0 (relevance only) to 1 (variety only): weight of maximal marginal relevance on item factors. Default: the placement's, else 0.
    /// </summary>
    public double? Diversity { get; init; }

    /// <summary>Whether items of the history may appear. Default: the placement's, else false.</summary>
    public bool? IncludeSeen { get; init; }

    /// <summary>Whether items that the model ranks have <c>reasons</c>. Default: whether <c>reasons</c> is given.</summary>
    public bool? Explain { get; init; }

    /// <summary>
    /// Number of reasons per item, largest share first: a whole number from 0 to 1000, or <c>"all"</c>. Default 5. Implies <c>explain</c>,
    /// unless that is given.
    /// </summary>
    public JsonElement? Reasons { get; init; }

    /// <summary>Name of a configured placement, whose settings are the defaults of the request.</summary>
    public string? Placement { get; init; }
}

/// <summary>State of an instance of Recommend. Answer of <c>GET /v1/serving</c>.</summary>
public sealed record ServingInfo
{
    /// <summary>Version of the model in service on this instance; null until one is loaded.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>Version that is being loaded while <c>modelVersion</c> is served; null if none is.</summary>
    public long? LoadingVersion { get; init; }

    /// <summary>Learner of the model, such as <c>ials</c>.</summary>
    public string? Learner { get; init; }

    /// <summary>Length of the model's factors; 0 without a model.</summary>
    public int Rank { get; init; }

    /// <summary>Number of items with a factor in the model.</summary>
    public required int ModelItems { get; init; }

    /// <summary>Number of items that may be recommended now.</summary>
    public required int AvailableItems { get; init; }

    /// <summary>Number of known items, available or not.</summary>
    public required int Items { get; init; }

    /// <summary>Description of the index that finds the best items, for people; <c>none</c> without a model.</summary>
    public required string IndexKind { get; init; }

    /// <summary><c>ok</c>, or why the factor store cannot be read.</summary>
    public required string FactorStore { get; init; }

    /// <summary>Sequence of the newest catalogue change that this instance has applied.</summary>
    public required long CatalogueSequence { get; init; }

    /// <summary>Id of the content of the factor store. A rebuilt factor store has a new one.</summary>
    public string? Generation { get; init; }

    /// <summary>When this instance last read changes from the factor store.</summary>
    public DateTimeOffset? RefreshedAt { get; init; }

    /// <summary>Number of users in the index of similar users; 0 until the first request for them.</summary>
    public int SimilarUsers { get; init; }

    /// <summary>Number of the score mix in force: the sequence at which it was decided. Null until transitions are served.</summary>
    public long? MixNumber { get; init; }

    /// <summary>Number of items with a transition row.</summary>
    public int TransitionItems { get; init; }

    /// <summary>Bytes of memory that the transition rows take.</summary>
    public long TransitionBytes { get; init; }

    /// <summary>Number of answers since the process started.</summary>
    public required long Answers { get; init; }

    /// <summary>Bytes of managed memory allocated since the process started.</summary>
    public required long AllocatedBytes { get; init; }
}
