using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>Body of <c>POST /v1/recommendations</c>; the GET form fills the same fields from path and query.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RecommendationRequest
{
    /// <summary>User to recommend for, 1 to 256 bytes.</summary>
    public string? UserId { get; init; }

    /// <summary>Session to recommend from while the user is unknown, 1 to 256 bytes.</summary>
    public string? SessionId { get; init; }

    /// <summary>At most 1000 events to recommend from, in addition to the stored history.</summary>
    public IReadOnlyList<HistoryEvent>? History { get; init; }

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

    /// <summary>
    /// Name of a configured placement, whose settings are the defaults of the request. Its recipe, if it has one, decides what the answer
    /// is made of.
    /// </summary>
    public string? Placement { get; init; }

    /// <summary>
    /// The item that is looked at, 1 to 256 bytes. Required for a placement with the recipe <c>together</c> or <c>similar</c>, and allowed
    /// there alone.
    /// </summary>
    public string? ItemId { get; init; }

    /// <summary><c>next</c> of the previous page. The pages together show at most 10000 items.</summary>
    public string? Cursor { get; init; }
}

/// <summary>An event given in a request. It is used for this request only and not stored.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HistoryEvent
{
    /// <summary>The type of an event without one.</summary>
    public const string DefaultType = "view";

    /// <summary>Item of the event, 1 to 256 bytes.</summary>
    [Required]
    public string? ItemId { get; init; }

    /// <summary>Type of the event, 1 to 128 bytes. Default <c>view</c>.</summary>
    public string? Type { get; init; }

    /// <summary>
    /// A quantity, a rating or a sign, by the rules of <c>POST /v1/events</c>; from -1e12 to 1e12. The events of the given history are
    /// combined by these rules, and the result is added to the stored history.
    /// </summary>
    public double? Value { get; init; }

    /// <summary>When the event occurred: RFC 3339 with an offset from UTC, such as 2010-12-01T08:26:00Z. Default: now.</summary>
    public DateTimeOffset? OccurredAt { get; init; }
}

/// <summary>
/// An item passes if it meets all conditions of <c>must</c>, none of <c>mustNot</c> and, if given, at least one of <c>should</c>. At most
/// 64 conditions.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Filter
{
    /// <summary>Conditions that an item must all meet.</summary>
    public IReadOnlyList<Condition>? Must { get; init; }

    /// <summary>Conditions of which an item must meet none.</summary>
    public IReadOnlyList<Condition>? MustNot { get; init; }

    /// <summary>Conditions of which an item must meet at least one.</summary>
    public IReadOnlyList<Condition>? Should { get; init; }
}

/// <summary>
/// A test of one key. In addition to <c>key</c> at least one field is required; an item must meet all that are given. No value matches a
/// value of another kind: a number and a text are never equal. A key that no item has is valid, and only <c>exists</c> false matches it.
/// Integers of 64 bits are compared exactly, other numbers as doubles. Values of <c>categories</c>, <c>tags</c> and <c>itemId</c> must be
/// texts, values and bounds of <c>publishedAt</c> RFC 3339 times with an offset from UTC, and other bounds numbers.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Condition
{
    /// <summary><c>categories</c>, <c>tags</c>, <c>itemId</c>, <c>publishedAt</c> or the name of a property; 1 to 128 bytes.</summary>
    [Required]
    public string? Key { get; init; }

    /// <summary>1 to 1000 texts, numbers or booleans, of which the item must have at least one.</summary>
    public IReadOnlyList<JsonElement>? Any { get; init; }

    /// <summary>1 to 1000 texts, numbers or booleans, all of which the item must have.</summary>
    public IReadOnlyList<JsonElement>? All { get; init; }

    /// <summary>The item's value must be greater than this number, or later than this time for <c>publishedAt</c>.</summary>
    public JsonElement? Gt { get; init; }

    /// <summary>The item's value must be at least this number, or not earlier than this time for <c>publishedAt</c>.</summary>
    public JsonElement? Gte { get; init; }

    /// <summary>The item's value must be less than this number, or earlier than this time for <c>publishedAt</c>.</summary>
    public JsonElement? Lt { get; init; }

    /// <summary>The item's value must be at most this number, or not later than this time for <c>publishedAt</c>.</summary>
    public JsonElement? Lte { get; init; }

    /// <summary>True: the item must have a value for the key. False: it must have none.</summary>
    public bool? Exists { get; init; }
}

/// <summary>
/// Multiplies the scores of matching items by <c>factor</c>. Negative scores are divided by it, so a factor above 1 always raises the
/// score.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Boost
{
    /// <summary>The items to boost. Required.</summary>
    public Filter? Filter { get; init; }

    /// <summary>Above 0, at most 1000000.</summary>
    [DefaultValue(1.0)]
    public double Factor { get; set; } = 1;
}

/// <summary>Places an item at a fixed position of the first page.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Pin
{
    /// <summary>Item to place, 1 to 256 bytes.</summary>
    [Required]
    public string? ItemId { get; init; }

    /// <summary>Position on the page, 1 to <c>count</c>.</summary>
    [Required]
    public int Position { get; init; }
}

/// <summary>One page of items, best first.</summary>
public record RecommendationResponse
{
    /// <summary>Unique id of this answer. Events that result from it repeat it as <c>recommendationId</c>.</summary>
    public string? RecommendationId { get; init; }

    /// <summary>
    /// Version of the model in service when the items were scored, by it or by what it was weighed against. Null if none is released yet,
    /// or the list does not depend on one.
    /// </summary>
    public long? ModelVersion { get; init; }

    /// <summary>
    /// How the first item was found: <c>personal</c>, <c>session</c>, <c>similar</c>, <c>together</c>, <c>again</c>,
    /// <c>recent</c>, <c>trending</c>, <c>popular</c>, <c>latest</c> or <c>search</c>.
    /// </summary>
    public required string Source { get; init; }

