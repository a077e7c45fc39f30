using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Recommender.ServiceDefaults;

namespace Recommender.Recommend.Endpoints;

/// <summary>What OpenAPI says about endpoints that read their requests themselves.</summary>
internal static class EndpointDescription
{
    public static IEndpointConventionBuilder DescribeBody<TBody>(this IEndpointConventionBuilder endpoint) =>
        endpoint.WithMetadata(new AcceptsMetadata(["application/json"], typeof(TBody)));

    /// <param name="signature">Name of a method of <paramref name="owner"/> whose parameters are the request's.</param>
    public static IEndpointConventionBuilder Describe<TResponse>(this IEndpointConventionBuilder endpoint, Type owner, string signature, string summary)
    {
        var method = owner.GetMethod(signature, BindingFlags.Static | BindingFlags.NonPublic) ?? throw new MissingMethodException(owner.Name, signature);
        return endpoint
            .WithMetadata(method, new ProducesResponseTypeMetadata(200, typeof(TResponse), ["application/json"]), new ProducesResponseTypeMetadata(400, typeof(void), ["application/problem+json"]))
            .WithMetadata(new EndpointSummaryAttribute(summary))
            .RequireScope("read");
    }
}
