using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Completes an operation of the document: texts, parameters, examples, headers and security.</summary>
internal sealed class OperationTransformer : IOpenApiOperationTransformer
{
    /// <summary>Extension for the schema of an NDJSON line, for which OpenAPI 3.1 has no keyword.</summary>
    private const string LineSchema = "x-itemSchema";

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var source = context.Description.ActionDescriptor.EndpointMetadata.OfType<Operation>().Single();
        operation.OperationId = source.Id;
        operation.Summary = source.Summary;
        operation.Description = string.Concat(source.Description is null ? "" : source.Description + "\n\n", $"Scope: `{source.Scope}`.");
        operation.Parameters = source.Parameters.Count == 0 ? null : [.. source.Parameters.Select(Parameter)];
        operation.Security = [.. ApiDocument.SecuritySchemes.Keys.Select(scheme => new OpenApiSecurityRequirement
        {
            [new OpenApiSecuritySchemeReference(scheme, context.Document)] = [source.Scope],
        })];
        if (source.Body is { } body) DescribeBody((OpenApiRequestBody)operation.RequestBody!, body, context.Document!);
        foreach (var answer in source.Answers) DescribeAnswer((OpenApiResponse)operation.Responses![Key(answer.Status)], answer);
        foreach (int status in ApiProblems.StatusesOf(source))
            operation.Responses![Key(status)] = new OpenApiResponseReference(ApiProblems.NameOf(status), context.Document);
        operation.Responses!["default"] = new OpenApiResponseReference(ApiProblems.OtherName, context.Document);
        return Task.CompletedTask;
    }

    private static string Key(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static IOpenApiParameter Parameter(OperationParameter parameter)
    {
        var value = new OpenApiSchema
        {
            Type = parameter.Kind switch
            {
                ParameterKind.WholeNumber => JsonSchemaType.Integer,
                ParameterKind.Number => JsonSchemaType.Number,
                ParameterKind.Flag => JsonSchemaType.Boolean,
                _ => JsonSchemaType.String,
            },
            Format = parameter.Kind switch
            {
                ParameterKind.WholeNumber => parameter.Maximum is null ? "int64" : "int32",
                ParameterKind.Number => "double",
                _ => null,
            },
            Pattern = parameter.Kind is ParameterKind.CountOrAll ? "^(all|[0-9]+)$" : null,
            Minimum = parameter.Minimum?.ToString(CultureInfo.InvariantCulture),
            Maximum = parameter.Maximum?.ToString(CultureInfo.InvariantCulture),
        };
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = parameter.Place switch
            {
                ParameterPlace.Path => ParameterLocation.Path,
                ParameterPlace.Header => ParameterLocation.Header,
                _ => ParameterLocation.Query,
            },
            Required = parameter.IsRequired || parameter.Place is ParameterPlace.Path,
            Description = parameter.Description,
            Schema = parameter.Repeats ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = value } : value,
            Example = parameter.Example is not { } example ? null
                : parameter.Kind is ParameterKind.WholeNumber ? JsonNode.Parse(example) : JsonValue.Create(example),
        };
    }

    private static void DescribeBody(OpenApiRequestBody request, OperationBody body, OpenApiDocument document)
    {
        request.Required = true;
        foreach (var (contentType, content) in request.Content!)
        {
            var example = JsonNode.Parse(body.Example)!;
            switch (contentType)
            {
                case "application/x-ndjson":
                    SetLines(content, string.Join('\n', example.AsArray().Select(line => line!.ToJsonString())));
                    break;
                case "application/cloudevents+json":
                    content.Schema = new OpenApiSchemaReference(CloudEventSchema.Name, document);
                    content.Example = CloudEventSchema.Example();
                    break;
                case "application/cloudevents-batch+json":
                    content.Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Array,
                        Items = new OpenApiSchemaReference(CloudEventSchema.Name, document),
                    };
                    content.Example = new JsonArray(CloudEventSchema.Example());
                    break;
                default:
                    content.Example = example;
                    break;
            }
        }
    }

    private static void DescribeAnswer(OpenApiResponse response, OperationAnswer answer)
    {
        response.Description = answer.Description;
        if (answer.Headers.Count > 0)
        {
            response.Headers = answer.Headers.ToDictionary(header => header.Key, header => (IOpenApiHeader)new OpenApiHeader
            {
                Description = header.Value,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }

        if (answer.Example is null) return;
        var content = response.Content![answer.ContentType];
        var example = JsonNode.Parse(answer.Example)!;
        if (answer.ContentType == "application/x-ndjson") SetLines(content, example.ToJsonString());
        else content.Example = example;
    }

    /// <summary>Describes NDJSON as a binary string, which generated clients read and write as a stream.</summary>
    private static void SetLines(OpenApiMediaType content, string example)
    {
        var line = content.Schema is OpenApiSchema { Items: { } items } ? items : content.Schema;
        content.Extensions = new Dictionary<string, IOpenApiExtension>
        {
            [LineSchema] = new JsonNodeExtension(new JsonObject
            {
                ["$ref"] = "#/components/schemas/" + ((OpenApiSchemaReference)line!).Reference.Id,
            }),
        };
        content.Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Format = "binary",
            Description = "NDJSON: one JSON object per line.",
        };
        content.Example = JsonValue.Create(example);
    }
}
