using Microsoft.OpenApi;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.Ingest.Endpoints;

/// <summary>Shows a parameter that an endpoint reads itself (<see cref="RequestReading.GetQueryId"/>) in OpenAPI.</summary>
internal static class QueryIdDescription
{
    public static RouteHandlerBuilder WithQueryId(this RouteHandlerBuilder endpoint, string name) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters =
            [
                new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Query,
                    Required = true,
                    Description = "External id, percent-encoded.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            ];
            return Task.CompletedTask;
        });
}