    /// <summary>Cursor of the next page; null on the last page.</summary>
    public string? Next { get; init; }

    /// <summary>
    /// True on a last page that is followed by more items, because the pages together show 10000 items. Left out otherwise.
    /// </summary>
    public bool? LimitReached { get; init; }

    /// <summary>The items, best first.</summary>
    public required IReadOnlyList<RecommendedItem> Items { get; init; }
}

/// <summary>An item of an answer with its score.</summary>
public sealed record RecommendedItem
{
    /// <summary>Id of the item.</summary>
    public required string ItemId { get; init; }

    /// <summary>Higher is better. Only comparable between items of one answer that come from the same source.</summary>
    public required float Score { get; init; }

    /// <summary>Title of the item, if it has one.</summary>
    public string? Title { get; init; }

    /// <summary>False for an item of <c>POST /v1/rank</c> that is not in the catalogue. Left out otherwise.</summary>
    public bool? Known { get; init; }

    /// <summary>False for an item of <c>POST /v1/rank</c> that may not be recommended now. Left out otherwise.</summary>
    public bool? Available { get; init; }

    /// <summary>
    /// The history items with the largest shares of the score, largest first. Only in answers with <c>explain</c>, and only for items that
    /// the model ranked or that a single item accounts for (sources <c>together</c>, <c>again</c> and <c>recent</c>).
    /// </summary>
    public IReadOnlyList<Reason>? Reasons { get; init; }

    /// <summary>Sum of the shares that are not in <c>reasons</c>.</summary>
    public float? Rest { get; init; }

    /// <summary>What brought an item of a search. Only in answers of a search with <c>explain</c>.</summary>
    public SearchParts? Parts { get; init; }
}

/// <summary>
/// The exact share of a history item, or of another term, in the score of a recommended item. All shares sum to 1; single ones may be
/// negative.
/// </summary>
public sealed record Reason
{
    /// <summary>Id of the history item. Left out where <c>term</c> is given.</summary>
    public string? ItemId { get; init; }

    /// <summary>A part of the score that no history item accounts for: <c>popularity</c>. Left out for history items.</summary>
    public string? Term { get; init; }

    /// <summary>Title of the history item, if it has one.</summary>
    public string? Title { get; init; }

    /// <summary>Fraction of the score; 1 is the whole score.</summary>
    public required float Share { get; init; }
}

/// <summary>Values of <see cref="RecommendationResponse.Source"/>.</summary>
public static class Sources
{
    public const string Personal = "personal";
    public const string Session = "session";
    public const string Similar = "similar";
    public const string Together = "together";
    public const string Again = "again";
    public const string Recent = "recent";
    public const string Trending = "trending";
    public const string Popular = "popular";
    public const string Latest = "latest";
    public const string Search = "search";
}

/// <summary>Body of <c>POST /v1/rank</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RankRequest
{
    /// <summary>User to rank for, 1 to 256 bytes.</summary>
    public string? UserId { get; init; }

    /// <summary>Session to rank by while the user is unknown, 1 to 256 bytes.</summary>
    public string? SessionId { get; init; }

    /// <summary>At most 1000 events to rank by, in addition to the stored history.</summary>
    public IReadOnlyList<HistoryEvent>? History { get; init; }

    /// <summary>Ids of the items to rank, at most 10000.</summary>
    [Required]
    public IReadOnlyList<string>? ItemIds { get; init; }

    /// <summary>Whether items that the model ranks have <c>reasons</c>. Default: whether <c>reasons</c> is given.</summary>
    public bool? Explain { get; init; }

    /// <summary>
    /// Number of reasons per item, largest share first: a whole number from 0 to 1000, or <c>"all"</c>. Default 5. Implies <c>explain</c>,
    /// unless that is given.
    /// </summary>
    public JsonElement? Reasons { get; init; }
}

/// <summary>A user with similar taste.</summary>
public sealed record SimilarUser
{
    /// <summary>Id of the user.</summary>
    public required string UserId { get; init; }

    /// <summary>Cosine similarity of the users' factors, -1 to 1.</summary>
    public required float Score { get; init; }
}

/// <summary>Users with similar taste. Answer of <c>GET /v1/users/{userId}/similar</c>.</summary>
public sealed record SimilarUsersResponse
{
    /// <summary>Version of the model whose factors were compared; null before the first release.</summary>
    public long? ModelVersion { get; init; }

    /// <summary>The users, most similar first. Empty for a user without factors.</summary>
    public required IReadOnlyList<SimilarUser> Users { get; init; }
}

/// <summary>A user's history as the fold-in uses it. Answer of <c>GET /v1/users/{userId}/history</c>.</summary>
public sealed record UserHistoryResponse
{
    /// <summary>Id of the user.</summary>
    public required string UserId { get; init; }

    /// <summary>One entry per item, newest first.</summary>
    public required IReadOnlyList<HistoryItem> Items { get; init; }
}

/// <summary>The preference of a user for an item, as their events on it add up to.</summary>
public sealed record HistoryItem
{
    /// <summary>Id of the item.</summary>
    public required string ItemId { get; init; }

    /// <summary>Title of the item, if it has one.</summary>
    public string? Title { get; init; }

    /// <summary>Categories of the item.</summary>
    public IReadOnlyList<string> Categories { get; set; } = [];

    /// <summary>Time of the newest event on the item, to the second.</summary>
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>Confidence in the preference, above 0: the sum of the weights of the events.</summary>
    public required float Weight { get; init; }

    /// <summary>The preference, from 0 (all events are negative) to 1 (all are positive).</summary>
    public required float Target { get; init; }
}
