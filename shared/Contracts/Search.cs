using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Recommender.Contracts;

/// <summary>Body of <c>POST /v1/search</c>; the GET form fills the same fields from the query.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SearchRequest
{
    /// <summary>What is sought, at most 1024 bytes. Without a word in it, the answer is the fallback.</summary>
    [Required]
    public string? Q { get; init; }

    /// <summary>User whose taste counts, 1 to 256 bytes.</summary>
    public string? UserId { get; init; }

    /// <summary>Session whose taste counts while the user is unknown, 1 to 256 bytes.</summary>
    public string? SessionId { get; init; }

    /// <summary>At most 1000 events whose taste counts, in addition to the stored history.</summary>
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

    /// <summary>Whether items of the history may appear. Default: the placement's, else true.</summary>
    public bool? IncludeSeen { get; init; }

    /// <summary>Whether items have <c>parts</c>: what brought them here. Default false.</summary>
    public bool? Explain { get; init; }

    /// <summary>Name of a configured placement, whose settings are the defaults of the request. Its recipe does not apply.</summary>
    public string? Placement { get; init; }

    /// <summary><c>next</c> of the previous page. The pages together show at most 10000 items.</summary>
    public string? Cursor { get; init; }

    /// <summary>
    /// At most 8 keys whose values are counted over all items found: <c>categories</c>, <c>tags</c> or the name of a property with texts.
    /// </summary>
    public IReadOnlyList<string>? Facets { get; init; }

    /// <summary>Number of queries to suggest that continue this one, 0 to 20. Default 0.</summary>
    public int? Suggestions { get; init; }
}

/// <summary>One page of items that were found, best first.</summary>
public sealed record SearchResponse : RecommendationResponse
{
    /// <summary>Number of items found, by words or by meaning, on all pages. 0 if the items are the fallback.</summary>
    public required int Total { get; init; }

    /// <summary>True if nothing was found and the items are popular ones instead. Left out otherwise.</summary>
    public bool? Fallback { get; init; }

    /// <summary>The words of the query that were searched, and how each was understood.</summary>
    public required IReadOnlyList<SearchWord> Words { get; init; }

    /// <summary>The requested facets, in the order of the request.</summary>
    public IReadOnlyList<SearchFacet>? Facets { get; init; }

    /// <summary>Queries that continue this one and find items, those that find most first.</summary>
    public IReadOnlyList<string>? Suggestions { get; init; }
}

/// <summary>A word of a query.</summary>
public sealed record SearchWord
{
    /// <summary>The word in lower case.</summary>
    public required string Word { get; init; }

    /// <summary>
    /// How it was understood: <c>exact</c> as the word or another form of it, <c>prefix</c> as the beginning of longer words, <c>typo</c>
    /// as a word with one edit, or <c>none</c> if no item has it.
    /// </summary>
    public required string Match { get; init; }

    /// <summary>Words of items that it stands for, at most 10.</summary>
    public required IReadOnlyList<string> Terms { get; init; }
}

/// <summary>The values of one key over all items found.</summary>
public sealed record SearchFacet
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>At most 50 values, those of most items first.</summary>
    public required IReadOnlyList<FacetValue> Values { get; init; }
}

/// <summary>A value and the number of items found that have it.</summary>
public sealed record FacetValue
{
    /// <summary>The value.</summary>
    public required string Value { get; init; }

    /// <summary>Number of items.</summary>
    public required int Count { get; init; }
}

/// <summary>What the parts of a search add to the score of an item. Their sum is the score before boosts.</summary>
public sealed record SearchParts
{
    /// <summary>By the words that query and item have in common: 1 for the item that matches them best.</summary>
    public required float Words { get; init; }

    /// <summary>
    /// By the meaning of the text: the setting <c>Recommend:SearchMeaningWeight</c> for the item that means most nearly the same. 0 where
    /// texts are not encoded.
    /// </summary>
    public required float Meaning { get; init; }

    /// <summary>By taste: the setting <c>Recommend:SearchTasteWeight</c> for the item that user, session or history like best.</summary>
    public required float Taste { get; init; }
}
