using System.Text.Json;
using Recommender.Contracts;

namespace Recommender.Ingest.Reading;

/// <summary>Reads whole items and merge patches. Fields that an item does not have are left out.</summary>
/// <remarks>Every method throws <see cref="JsonException"/> where the text is not JSON or a field has the wrong type.</remarks>
internal static class ItemReader
{
    /// <summary>Names of the fields of an item. As everywhere, letters count in either case.</summary>
    private static readonly Dictionary<string, string> s_fields =
        ContractsJson.Default.Item.Properties.Select(field => field.Name).ToDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The whole item, as a command to put it.</summary>
    /// <param name="pathId">The id in the path; null if the element must name it.</param>
    public static (Command? Command, FieldError? Error) ReadItem(ReadOnlySpan<byte> json, string? pathId, DateTimeOffset now)
    {
        var item = JsonSerializer.Deserialize(json, ContractsJson.Default.Item);
        if (item is null) return (null, new FieldError("", "is null; an object is expected"));
        if (pathId is not null && item.ItemId is not null && item.ItemId != pathId) return (null, DiffersFromPath());
        item = item with { ItemId = pathId ?? item.ItemId };
        string? changeId = JsonSerializer.Deserialize(json, ItemReaderJson.Default.NamedChange)!.ChangeId;
        if ((item.Validate() ?? ErrorOf(changeId)) is { } error) return (null, error);
        return (new Command { Kind = CommandKind.PutItem, AcceptedAt = now, Item = item, ChangeId = changeId }, null);
    }

    /// <summary>The merge patch, as a command to apply it. Values are valid on their own; what null removes takes its default.</summary>
    /// <param name="pathId">The id in the path; null if the element must name it.</param>
    public static (Command? Command, FieldError? Error) ReadPatch(ReadOnlySpan<byte> json, string? pathId, DateTimeOffset now)
    {
        var patch = JsonSerializer.Deserialize(json, ContractsJson.Default.JsonElement);
        if (patch.ValueKind != JsonValueKind.Object) return (null, new FieldError("", "is no merge patch: an object is expected"));
        var fields = new Dictionary<string, JsonElement>();
        foreach (var property in patch.EnumerateObject())
        {
            if (!s_fields.TryGetValue(property.Name, out string? field)) continue;
            if (!fields.TryAdd(field, property.Value)) return (null, new FieldError(field, "occurs twice"));
        }

        var set = fields.Where(field => field.Value.ValueKind != JsonValueKind.Null).ToDictionary();
        byte[] setJson = JsonSerializer.SerializeToUtf8Bytes(set, ItemReaderJson.Default.DictionaryStringJsonElement);
        var item = JsonSerializer.Deserialize(setJson, ContractsJson.Default.Item)!;
        if (fields.Remove("itemId") && pathId is not null && item.ItemId != pathId) return (null, DiffersFromPath());
        string? itemId = pathId ?? item.ItemId;
        string? changeId = JsonSerializer.Deserialize(json, ItemReaderJson.Default.NamedChange)!.ChangeId;
        if (((item with { ItemId = itemId }).Validate() ?? ErrorOf(changeId)) is { } error) return (null, error);
        return (new Command
        {
            Kind = CommandKind.PatchItem,
            AcceptedAt = now,
            ItemId = itemId,
            Patch = JsonSerializer.SerializeToElement(fields, ItemReaderJson.Default.DictionaryStringJsonElement),
            ChangeId = changeId,
        }, null);
    }

    private static FieldError DiffersFromPath() => new("itemId", "differs from the id in the path");

    private static FieldError? ErrorOf(string? changeId) =>
        changeId is not null && Limits.IdError(changeId) is { } error ? new FieldError("changeId", error) : null;
}
