using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Recommender.ServiceDefaults.Api;

/// <summary>An event in the envelope of CloudEvents 1.0, as OpenAPI shows it.</summary>
internal static class CloudEventSchema
{
    public const string Name = "CloudEvent";

    public static OpenApiSchema Create() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "A CloudEvent in structured mode. `id` is the id of the event, unique together with `source`.",
        Required = new HashSet<string> { "specversion", "id", "source", "type", "data" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["specversion"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [JsonValue.Create("1.0")!] },
            ["id"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["source"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["type"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "Type of the event, unless `data` has one.",
            },
            ["time"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Format = "date-time",
                Description = "Time of the event, unless `data` has `occurredAt`.",
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
