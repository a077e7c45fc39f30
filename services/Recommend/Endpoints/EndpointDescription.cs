using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Recommender.ServiceDefaults;

namespace Recommender.Recommend.Endpoints;

/// <summary>What OpenAPI says about endpoints that read their requests themselves.</summary>
internal static class EndpointDescription
{
    // An endpoint is described only if it carries a method.
    private static readonly MethodInfo s_method = ((Action)Nothing).Method;

    public static IEndpointConventionBuilder DescribeBody<TBody>(this IEndpointConventionBuilder endpoint) =>
        endpoint.WithMetadata(new AcceptsMetadata(["application/json"], typeof(TBody)));

    public static IEndpointConventionBuilder Describe<TResponse>(this IEndpointConventionBuilder endpoint, string summary,
        params Parameter[] parameters) => endpoint
        .WithMetadata(s_method, new ProducesResponseTypeMetadata(200, typeof(TResponse), ["application/json"]),
            new ProducesResponseTypeMetadata(400, typeof(void), ["application/problem+json"]))
        .WithMetadata(new EndpointSummaryAttribute(summary), new TagsAttribute("recommend"))
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters = [.. parameters.Select(p => p.ToOpenApi())];
            return Task.CompletedTask;
        })
        .RequireScope("read");

    private static void Nothing()
    {
    }
}
