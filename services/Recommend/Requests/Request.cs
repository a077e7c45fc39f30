using Recommender.Contracts;

namespace Recommender.Recommend.Requests;

/// <summary>
/// A request for items, parsed and valid (<see cref="RequestReader"/>). Immutable: it can be answered any number of times, on any thread
/// and for any user. Ids of items may be unknown: the catalogue is looked at when the request is answered.
/// </summary>
internal sealed record Request
{
    /// <summary>The user that the body names; null where the path or the lines of a batch name users.</summary>
    public string? UserId { get; init; }

    /// <summary>What the answer is made of: one of <see cref="Recipes"/>.</summary>
    public string Recipe { get; init; } = Recipes.Recommendations;

    /// <summary>The item that the body names, for recipes that need one; null where the path names it.</summary>
    public string? ItemId { get; init; }

    /// <summary>Session to recommend from while the model cannot use the user's history.</summary>
    public string? SessionId { get; init; }

    /// <summary>Events to recommend from, in addition to the stored history.</summary>
    public IReadOnlyList<HistoryEvent> History { get; init; } = [];

    /// <summary>Items wanted, 0 to <see cref="Limits.RecommendationCount"/>.</summary>
    public int Count { get; init; }

    /// <summary>Whether items of the user's history may appear.</summary>
    public bool IncludeSeen { get; init; }

    /// <summary>Reasons of each item at most; null: items are not explained.</summary>
    public int? ReasonCount { get; init; }

    /// <summary>0 (only relevance) to 1 (only variety).</summary>
    public double Diversity { get; init; }

    /// <summary>Its filter, boosts, fallback, hide days and rotation apply. Its other settings are in this request already.</summary>
    public Placement? Placement { get; init; }

    /// <summary>The request's own rules. Those of the placement apply in addition.</summary>
    public ItemRules Rules { get; init; } = ItemRules.None;

    /// <summary>Store keys of the items on earlier pages; null for the first page.</summary>
    public IReadOnlyList<int>? ShownKeys { get; init; }

    public bool IsFirstPage => ShownKeys is null;

    /// <summary>Items to score and order; empty where items are searched for.</summary>
    public IReadOnlyList<string> ItemIds { get; init; } = [];

    /// <summary>What is sought, for a search; null for other recipes.</summary>
    public string? Query { get; init; }

    /// <summary>Content vector of <see cref="Query"/>; null where it was not encoded.</summary>
    public QueryVector? QueryVector { get; init; }

    /// <summary>Keys whose values are counted over all items found.</summary>
    public IReadOnlyList<string> Facets { get; init; } = [];

    /// <summary>Queries to suggest that continue <see cref="Query"/>.</summary>
    public int Suggestions { get; init; }

    /// <summary>Items of this page at most: <see cref="Count"/>, but no more than all pages together may still show.</summary>
    public int PageCount => Math.Min(Count, Math.Max(Limits.PagedItems - (ShownKeys?.Count ?? 0), 0));
}
