using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Recommender.ServiceDefaults.Api;

/// <summary>OpenAPI schema of an event as a CloudEvent 1.0.</summary>
internal static class CloudEventSchema
{
    public const string Name = "CloudEvent";

    public static OpenApiSchema Create() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "An event as a CloudEvent in structured mode. It is unique by `source` and `id`.",
        Required = new HashSet<string> { "specversion", "id", "source", "type", "data" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["specversion"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [JsonValue.Create("1.0")!],
                Description = "Version of CloudEvents.",
            },
            ["id"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "Id of the event, 1 to 256 bytes.",
            },
            ["source"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "Producer of the event, 1 to 1024 bytes.",
            },
            ["type"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "Type of the event, unless `data` has one; 1 to 128 bytes.",
            },
            ["time"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Format = "date-time",
                Description = "When the event occurred (RFC 3339), unless `data` has `occurredAt`.",
            },
            ["data"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "The event: the fields of Interaction without `eventId`.",
                AdditionalProperties = new OpenApiSchema(),
            },
        },
    };

    public static JsonNode Example() => JsonNode.Parse("""
        { "specversion": "1.0", "id": "o-536365-85123A", "source": "shop/orders", "type": "purchase", "time": "2010-12-01T08:26:00Z",
          "data": { "userId": "17850", "itemId": "85123A", "value": 6 } }
        """)!;
}
