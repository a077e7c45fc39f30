using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>
/// Body of <c>POST /v1/recommendations/batch</c>: one set of wishes for many users. The answer is NDJSON: one
/// <see cref="RecommendationResponse"/> per user with a leading <c>userId</c>, in the order given.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BatchRequest
{
    /// <summary>1 to <see cref="Limits.BatchUsers"/> users.</summary>
    [Required]
    public IReadOnlyList<string>? UserIds { get; init; }

    public int? Count { get; init; }
    public Filter? Filter { get; init; }
    public IReadOnlyList<Boost>? Boosts { get; init; }
    public IReadOnlyList<Pin>? Pins { get; init; }
    public IReadOnlyList<string>? Exclude { get; init; }
    public double? Diversity { get; init; }
    public bool? IncludeSeen { get; init; }
    public bool? Explain { get; init; }

    /// <summary>As in <see cref="RecommendationRequest.Reasons"/>.</summary>
    [Description("How many reasons each item comes with, those with the largest share first: a whole number from 0 to 1000, or \"all\". "
        + "Default 5. `rest` is the sum of the other shares.")]
    public JsonElement? Reasons { get; init; }
    public string? Placement { get; init; }
}

/// <summary>What this instance of Recommend serves from right now. Answer of <c>GET /v1/serving</c>.</summary>
public sealed record ServingInfo
{
    /// <summary>Null until a model is released and loaded.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>A version being loaded while <see cref="ModelVersion"/> is served.</summary>
    public long? LoadingVersion { get; init; }

    public string? Learner { get; init; }
    public int Rank { get; init; }

    /// <summary>Items the model has a factor for.</summary>
    public required int ModelItems { get; init; }

    /// <summary>Items that may be recommended now.</summary>
    public required int AvailableItems { get; init; }

    /// <summary>Items known, available or not.</summary>
    public required int Items { get; init; }

    /// <summary>How the nearest items are found, e.g. <c>exact</c>.</summary>
    public required string IndexKind { get; init; }

    /// <summary><c>ok</c>, or why the factor store cannot be read.</summary>
    public required string FactorStore { get; init; }

    /// <summary>Position in the feed of catalogue changes.</summary>
    public required long CatalogueSequence { get; init; }

    public string? Generation { get; init; }

    /// <summary>When the factor store last answered the refresher.</summary>
    public DateTimeOffset? RefreshedAt { get; init; }

    /// <summary>Users in this instance's index for similar users; 0 before the first request.</summary>
    public int SimilarUsers { get; init; }

    /// <summary>Answers given since the start.</summary>
    public required long Answers { get; init; }

    /// <summary>Bytes allocated by the process since its start.</summary>
    public required long AllocatedBytes { get; init; }
}
