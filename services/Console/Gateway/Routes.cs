namespace Recommender.WebConsole.Gateway;

/// <summary>Which service answers which path: the whole of the gateway's knowledge. The first row that fits counts.</summary>
internal static class Routes
{
    public const string Ingest = "ingest", Trainer = "trainer", Recommend = "recommend";

    public static readonly IReadOnlyList<Route> Table =
    [
        new("POST", "/v1/events", Ingest),
        new("POST", "/v1/items", Ingest),
        new("PATCH", "/v1/items", Ingest),
        new("PUT PATCH DELETE", "/v1/items/{itemId}", Ingest),
        new("GET DELETE", "/v1/items", Ingest),
        new("PUT DELETE", "/v1/users/{userId}", Ingest),
        new("DELETE", "/v1/users", Ingest),
        new("GET", "/v1/users/export", Ingest),
        new("POST", "/v1/users/{userId}/merge", Ingest),
        new("GET", "/v1/users/{userId}/export", Ingest),
        new("GET", "/v1/erasures/{erasureId}", Ingest),

        new("GET", "/v1/users", Trainer),
        new("GET POST", "/v1/models", Trainer),
        new("GET POST PUT DELETE", "/v1/models/{**rest}", Trainer),
        new("GET", "/v1/status", Trainer),
        new("GET", "/v1/deadletters", Trainer),
        new("POST", "/v1/deadletters/replay", Trainer),

        new("POST", "/v1/recommendations", Recommend),
        new("POST", "/v1/recommendations/{**rest}", Recommend),
        new("POST", "/v1/rank", Recommend),
        new("GET", "/v1/users/{userId}/recommendations", Recommend),
        new("GET", "/v1/users/{userId}/similar", Recommend),
        new("GET", "/v1/users/{userId}/history", Recommend),
        new("GET", "/v1/items/popular", Recommend),
        new("GET", "/v1/items/trending", Recommend),
        new("GET", "/v1/items/latest", Recommend),
        // The store's version of the item, so Ingest reads it from the store.
        new("GET", "/v1/items/{itemId}", Ingest),
        new("GET", "/v1/items/{itemId}/similar", Recommend),
        new("GET", "/v1/serving", Recommend),
    ];
}
