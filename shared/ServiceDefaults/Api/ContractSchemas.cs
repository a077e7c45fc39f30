using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Recommender.Contracts;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Completes schemas where the types of the contract are not enough: required fields of requests, and fields that only requests or
/// only answers have.</summary>
internal sealed class ContractSchemas : IOpenApiSchemaTransformer
{
    /// <summary>Name of the type's schema in the document; null for an inline schema, which arbitrary JSON values also have.</summary>
    public static string? NameOf(JsonTypeInfo type) =>
        (Nullable.GetUnderlyingType(type.Type) ?? type.Type) == typeof(JsonElement)
            ? null
            : OpenApiOptions.CreateDefaultSchemaReferenceId(type);

    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        // The framework leaves out the schema of arbitrary JSON values, and client generators then misread the container.
        var type = context.JsonTypeInfo;
        if (type.ElementType == typeof(JsonElement))
        {
            if (type.Kind is JsonTypeInfoKind.Dictionary) schema.AdditionalProperties ??= new OpenApiSchema();
            else if (type.Kind is JsonTypeInfoKind.Enumerable) schema.Items ??= new OpenApiSchema();
        }

        if (context.JsonPropertyInfo is not null || schema.Properties is not { } properties) return Task.CompletedTask;
        foreach (var property in type.Properties)
        {
            if (IsRequired(property)) Require(schema, property.Name);
            // Answers leave out null.
            else if (property.IsGetNullable) schema.Required?.Remove(property.Name);
        }

        if (type.Type == typeof(Interaction))
        {
            properties.Remove(Name(nameof(Interaction.OccurredAtAssigned)));
            var source = (OpenApiSchema)properties[Name(nameof(Interaction.CloudEventSource))];
            source.ReadOnly = true;
            source.Description = "The `source` of a CloudEvent, in exports. Ignored in requests, where the envelope has it.";
        }
        else if (type.Type == typeof(Item))
        {
            properties[Name(nameof(ItemPatch.ChangeId))] = new OpenApiSchema
            {
                Type = JsonSchemaType.String | JsonSchemaType.Null,
                WriteOnly = true,
                Description = ItemPatch.ChangeIdText,
            };
        }

        return Task.CompletedTask;
    }

    private static bool IsRequired(JsonPropertyInfo property) =>
        property.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) is true;

    private static void Require(OpenApiSchema schema, string name)
    {
        (schema.Required ??= new HashSet<string>()).Add(name);
        if (schema.Properties![name] is OpenApiSchema property) property.Type &= ~JsonSchemaType.Null;
    }

    private static string Name(string property) => JsonNamingPolicy.CamelCase.ConvertName(property);
}
