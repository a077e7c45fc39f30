using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Recommender.WebConsole.Gateway;

/// <summary>
/// One forwarded request: the unchanged target, the headers except those of this connection, and the trace of the request.
/// </summary>
internal sealed class ForwardedRequest : HttpTransformer
{
    // Such a body is in the service's receive buffer before anything could be answered.
    private const int ShortBodyBytes = 64 * 1024;

    /// <summary>Headers that the gateway has checked. The service must not check them again with another host name.</summary>
    private static readonly string[] s_judged =
        [HeaderNames.Origin, "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User"];

    private readonly KeyValuePair<string, StringValues>[] _own;
    private bool _isAnswered;

    public ForwardedRequest(HttpResponse response) => _own = [.. response.Headers];

    /// <summary>
    /// Whether the service has answered. Later failures, such as sending the rest of an unwanted body, do not change the answer.
    /// </summary>
    public bool HasAnswer(HttpContext context) =>
        context.Response.HasStarted || (_isAnswered && context.Response.Headers.TraceParent.Count > 0);

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var request = httpContext.Request;
        proxyRequest.RequestUri = new Uri(destinationPrefix + TargetOf(httpContext),
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var headers = proxyRequest.Headers;
        headers.Host = null;
        foreach (string name in s_judged) headers.Remove(name);
        foreach (string name in request.Headers.GetCommaSeparatedValues(HeaderNames.Connection))
        {
            // Named there, a header is meant for this connection (RFC 9110, 7.6.1).
            headers.Remove(name);
        }

        // A service that refuses a long body by its headers answers before the body is sent; during the transfer the answer would be lost.
        headers.ExpectContinue = proxyRequest.Content is null ? null : request.ContentLength is null or > ShortBodyBytes;
        if (Activity.Current is not null) return;
        // Where nobody traces, the service still writes the trace id into its log that the caller gets.
        headers.Remove(HeaderNames.TraceParent);
        headers.TryAddWithoutValidation(HeaderNames.TraceParent, httpContext.Response.Headers.TraceParent.ToString());
    }

    public override ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null) return new ValueTask<bool>(false);
        _isAnswered = true;
        // The trace is the gateway's; of other headers the service's counts, except Vary, where both count.
        var headers = httpContext.Response.Headers;
        proxyResponse.Headers.Remove(HeaderNames.TraceParent);
        var (theirs, ofContent) = (proxyResponse.Headers.NonValidated, proxyResponse.Content.Headers.NonValidated);
        foreach (var (name, _) in _own)
            if (name != HeaderNames.Vary && (theirs.Contains(name) || ofContent.Contains(name))) headers.Remove(name);
        return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
    }

    /// <summary>Takes back a failed attempt, so that another can be made or the failure be answered.</summary>
    public void Reset(HttpContext context)
    {
        _isAnswered = false;
        context.Response.Clear();
        foreach (var (name, values) in _own) context.Response.Headers[name] = values;
        context.Features.Set<IForwarderErrorFeature>(null);
    }

    /// <summary>An id may hold %2F or %2E%2E, which must not be read as a path.</summary>
    private static string TargetOf(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.StartsWith('/') ? target : context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent();
    }
}
