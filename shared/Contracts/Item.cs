using System.ComponentModel;
using System.Text.Json;

namespace Recommender.Contracts;

/// <summary>One item of the catalogue. The body of <c>PUT /v1/items/{itemId}</c> and the element of <c>POST /v1/items</c>.</summary>
public sealed record Item
{
    public string? ItemId { get; init; }
    public string? Title { get; init; }
    public IReadOnlyList<string> Categories { get; set; } = [];
    public IReadOnlyList<string> Tags { get; set; } = [];

    /// <summary>Numbers, texts, booleans, or arrays of texts, by name. Filters and boosts refer to them.</summary>
    [Description("Numbers, texts, true or false, or arrays of texts, by name. Filters and boosts refer to them; whole numbers of 64 bits "
        + "are compared exactly, other numbers as doubles.")]
    public IReadOnlyDictionary<string, JsonElement> Properties { get; set; } = new Dictionary<string, JsonElement>();

    /// <summary>An item that is not available is never recommended. Its events still count.</summary>
    [DefaultValue(true)]
    public bool Available { get; set; } = true;

    /// <summary>Until then the item is not available. Also what <c>latest</c> orders by.</summary>
    [Description("When the item is published. Until then it is treated as not available, in every list and search. "
        + "The list 'latest' orders by it. " + Rfc3339.Rule)]
    public DateTimeOffset? PublishedAt { get; init; }
    public string? Url { get; init; }
    public string? ImageUrl { get; init; }

    /// <summary>The caller's own content embedding, one length per catalogue.</summary>
    public IReadOnlyList<float>? Vector { get; init; }

    /// <summary>Says which field is wrong and why, or null for a valid item.</summary>
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

    /// <summary>Names a vector as wrong when it has another length than those of the catalogue, else null.</summary>
    /// <param name="length">Numbers of the vector; null for an item without one.</param>
    /// <param name="catalogueLength">Null when no item of the catalogue has a vector.</param>
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

/// <summary>Body of <c>PUT /v1/users/{userId}</c>.</summary>
public sealed record UserProfile
{
    public IReadOnlyDictionary<string, JsonElement> Properties { get; set; } = new Dictionary<string, JsonElement>();

    /// <summary>Says which field is wrong and why, or null for a valid profile.</summary>
    public FieldError? Validate() => Properties is null ? new("properties", "is not an object") : Item.PropertiesError(Properties);
}
