using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recommender.Ingest.Reading;

internal sealed record CloudEvent
{
    [JsonPropertyName("specversion")]
    public string? SpecVersion { get; init; }

    public string? Id { get; init; }
    public string? Source { get; init; }
    public string? Type { get; init; }
    public string? Time { get; init; }
    public JsonElement? Data { get; init; }

    [JsonPropertyName("data_base64")]
    public string? DataBase64 { get; init; }
}
