using System.ComponentModel;
using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>One item of the catalogue. Body of <c>PUT /v1/items/{itemId}</c> and element of <c>POST /v1/items</c>.</summary>
public sealed record Item
{
    /// <summary>Id of the item, 1 to 256 bytes. Required in the elements of <c>POST /v1/items</c>; elsewhere the path has it.</summary>
    public string? ItemId { get; init; }

    /// <summary>Title, at most 2048 bytes. Answers repeat it.</summary>
    public string? Title { get; init; }

    /// <summary>Categories, each 1 to 128 bytes; at most 256 together with the tags.</summary>
    public IReadOnlyList<string> Categories { get; set; } = [];

    /// <summary>Tags, each 1 to 128 bytes; at most 256 together with the categories.</summary>
    public IReadOnlyList<string> Tags { get; set; } = [];

    /// <summary>
    /// At most 128 properties by name (1 to 128 bytes), for filters and boosts. A value is a number, a text of at most 8192 bytes, true,
    /// false, or an array of at most 1000 texts of at most 128 bytes.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Properties { get; set; } = new Dictionary<string, JsonElement>();

    /// <summary>Whether the item may be recommended. Events of an unavailable item still count.</summary>
    [DefaultValue(true)]
    public bool Available { get; set; } = true;

    /// <summary>
    /// When the item is published: RFC 3339 with an offset from UTC, such as 2010-12-01T08:26:00Z. Until then the item is not available.
    /// <c>GET /v1/items/latest</c> orders by it.
    /// </summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Address of the item's page, at most 8192 bytes. It is stored, but not interpreted.</summary>
    public string? Url { get; init; }

    /// <summary>Address of an image, at most 8192 bytes. It is stored, but not interpreted.</summary>
    public string? ImageUrl { get; init; }

    /// <summary>Content embedding: 1 to 4096 finite numbers, of the same length for all items of the catalogue.</summary>
    public IReadOnlyList<float>? Vector { get; init; }

    /// <summary>Validates all fields against <see cref="Limits"/>.</summary>
    /// <returns>The first wrong field and the reason; null for a valid item.</returns>
    public FieldError? Validate()
    {
        if (Limits.IdError(ItemId) is { } idError) return new("itemId", idError);
        if (Limits.TextError(Title, Limits.TitleBytes) is { } titleError) return new("title", titleError);
        if (Categories is null) return new("categories", "is not an array");
        if (Tags is null) return new("tags", "is not an array");
        if (Properties is null) return new("properties", "is not an object");
        if (Categories.Count + Tags.Count > Limits.LabelsPerItem)
            return new("categories", $"has {Categories.Count + Tags.Count} entries together with tags; at most {Limits.LabelsPerItem} are "
                + $"allowed");
        for (int i = 0; i < Categories.Count; i++) if (Limits.NameError(Categories[i]) is { } e) return new($"categories[{i}]", e);
        for (int i = 0; i < Tags.Count; i++) if (Limits.NameError(Tags[i]) is { } e) return new($"tags[{i}]", e);
        if (Limits.TextError(Url, Limits.TextBytes) is { } urlError) return new("url", urlError);
        if (Limits.TextError(ImageUrl, Limits.TextBytes) is { } imageUrlError) return new("imageUrl", imageUrlError);
        if (PropertiesError(Properties) is { } propertiesError) return propertiesError;
        if (Vector is { } vector)
        {
            if (vector.Count is 0 or > Limits.VectorLength)
                return new("vector", $"has {vector.Count} numbers; 1 to {Limits.VectorLength} are allowed");
            for (int i = 0; i < vector.Count; i++) if (!float.IsFinite(vector[i])) return new($"vector[{i}]", "is not a finite number");
        }

        return null;
    }

    /// <summary>Compares the length of an item's vector with that of the catalogue's vectors.</summary>
    /// <param name="length">Length of the vector; null for an item without one.</param>
    /// <param name="catalogueLength">Length of the catalogue's vectors; null if no item has one.</param>
    /// <returns>The error if the lengths differ, else null.</returns>
    public static FieldError? VectorError(int? length, int? catalogueLength) =>
        length is null || catalogueLength is null || length == catalogueLength
            ? null
            : new("vector", $"has {length} numbers; the vectors of this catalogue have {catalogueLength}. Another length is possible once "
                + $"no item has a vector");

    private static string ValueError => $"must be a number, a text of at most {Limits.TextBytes} bytes, true, false, or an array of at "
        + $"most {Limits.ConditionValues} texts of at most {Limits.NameBytes} bytes";

    internal static FieldError? PropertiesError(IReadOnlyDictionary<string, JsonElement> properties)
    {
        if (properties.Count > Limits.Properties) return new("properties", $"has more than {Limits.Properties} entries");
        foreach (var (name, value) in properties)
        {
            if (Limits.NameError(name) is { } e) return new($"properties.{name}", e);
            bool valid = value.ValueKind switch
            {
                JsonValueKind.Number => value.TryGetDouble(out double d) && double.IsFinite(d),
                JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null => true,
                JsonValueKind.String => IsText(value, Limits.TextBytes),
                JsonValueKind.Array => value.GetArrayLength() <= Limits.ConditionValues
                    && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String && IsText(v, Limits.NameBytes)),
                _ => false,
            };
            if (!valid) return new($"properties.{name}", ValueError);
        }

        return null;
    }

    private static bool IsText(JsonElement value, int maxBytes) =>
        Limits.JsonError(value) is null && Limits.TextError(value.GetString(), maxBytes) is null;
}

/// <summary>Properties of a user. Body of <c>PUT /v1/users/{userId}</c>.</summary>
public sealed record UserProfile
{
    /// <summary>
    /// At most 128 properties by name (1 to 128 bytes). A value is a number, a text of at most 8192 bytes, true, false, or an array of at
    /// most 1000 texts of at most 128 bytes. They replace all earlier properties, and are exported but not interpreted.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Properties { get; set; } = new Dictionary<string, JsonElement>();

    /// <returns>The first wrong field and the reason; null for a valid profile.</returns>
    public FieldError? Validate() => Properties is null ? new("properties", "is not an object") : Item.PropertiesError(Properties);
}
