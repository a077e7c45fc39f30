using System.Text.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Recommender.Contracts;

namespace Recommender.Ingest.Endpoints;

/// <summary>Events in OpenAPI: without what only Ingest sets.</summary>
internal sealed class InteractionSchema : IOpenApiSchemaTransformer
{
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type != typeof(Interaction) || schema.Properties is not { } properties) return Task.CompletedTask;
        properties.Remove(Name(nameof(Interaction.OccurredAtAssigned)));
        if (properties.TryGetValue(Name(nameof(Interaction.CloudEventSource)), out var property) && property is OpenApiSchema source)
        {
            source.ReadOnly = true;
            source.Description = "The source of a CloudEvent, in exports. Ignored in requests: the envelope of a CloudEvent states it.";
        }

        return Task.CompletedTask;
    }

    private static string Name(string property) => JsonNamingPolicy.CamelCase.ConvertName(property);
}
