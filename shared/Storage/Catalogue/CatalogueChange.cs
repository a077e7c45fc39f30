using System.Text.Json;
using System.Text.Json.Nodes;
using Recommender.Contracts;

namespace Recommender.Storage.Catalogue;

/// <summary>The effect of a command on a catalogue entry. Pure.</summary>
internal static class CatalogueChange
{
    /// <param name="current">Null for an unknown item.</param>
    public static CatalogueOutcome Apply(CatalogueEntry? current, Command command, string itemId)
    {
        if (command.IfMatch is { } tags && !EntityTag.Matches(tags, current)) return new(null, ConditionError(current, itemId));
        var entry = current ?? new CatalogueEntry { ItemKey = 0, ItemId = itemId, CreatedAt = command.AcceptedAt };
        switch (command.Kind)
        {
            case CommandKind.PutItem:
                return new(entry with { Item = command.Item, Deleted = false });
            case CommandKind.DeleteItem:
                // The attributes are kept, because histories show the title. An unknown item becomes a tombstone, because its events may
                // still arrive.
                return new(entry with { Item = WithoutVector(entry.Item), Deleted = true });
            case CommandKind.PatchItem:
                if (entry.Deleted) return CatalogueOutcome.Ignored;
                var (patched, error) = Patch(entry.Item ?? new Item { ItemId = itemId }, command.Patch ?? default, itemId);
                return error is null ? new(entry with { Item = patched }) : new(null, error);
            default:
                throw new ArgumentException($"{command.Kind} is no catalogue command.", nameof(command));
        }
    }

    private static FieldError ConditionError(CatalogueEntry? current, string itemId)
    {
        string found = EntityTag.Of(current) is { } tag ? $"has the entity tag {tag}" : "does not exist";
        return new FieldError("If-Match", $"does not hold: item '{itemId}' {found}. Read the item and send the change again");
    }

    private static Item? WithoutVector(Item? item) => item is { Vector: not null } ? item with { Vector = null } : item;

    private static (Item? Item, FieldError? Error) Patch(Item item, JsonElement patch, string itemId)
    {
        if (patch.ValueKind != JsonValueKind.Object) return (null, new FieldError("patch", "is not an object"));
        try
        {
            var merged = MergePatch(JsonSerializer.SerializeToNode(item, ContractsJson.Default.Item), patch);
            var patched = merged.Deserialize(ContractsJson.Default.Item)! with { ItemId = itemId };
            return patched.Validate() is { } error ? (null, error) : (patched, null);
        }
        catch (JsonException e)
        {
            return (null, new FieldError((e.Path ?? "patch").TrimStart('$', '.'), "has a value of the wrong kind"));
        }
    }

    /// <summary>JSON merge patch, RFC 7396.</summary>
    public static JsonNode? MergePatch(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object) return JsonNode.Parse(patch.GetRawText());
        var result = target as JsonObject ?? [];
        foreach (var member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                result.Remove(member.Name);
                continue;
            }

            result.TryGetPropertyValue(member.Name, out var previous);
            result.Remove(member.Name);
            result[member.Name] = MergePatch(previous, member.Value);
        }

        return result;
    }
}
