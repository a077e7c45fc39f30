namespace Recommender.ServiceDefaults.Api;

/// <summary>The whole HTTP API.</summary>
public static class Operations
{
    public const string Ingest = "ingest", Trainer = "trainer", Recommend = "recommend", Insights = "insights";

    internal const string EventsTag = "Events", ItemsTag = "Items", UsersTag = "Users", RecommendationsTag = "Recommendations",
        ModelsTag = "Models", InsightsTag = "Insights", OperationTag = "Operation";

    /// <summary>Groups of operations with their descriptions, in the order of the document.</summary>
    public static IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        (EventsTag, "Interactions of users with items."),
        (ItemsTag, "The catalogue."),
        (UsersTag, "User properties, sessions, export and erasure of personal data."),
        (RecommendationsTag, "Recommendations, rankings, similar items and users, and lists."),
        (ModelsTag, "Training, evaluation, release and rollback of models."),
        (InsightsTag, "What was shown, and what came of it."),
        (OperationTag, "Status and dead letters."),
    ];

    /// <summary>In the order of the document.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        EventOperations.PostEvents,
        ItemOperations.GetItem,
        ItemOperations.PutItem,
        ItemOperations.PatchItem,
        ItemOperations.DeleteItem,
        ItemOperations.PostItems,
        ItemOperations.PatchItems,
        ItemOperations.GetItemByQuery,
        ItemOperations.DeleteItemByQuery,
        UserOperations.ListUsers,
        UserOperations.PutUser,
        UserOperations.MergeSession,
        UserOperations.ExportUser,
        UserOperations.EraseUser,
        UserOperations.ExportUserByQuery,
        UserOperations.EraseUserByQuery,
        UserOperations.GetErasure,
        RecommendationOperations.GetRecommendations,
        RecommendationOperations.PostRecommendations,
        RecommendationOperations.PostRecommendationBatch,
        RecommendationOperations.RankItems,
        SearchOperations.GetSearch,
        SearchOperations.PostSearch,
        RecommendationOperations.GetSimilarItems,
        RecommendationOperations.GetItemsBoughtTogether,
        RecommendationOperations.GetSimilarUsers,
        RecommendationOperations.GetUserHistory,
        RecommendationOperations.GetItemsToBuyAgain,
        RecommendationOperations.GetRecentItems,
        RecommendationOperations.GetPopularItems,
        RecommendationOperations.GetTrendingItems,
        RecommendationOperations.GetLatestItems,
        ModelOperations.ListModels,
        ModelOperations.GetModel,
        ModelOperations.TrainModel,
        ModelOperations.ReleaseModel,
        InsightsOperations.GetServedAnswer,
        InsightsOperations.GetInsights,
        StatusOperations.GetStatus,
        StatusOperations.GetServing,
        StatusOperations.ListDeadLetters,
        StatusOperations.ReplayDeadLetters,
    ];
}
