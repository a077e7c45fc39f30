using System.ComponentModel;
using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>
/// A JSON merge patch (RFC 7396) of an <see cref="Item"/>: a field that is left out stays, null removes it. Describes the body; the patch
/// itself is applied as JSON, which tells the two apart.
/// </summary>
public sealed record ItemPatch
{
    public const string ChangeIdText =
        "Identifies the change, 1 to 256 bytes. A change that was applied to the item is never applied again.";

    [Description("Required in the elements of `PATCH /v1/items`; the path has it elsewhere.")]
    public string? ItemId { get; init; }

    [Description(ChangeIdText)]
    public string? ChangeId { get; init; }

    public string? Title { get; init; }
    public IReadOnlyList<string>? Categories { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }

    [Description("Merged by name; null removes a property.")]
    public IReadOnlyDictionary<string, JsonElement>? Properties { get; init; }

    public bool? Available { get; init; }

    [Description(Rfc3339.Rule)]
    public DateTimeOffset? PublishedAt { get; init; }

    public string? Url { get; init; }
    public string? ImageUrl { get; init; }
    public IReadOnlyList<float>? Vector { get; init; }
}
