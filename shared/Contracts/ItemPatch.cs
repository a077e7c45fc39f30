using System.ComponentModel;
using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>
/// A JSON merge patch (RFC 7396) of an item: a missing field keeps its value, null removes it.
/// </summary>
/// <remarks>
/// Describes the body only. The patch is applied as JSON, because this record cannot distinguish a missing field from null.
/// </remarks>
public sealed record ItemPatch
{
    public const string ChangeIdText =
        "Identifies the change, 1 to 256 bytes. A change that was applied to the item is never applied again.";

    /// <summary>Id of the item, 1 to 256 bytes. Required in the elements of <c>PATCH /v1/items</c>; elsewhere the path has it.</summary>
    public string? ItemId { get; init; }

    [Description(ChangeIdText)]
    public string? ChangeId { get; init; }

    /// <summary>Title, at most 2048 bytes.</summary>
    public string? Title { get; init; }

    /// <summary>All categories, each 1 to 128 bytes; at most 256 together with the tags.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <summary>All tags, each 1 to 128 bytes; at most 256 together with the categories.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>
    /// Properties to set, by name, with values as in <c>PUT /v1/items/{itemId}</c>. Other properties stay; null removes one.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement>? Properties { get; init; }

    /// <summary>Whether the item may be recommended.</summary>
    public bool? Available { get; init; }

    /// <summary>When the item is published: RFC 3339 with an offset from UTC, such as 2010-12-01T08:26:00Z.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Address of the item's page, at most 8192 bytes.</summary>
    public string? Url { get; init; }

    /// <summary>Address of an image, at most 8192 bytes.</summary>
    public string? ImageUrl { get; init; }

    /// <summary>Content embedding: 1 to 4096 finite numbers, of the same length for all items of the catalogue.</summary>
    public IReadOnlyList<float>? Vector { get; init; }
}
