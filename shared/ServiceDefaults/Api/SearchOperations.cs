using Recommender.Contracts;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Search in the catalogue.</summary>
public static class SearchOperations
{
    private const string Text =
        "Finds items by the words of titles, categories, tags and texts of properties: other forms of a word, words that the last word "
        + "begins, and, for a word that no item has, words with one letter more, less, other, or swapped with the next. Items with more "
        + "and rarer words of the query come first (BM25). Where texts are encoded (settings `TextEncoder`), items with a similar "
        + "meaning are found and lifted as well (setting `Recommend:SearchMeaningWeight`). The taste of `userId`, "
        + "`sessionId` or `history` decides between similar "
        + "matches (setting `Recommend:SearchTasteWeight`). If nothing is found, `fallback` is true and the items are popular ones. ";

    private const string Example = """
        { "recommendationId": "4f0c7b1e2a9d30", "modelVersion": 12, "source": "search", "total": 1,
          "words": [{ "word": "caekstand", "match": "typo", "terms": ["cakestand"] }],
          "facets": [{ "key": "categories", "values": [{ "value": "home", "count": 1 }] }],
          "items": [{ "itemId": "22423", "score": 1.1, "title": "REGENCY CAKESTAND 3 TIER",
                      "parts": { "words": 1, "meaning": 0, "taste": 0.1 } }] }
        """;

    public static Operation GetSearch { get; } = RecommendationOperations.Template with
    {
        Id = "GetSearch",
        Pattern = "/v1/search",
        Summary = "Search items",
        Description = Text + RecommendationOperations.AvailableItems,
        Parameters =
        [
            new("q", ParameterKind.Text, "What is sought, at most 1024 bytes.") { IsRequired = true, Example = "cakestand" },
            new("userId", ParameterKind.Text, "User whose taste counts."),
            .. RecommendationOperations.List,
            RecommendationOperations.Placement,
            RecommendationOperations.SessionId,
            new("includeSeen", ParameterKind.Flag, "Whether items of the user's history may appear. Default true."),
            new("explain", ParameterKind.Flag, "Whether each item has `parts`: what brought it here. Default false."),
            new("facet", ParameterKind.Text, "Key whose values are counted over all items found: `categories`, `tags` or the name of a "
                + "property with texts. May be repeated, at most 8 times.") { Repeats = true },
            new("suggestions", ParameterKind.WholeNumber, "Number of queries to suggest that continue this one. Default 0.")
            {
                Minimum = 0,
                Maximum = Limits.SearchSuggestions,
            },
        ],
        Answers = [OperationAnswer.Of<SearchResponse>(200, "One page of items, best first.", Example)],
    };

    public static Operation PostSearch { get; } = GetSearch with
    {
        Id = "PostSearch",
        Method = "POST",
        Summary = "Search items (full request body)",
        Parameters = [],
        Body = OperationBody.Of<SearchRequest>("""
            { "q": "cakestand", "userId": "17850", "count": 20, "facets": ["categories"], "suggestions": 5,
              "filter": { "mustNot": [{ "key": "tags", "any": ["sold-out"] }] }, "explain": true }
            """),
    };
}
