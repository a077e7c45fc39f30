using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>Handles HEAD as GET, with the same status and headers and without the body. Runs before routing.</summary>
public static class HeadRequests
{
    private static readonly object s_key = new();

    /// <summary>Whether the client sent HEAD. Endpoints see the request as GET.</summary>
    public static bool IsHead(this HttpContext context) => context.Items.ContainsKey(s_key);

    internal static RequestDelegate Middleware(RequestDelegate next) =>
        context => HttpMethods.IsHead(context.Request.Method) ? AnswerAsync(context, next) : next(context);

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        context.Items[s_key] = s_key;
        context.Request.Method = HttpMethods.Get;
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        try
        {
            await next(context);
        }
        finally
        {
            context.Features.Set(body);
            context.Request.Method = HttpMethods.Head;
        }
    }
}
