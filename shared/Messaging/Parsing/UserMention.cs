using System.Text;
using System.Text.Json;

namespace Recommender.Messaging.Parsing;

/// <summary>Finds mentions of an erased user in bodies that cannot be parsed.</summary>
public static class UserMention
{
    /// <summary>
    /// Whether the body mentions the user: a <c>userId</c> with this value at any depth, or, if the body is not JSON, the id in quotes
    /// anywhere. An erasure prefers to remove too many dead letters.
    /// </summary>
    public static bool IsIn(ReadOnlyMemory<byte> body, string userId)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Names(document.RootElement, userId);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return body.Span.IndexOf(Encoding.UTF8.GetBytes($"\"{userId}\"")) >= 0
                || body.Span.IndexOf(JsonSerializer.SerializeToUtf8Bytes(userId)) >= 0;
        }
    }

    private static bool Names(JsonElement element, string userId) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().Any(e => Names(e, userId)),
        JsonValueKind.Object => element.EnumerateObject()
            .Any(p => p.Value.ValueKind == JsonValueKind.String ? p.NameEquals("userId") && p.Value.ValueEquals(userId)
                : Names(p.Value, userId)),
        _ => false,
    };
}
