using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Maps operations to handlers.</summary>
public static class OperationEndpoints
{
    /// <summary>Maps the operation with its name, scope, content types and description.</summary>
    public static RouteHandlerBuilder MapOperation(this IEndpointRouteBuilder routes, Operation operation, Delegate handler) =>
        Describe(routes.MapMethods(operation.Pattern, [operation.Method], handler), operation);

    /// <summary>The same for a handler that writes the answer itself, as hot paths do.</summary>
    public static IEndpointConventionBuilder MapOperation(this IEndpointRouteBuilder routes, Operation operation,
        RequestDelegate handler) =>
        Describe(routes.MapMethods(operation.Pattern, [operation.Method], handler), operation);

    private static TBuilder Describe<TBuilder>(TBuilder endpoint, Operation operation)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.WithMetadata(operation).WithName(operation.Id).RequireScope(operation.Scope);
        if (operation.Body is { } body) endpoint.WithMetadata(new AcceptsMetadata([.. body.ContentTypes], body.Element));
        return endpoint;
    }
}
