using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Operations that answer with items or users.</summary>
public static class RecommendationOperations
{
    internal const string AvailableItems =
        "Only available items appear: not deleted, `available`, and `publishedAt` not in the future. An item with a future `publishedAt` "
        + "appears at that time. An item without attributes appears while a user has a positive preference for it.";

    private const string Fallback = "If the model cannot fill a page, popular items are appended. `source` describes the first item. ";

    private const string Sessions =
        "A session counts as one user until it is merged into a user; a producer that opens a session for every "
        + "request counts as many users. ";

    private const string PopularText =
        "Popularity is the number of users with a positive preference for an item. Each user counts once, however many events they have, "
        + "and half for every 90 days (setting `Trainer:PopularHalfLifeDays`) since their newest positive event on the item. `score` is "
        + "this number divided by that of the most popular item: 1 for the first item, 0 for an item without such users. Neither time "
        + "alone nor the order in which events arrive changes the ranking. ";

    private const string TrendingText =
        "The popularity of `GET /v1/items/popular` with a half-life of 72 hours (setting `Trainer:TrendingHalfLifeHours`). `score` is "
        + "relative to the first item. Items without recent users follow in the order of popularity. ";

    private const string AnswerText = """
        { "recommendationId": "4f0c7b1e2a9d1f", "modelVersion": 12, "source": "personal", "next": "AQAAAAEA",
          "items": [{ "itemId": "22423", "score": 0.83, "title": "REGENCY CAKESTAND 3 TIER" }] }
        """;

    private const string ExplainedText = """
        { "recommendationId": "4f0c7b1e2a9d1f", "modelVersion": 12, "source": "personal",
          "items": [{ "itemId": "22423", "score": 0.83, "title": "REGENCY CAKESTAND 3 TIER",
                      "reasons": [{ "itemId": "85123A", "title": "WHITE HANGING HEART T-LIGHT HOLDER", "share": 0.75 }], "rest": 0.25 }] }
        """;

    private const string RecentText = """
        { "recommendationId": "4f0c7b1e2a9d24", "source": "recent",
          "items": [{ "itemId": "22423", "score": 1, "title": "REGENCY CAKESTAND 3 TIER" }] }
        """;

    private const string ListText = """
        { "recommendationId": "4f0c7b1e2a9d20", "source": "popular",
          "items": [{ "itemId": "85123A", "score": 1, "title": "WHITE HANGING HEART T-LIGHT HOLDER" }] }
        """;

    private static OperationParameter Count =>
        new("count", ParameterKind.WholeNumber, "Maximum number of results. Default 20, or the placement's.")
        {
            Minimum = 0,
            Maximum = 1000,
        };

    internal static IReadOnlyList<OperationParameter> List { get; } =
    [
        Count,
        new("category", ParameterKind.Text, "Only items with this category. Repeated: with at least one of them.") { Repeats = true },
        new("tag", ParameterKind.Text, "Only items with this tag. Repeated: with at least one of them.") { Repeats = true },
        new("exclude", ParameterKind.Text, "Id of an item to leave out. May be repeated.") { Repeats = true },
        new("cursor", ParameterKind.Text,
            "`next` of the previous page. The pages together show at most 10000 items; `limitReached` marks a last page with more behind "
            + "it."),
    ];

    internal static OperationParameter Placement { get; } =
        new("placement", ParameterKind.Text, "Name of a configured placement. Its settings apply where the request has none.");

    internal static OperationParameter SessionId { get; } =
        new("sessionId", ParameterKind.Text, "Session to recommend from while the user is unknown.");

    private static IReadOnlyList<OperationParameter> Reasons { get; } =
    [
        new("explain", ParameterKind.Flag, "Whether each item has `reasons`: the history items with the largest shares of its score, "
            + "and the sum of the rest. Default false."),
        new("reasons", ParameterKind.CountOrAll, "Number of reasons of each item, 0 to 1000 or `all`. Default 5. Implies `explain`, "
            + "unless that is given."),
    ];

    internal static Operation Template { get; } = new()
    {
        Id = "",
        Method = "GET",
        Pattern = "",
        Service = Operations.Recommend,
        Scope = Scopes.Read,
        Tag = Operations.RecommendationsTag,
        Summary = "",
        Answers = [OperationAnswer.Of<RecommendationResponse>(200, "One page of items, best first.", AnswerText)],
    };

    public static Operation GetRecommendations { get; } = Template with
    {
        Id = "GetRecommendations",
        Pattern = "/v1/users/{userId}/recommendations",
        Summary = "Get recommendations for a user",
        Description = "An unknown user gets popular items. " + Fallback + AvailableItems,
        Parameters =
        [
            OperationParameter.UserId,
            .. List,
            Placement,
            SessionId,
            new("includeSeen", ParameterKind.Flag, "Whether items of the user's history may appear. Default false."),
            .. Reasons,
            new("diversity", ParameterKind.Number, "0 (relevance only) to 1 (variety only).") { Minimum = 0, Maximum = 1 },
        ],
    };

