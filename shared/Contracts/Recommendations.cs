using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>Body of <c>POST /v1/recommendations</c>; the GET form fills the same fields from path and query.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RecommendationRequest
{
    public string? UserId { get; init; }
    public string? SessionId { get; init; }

    /// <summary>Events to recommend from, in addition to the user's history.</summary>
    public IReadOnlyList<HistoryEvent>? History { get; init; }

    /// <summary>Items wanted, 0 to <see cref="Limits.RecommendationCount"/>. Null: the placement's, else 20.</summary>
    public int? Count { get; init; }

    public Filter? Filter { get; init; }
    public IReadOnlyList<Boost>? Boosts { get; init; }
    public IReadOnlyList<Pin>? Pins { get; init; }
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>0 (only relevance) to 1 (only variety): maximal marginal relevance on item factors.</summary>
    public double? Diversity { get; init; }

    public bool? IncludeSeen { get; init; }
    public bool? Explain { get; init; }

    /// <summary>Reasons of each item: a number from 0 to <see cref="Limits.Reasons"/>, or <c>"all"</c>. Given without <c>explain</c> it
    /// asks for reasons as well.</summary>
    [Description("How many reasons each item comes with, those with the largest share first: a whole number from 0 to 1000, or \"all\". "
        + "Default 5. `rest` is the sum of the other shares.")]
    public JsonElement? Reasons { get; init; }
    public string? Placement { get; init; }
    public string? Cursor { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HistoryEvent
{
    /// <summary>The type of an event that names none.</summary>
    public const string DefaultType = "view";

    [Required]
    public string? ItemId { get; init; }
    public string? Type { get; init; }

    /// <summary>By the same rules as the values of stored events.</summary>
    [Description("Means what it means for events of the type in POST /v1/events. The events of the given history are combined by the same "
        + "rules among each other; the result adds to the stored history.")]
    public double? Value { get; init; }

    [Description(Rfc3339.Rule)]
    public DateTimeOffset? OccurredAt { get; init; }
}

/// <summary>
/// Which items may appear: all of <see cref="Must"/>, none of <see cref="MustNot"/>, and at least one of <see cref="Should"/>
/// where it is given.
/// </summary>
[Description("Items pass that meet all of must, none of mustNot and, where given, at least one of should.")]
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Filter
{
    public IReadOnlyList<Condition>? Must { get; init; }
    public IReadOnlyList<Condition>? MustNot { get; init; }
    public IReadOnlyList<Condition>? Should { get; init; }
}

/// <summary>One test of one key: <c>categories</c>, <c>tags</c>, <c>itemId</c>, <c>publishedAt</c> or the name of a property.</summary>
[Description(Rules)]
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Condition
{
    internal const string Rules =
        "A condition on a property that no available item has, or has with values of another kind, is answered: no item passes it (must, "
        + "should and boosts find nothing, mustNot excludes nothing). "
        + "Only what can never be right is an error: values of categories, tags and itemId that are no texts, values and bounds of "
        + "publishedAt that are no RFC 3339 times with an offset, other bounds that are no numbers. "
        + "Whole numbers of 64 bits are compared exactly, other numbers as doubles; a number and a text are never equal.";

    [Required]
    public string? Key { get; init; }

    /// <summary>Texts, numbers or booleans, of which the item has at least one.</summary>
    public IReadOnlyList<JsonElement>? Any { get; init; }

    /// <summary>Texts, numbers or booleans, of which the item has every one.</summary>
    public IReadOnlyList<JsonElement>? All { get; init; }

    /// <summary>Bounds: numbers, or RFC 3339 times for <c>publishedAt</c>.</summary>
    public JsonElement? Gt { get; init; }
    public JsonElement? Gte { get; init; }
    public JsonElement? Lt { get; init; }
    public JsonElement? Lte { get; init; }

    public bool? Exists { get; init; }
}

/// <summary>Multiplies the score of matching items by <see cref="Factor"/> (above 0; divides scores below zero, so that more than 1 always
/// lifts).</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Boost
{
    public Filter? Filter { get; init; }
    [DefaultValue(1.0)]
    public double Factor { get; set; } = 1;
}

/// <summary>Puts an item at a 1-based position of the first page.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Pin
{
    [Required]
    public string? ItemId { get; init; }

    [Required]
    public int Position { get; init; }
}

public record RecommendationResponse
{
    public string? RecommendationId { get; init; }

    /// <summary>Null when no model was used: nothing is released yet, or the source is not a model.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>One of <see cref="Sources"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Cursor of the following page; null on the last.</summary>
    public string? Next { get; init; }

    /// <summary>True on a last page that is the last only because the pages together show <see cref="Limits.PagedItems"/> items; there are
    /// more. Left out otherwise.</summary>
    [Description("True on the page with which the pages together show 10000 items while there are more; it has no `next`. Left out "
        + "otherwise.")]
    public bool? LimitReached { get; init; }

    public required IReadOnlyList<RecommendedItem> Items { get; init; }
}

public sealed record RecommendedItem
{
    public required string ItemId { get; init; }
    public required float Score { get; init; }
    public string? Title { get; init; }

    /// <summary>Of <c>POST /v1/rank</c>: false for an item that the catalogue does not have. Left out otherwise.</summary>
    [Description("Of POST /v1/rank: false for an item that the catalogue does not have. Left out otherwise.")]
    public bool? Known { get; init; }

    /// <summary>Of <c>POST /v1/rank</c>: false for an item that may not be recommended now. Left out otherwise.</summary>
    [Description("Of POST /v1/rank: false for an item that may not be recommended now. Left out otherwise.")]
    public bool? Available { get; init; }

    /// <summary>The largest shares first, as many as requested.</summary>
    [Description("The history items with the largest shares of the score, largest first. The shares and `rest` sum to 1; one may be "
        + "negative.")]
    public IReadOnlyList<Reason>? Reasons { get; init; }

    /// <summary>Sum of the shares that are not among <see cref="Reasons"/>.</summary>
    [Description("Sum of the shares that are not among the reasons.")]
    public float? Rest { get; init; }
}

/// <summary>The exact share of one history item in a score. The shares of a score and <see cref="RecommendedItem.Rest"/> sum to 1; one may
/// be negative.</summary>
public sealed record Reason
{
    /// <summary>The history item. Left out where <see cref="Term"/> is given.</summary>
    public string? ItemId { get; init; }

    /// <summary>A part of the score that no history item accounts for: <c>popularity</c>. Left out for history items.</summary>
    public string? Term { get; init; }

    public string? Title { get; init; }
    public required float Share { get; init; }
}

/// <summary>Where an answer came from.</summary>
public static class Sources
{
    public const string Personal = "personal";
    public const string Session = "session";
    public const string Similar = "similar";
    public const string Trending = "trending";
    public const string Popular = "popular";
    public const string Latest = "latest";
}

/// <summary>Body of <c>POST /v1/rank</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RankRequest
{
    public string? UserId { get; init; }
    public string? SessionId { get; init; }
    public IReadOnlyList<HistoryEvent>? History { get; init; }
    [Required]
    public IReadOnlyList<string>? ItemIds { get; init; }

    public bool? Explain { get; init; }

    /// <summary>Reasons of each item: a number from 0 to <see cref="Limits.Reasons"/>, or <c>"all"</c>. Given without <c>explain</c> it
    /// asks for reasons as well.</summary>
    [Description("How many reasons each item comes with, those with the largest share first: a whole number from 0 to 1000, or \"all\". "
        + "Default 5. `rest` is the sum of the other shares.")]
    public JsonElement? Reasons { get; init; }
}

public sealed record SimilarUser
{
    public required string UserId { get; init; }
    public required float Score { get; init; }
}

public sealed record SimilarUsersResponse
{
    public long? ModelVersion { get; init; }
    public required IReadOnlyList<SimilarUser> Users { get; init; }
}

/// <summary>What is known of a user's history in the factor store, newest first. Answer of <c>GET /v1/users/{userId}/history</c>.</summary>
public sealed record UserHistoryResponse
{
    public required string UserId { get; init; }
    public required IReadOnlyList<HistoryItem> Items { get; init; }
}

public sealed record HistoryItem
{
    public required string ItemId { get; init; }
    public string? Title { get; init; }
    public IReadOnlyList<string> Categories { get; set; } = [];
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>Sum of the events' weights; what the fold-in uses.</summary>
    public required float Weight { get; init; }

    /// <summary>1 where all events are positive, 0 where all are negative, between where both occur.</summary>
    public required float Target { get; init; }
}