    public static Operation PostRecommendations { get; } = Template with
    {
        Id = "PostRecommendations",
        Method = "POST",
        Pattern = "/v1/recommendations",
        Summary = "Get recommendations (full request body)",
        Description = "For a user, a session, a given `history`, or any combination of them. " + Fallback + AvailableItems,
        Body = OperationBody.Of<RecommendationRequest>("""
            { "userId": "17850", "sessionId": "s-1", "history": [{ "itemId": "85123A", "type": "view" }], "count": 20,
              "filter": { "must": [{ "key": "price", "lte": 10 }], "mustNot": [{ "key": "tags", "any": ["sold-out"] }] },
              "boosts": [{ "filter": { "must": [{ "key": "categories", "any": ["home"] }] }, "factor": 1.2 }],
              "pins": [{ "itemId": "22423", "position": 1 }], "exclude": ["84879"], "diversity": 0.3, "explain": true }
            """),
        Answers = [OperationAnswer.Of<RecommendationResponse>(200, "One page of items, best first.", ExplainedText)],
    };

    public static Operation PostRecommendationBatch { get; } = Template with
    {
        Id = "PostRecommendationBatch",
        Method = "POST",
        Pattern = "/v1/recommendations/batch",
        Summary = "Get recommendations for many users",
        Description = "One request for up to 10000 users. The answer is NDJSON: one line per user, in the order of the request, streamed.",
        Body = OperationBody.Of<BatchRequest>("""{ "userIds": ["17850", "13047"], "count": 10 }"""),
        Answers =
        [
            OperationAnswer.Of<UserRecommendationResponse>(200, "One line per user.", """
                { "userId": "17850", "recommendationId": "4f0c7b1e2a9d21", "modelVersion": 12, "source": "personal",
                  "items": [{ "itemId": "22423", "score": 0.83, "title": "REGENCY CAKESTAND 3 TIER" }] }
                """) with { ContentType = "application/x-ndjson" },
        ],
    };

    public static Operation RankItems { get; } = Template with
    {
        Id = "RankItems",
        Method = "POST",
        Pattern = "/v1/rank",
        Summary = "Rank given items",
        Description = "Scores and orders the given items, each once. Items that are not available (`available`: false) or not in the "
            + "catalogue (`known`: false) come last, in the given order and with score 0.",
        Body = OperationBody.Of<RankRequest>("""{ "userId": "17850", "itemIds": ["22423", "85123A"] }"""),
        Answers =
        [
            OperationAnswer.Of<RecommendationResponse>(200, "The items, best first.", """
                { "recommendationId": "4f0c7b1e2a9d22", "modelVersion": 12, "source": "personal",
                  "items": [{ "itemId": "22423", "score": 0.83 }, { "itemId": "85123A", "score": 0, "available": false }] }
                """),
        ],
    };

    public static Operation GetSimilarItems { get; } = Template with
    {
        Id = "GetSimilarItems",
        Pattern = "/v1/items/{itemId}/similar",
        Summary = "Get items with a similar audience",
        Description = AvailableItems,
        Parameters = [OperationParameter.ItemId, .. List],
        Answers =
        [
            OperationAnswer.Of<RecommendationResponse>(200, "One page of items, most similar first.", """
                { "recommendationId": "4f0c7b1e2a9d23", "modelVersion": 12, "source": "similar",
                  "items": [{ "itemId": "22423", "score": 0.91, "title": "REGENCY CAKESTAND 3 TIER" }] }
                """),
        ],
        Problems = [404],
    };

    public static Operation GetItemsBoughtTogether { get; } = GetSimilarItems with
    {
        Id = "GetItemsBoughtTogether",
        Pattern = "/v1/items/{itemId}/together",
        Summary = "Get items bought together with an item",
        Description = "Items that were bought (setting `EventTypes:NAME:Purchase`) in one basket with the item: in one session, or by one "
            + "user with no more than `Trainer:SessionGapMinutes` between two purchases. Purchases count from the moment they are stored, "
            + "half after 150 days. `score` relates how often two items share a basket to how often each is bought, from 0 to 1. "
            + "Complements come first; substitutes are seldom in one basket. The only reason of an item is the given item. No other items "
            + "are appended. If the item was never bought with another one, the answer is that of `GET /v1/items/{itemId}/similar`, and "
            + "`source` is its source. " + AvailableItems,
        Parameters = [OperationParameter.ItemId, .. List, Placement, .. Reasons],
        Answers =
        [
            OperationAnswer.Of<RecommendationResponse>(200, "One page of items, most often bought together first.", """
                { "recommendationId": "4f0c7b1e2a9d25", "source": "together",
                  "items": [{ "itemId": "22423", "score": 0.21, "title": "REGENCY CAKESTAND 3 TIER" }] }
                """),
        ],
    };

    public static Operation GetSimilarUsers { get; } = Template with
    {
        Id = "GetSimilarUsers",
        Pattern = "/v1/users/{userId}/similar",
        Summary = "Get users with similar taste",
        Description = "The users whose factors have the highest cosine similarity. The index of users is built on the first request; until "
            + "it is ready the answer is 503 with `Retry-After`. 501 if it is switched off (setting `Recommend:SimilarUsersLimit`).",
        Parameters = [OperationParameter.UserId, Count],
        Answers =
        [
            OperationAnswer.Of<SimilarUsersResponse>(200, "The users, most similar first.",
                """{ "modelVersion": 12, "users": [{ "userId": "13047", "score": 0.97 }] }"""),
        ],
        Problems = [501],
    };

    public static Operation GetUserHistory { get; } = Template with
    {
        Id = "GetUserHistory",
        Pattern = "/v1/users/{userId}/history",
        Summary = "Get a user's history",
        Description = "One entry per item, newest first, with the `weight` (confidence, above 0) and the `target` (1 liked, 0 not liked) "
            + "that result from the user's events by the rules of `POST /v1/events`. Items whose events have no effect, such as a "
            + "cancelled purchase, are left out.",
        Parameters = [OperationParameter.UserId],
        Answers =
        [
            OperationAnswer.Of<UserHistoryResponse>(200, "The history.", """
                { "userId": "17850", "items": [{ "itemId": "85123A", "title": "WHITE HANGING HEART T-LIGHT HOLDER", "categories": ["home"],
                  "lastAt": "2010-12-01T08:26:00+00:00", "weight": 2.5, "target": 1 }] }
                """),
        ],
    };

    public static Operation GetItemsToBuyAgain { get; } = Template with
    {
        Id = "GetItemsToBuyAgain",
        Pattern = "/v1/users/{userId}/again",
        Summary = "Get items that a user may want to buy again",
        Description = "Items that the user bought (setting `EventTypes:NAME:Purchase`) at least twice, a day or more apart: the 64 with "
            + "the most purchases. They are ordered by how due they are at the time of the request: `score`, from 0 to 1, is highest when "
            + "the mean time between two purchases has passed since the newest one, and lower before and after. An item appears when a "
            + "quarter of that time has passed. The only reason of an item is the item itself. No other items are appended. "
            + AvailableItems,
        Parameters = [OperationParameter.UserId, .. List, Placement, SessionId, .. Reasons],
        Answers =
        [
            OperationAnswer.Of<RecommendationResponse>(200, "One page of items, most due first.", """
                { "recommendationId": "4f0c7b1e2a9d26", "source": "again",
                  "items": [{ "itemId": "22423", "score": 0.74, "title": "REGENCY CAKESTAND 3 TIER" }] }
                """),
        ],
    };

    public static Operation GetRecentItems { get; } = Template with
    {
        Id = "GetRecentItems",
        Pattern = "/v1/users/{userId}/recent",
        Summary = "Get items that a user viewed and has not bought",
        Description = "Items of the user's history, newest event first, without those that have a purchase (setting "
            + "`EventTypes:NAME:Purchase`) and those with negative events alone. `score` is 1 divided by the place in this order. The only "
            + "reason of an item is the item itself. No other items are appended. " + AvailableItems,
        Parameters = [OperationParameter.UserId, .. List, Placement, SessionId, .. Reasons],
        Answers = [OperationAnswer.Of<RecommendationResponse>(200, "One page of items, newest event first.", RecentText)],
    };

    public static Operation GetPopularItems { get; } = Template with
    {
        Id = "GetPopularItems",
        Pattern = "/v1/items/popular",
        Summary = "Get popular items",
        Description = PopularText + Sessions + AvailableItems,
        Parameters = List,
        Answers = [OperationAnswer.Of<RecommendationResponse>(200, "One page of items, most popular first.", ListText)],
    };

    public static Operation GetTrendingItems { get; } = GetPopularItems with
    {
        Id = "GetTrendingItems",
        Pattern = "/v1/items/trending",
        Summary = "Get trending items",
        Description = TrendingText + Sessions + AvailableItems,
    };

    public static Operation GetLatestItems { get; } = GetPopularItems with
    {
        Id = "GetLatestItems",
        Pattern = "/v1/items/latest",
        Summary = "Get the newest items",
        Description = "Ordered by `publishedAt`, or by the time of the first mention of an item without it. `score` is that time in days "
            + "since 1970. " + AvailableItems,
        Answers = [OperationAnswer.Of<RecommendationResponse>(200, "One page of items, newest first.", ListText)],
    };
}
