using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>
/// The middleware of all services: trace header, limits, origins and keys before the endpoint, problem details after it. It is one class,
/// because every layer costs time per request.
/// </summary>
internal sealed class RequestGate(
    RequestDelegate next, KeyRing keys, Origins origins, IOptions<ProblemOptions> problems, ILogger<RequestGate> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var activity = Activity.Current;
        Activity? own = null;
        if (activity is null && context.Request.Headers.TraceParent is [{ } parent] && ActivityContext.TryParse(parent, null, out _))
            activity = own = new Activity("request").SetParentId(parent).Start();
        var headers = context.Response.Headers;
        // In other formats the id is a text of the client, which may be invalid in a header.
        headers.TraceParent = activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : NewTraceParent();
        headers.XContentTypeOptions = "nosniff";
        if (!context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal))
        {
            headers.ContentSecurityPolicy = "frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "no-referrer";
        }

        var endpoint = context.GetEndpoint();
        try
        {
            // Before any refusal, so that a page of an allowed origin can read it.
            bool isPreflight = origins.Answer(context);
            if (Refusal(context, endpoint, isPreflight) is { } refusal) await refusal.ExecuteAsync(context);
            else if (!isPreflight) await (HasWrongBody(context, endpoint) ? RequireEmptyBodyAsync(context) : next(context));
            if (context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed) AllowHead(context.Response.Headers);
            if (!context.Response.HasStarted && context.Response.StatusCode >= 400 && context.Response.ContentType is null
                && context.Response.ContentLength is null)
                await Problem.OfStatus(context.Response.StatusCode).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected; nobody reads an answer.
            if (!context.Response.HasStarted) context.Response.StatusCode = 499;
        }
        catch (Exception exception)
        {
            var problem = ProblemOf(exception);
            if (problem.Status is 500 || context.Response.HasStarted)
                logger.RequestFailed(exception, context.Request.Method,
                    (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "without a route");
            if (context.Response.HasStarted)
            {
                // A partial answer must not look complete.
                context.Abort();
                return;
            }

            await problem.ExecuteAsync(context);
        }
        finally
        {
            own?.Stop();
        }
    }

    /// <summary>
    /// Without tracing, the trace id only serves for reference. Creating an activity would cost more than the rest of this class.
    /// </summary>
    private static string NewTraceParent() => string.Create(55, 0, static (text, _) =>
    {
        Span<byte> ids = stackalloc byte[24];
        Random.Shared.NextBytes(ids);
        ids[0] |= 1; // An id of zeros alone is not valid.
        ids[16] |= 1;
        "00-".CopyTo(text);
        Convert.TryToHexStringLower(ids[..16], text[3..], out int _);
        text[35] = '-';
        Convert.TryToHexStringLower(ids[16..], text[36..], out int _);
        "-00".CopyTo(text[52..]);
    });

    private Problem ProblemOf(Exception exception) => exception switch
    {
        ProblemException e => e.Problem,
        BadHttpRequestException { InnerException: JsonException json } => JsonProblem(json),
        BadHttpRequestException e when BindingProblem.Of(e) is { } problem => problem,
        BadHttpRequestException e => Problem.OfStatus(e.StatusCode, e.StatusCode is 413 ? null : e.Message),
        JsonException json => JsonProblem(json),
        ContentCodingException e => Problem.OfCoding(e),
        IOException e when RequestReading.IsBrokenBody(e) => Problem.OfStatus(400, e.Message),
        _ => problems.Value.Find(exception) ?? Problem.OfStatus(500),
    };

    /// <summary>The problem for an invalid body, with field and reason in terms of JSON.</summary>
    internal static Problem JsonProblem(JsonException exception)
    {
        var (field, error) = JsonErrors.Describe(exception);
        return field.Length == 0 ? Problem.InvalidBody($"The body {error}.")
            : Problem.InvalidBody($"{field} {error}") with { Field = field };
    }

    private Problem? Refusal(HttpContext context, Endpoint? endpoint, bool isPreflight) =>
        RequestLimits.Refusal(context)
        ?? QueryEncoding.Refusal(context.Request.QueryString.Value)
        ?? HostRefusal(context.Request)
        ?? origins.Refusal(context.Request)
        ?? (isPreflight ? null : KeyRefusal(context, endpoint));

    /// <summary>
    /// The problem for a foreign Host header without keys: a name of a foreign site may resolve to 127.0.0.1 (DNS rebinding).
    /// </summary>
    private Problem? HostRefusal(HttpRequest request) => keys.Required || IsLoopback(request.Host.Host)
        ? null
        : Problem.OfStatus(403, "Without API keys only requests to localhost are answered. Configure Keys to serve other host names.");

    /// <summary>
    /// Whether the content type of a body is wrong. Endpoints check the content types that they document; others accept only JSON. With a
    /// content type of forms or plain text, any web page could send the request without a preflight.
    /// </summary>
    private static bool HasWrongBody(HttpContext context, Endpoint? endpoint)
    {
        var request = context.Request;
        return !RequestMethods.IsSafe(request.Method)
            && endpoint is RouteEndpoint
            && endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is null
            && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            && !RequestReading.IsJson(request.ContentType);
    }

    /// <summary>A separate method, because the state of an asynchronous method costs memory in every request.</summary>
    private async Task RequireEmptyBodyAsync(HttpContext context)
    {
        if (await HasEmptyBodyAsync(context)) await next(context);
        else await WrongBody(context).ExecuteAsync(context);
    }

    /// <summary>Whether a body without a length header is empty. Some proxies send such requests.</summary>
    private static async ValueTask<bool> HasEmptyBodyAsync(HttpContext context)
    {
        if (context.Request is { ContentLength: not null } or { ContentType: not null }) return false;
        var reader = context.Request.BodyReader;
        var read = await reader.ReadAsync(context.RequestAborted);
        reader.AdvanceTo(read.Buffer.Start);
        return read.IsCompleted && read.Buffer.IsEmpty;
    }

    private static Problem WrongBody(HttpContext context) =>
        RequestReading.UnsupportedType(context.Request.ContentType, "application/json; this path takes no body");

    /// <summary>Adds HEAD to the allowed methods, which routing does not know.</summary>
    private static void AllowHead(IHeaderDictionary headers)
    {
        string allow = headers.Allow.ToString();
        if (allow.Contains("GET", StringComparison.Ordinal) && !allow.Contains("HEAD", StringComparison.Ordinal))
            headers.Allow = allow + ", HEAD";
    }

    private Problem? KeyRefusal(HttpContext context, Endpoint? endpoint)
    {
        // Answers of routing (404, 405, 415) reveal nothing beyond the OpenAPI document.
        if (!keys.Required || endpoint is not RouteEndpoint) return null;
        var scopes = endpoint.Metadata.GetOrderedMetadata<ScopeMetadata>();
        foreach (var scope in scopes) if (scope.Scope is null) return null;
        var headers = context.Request.Headers;
        string? presented = headers.Authorization.ToString() is { Length: > 7 } authorization
            && authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? authorization[7..].Trim()
            : headers["X-API-Key"].ToString();
        if (string.IsNullOrEmpty(presented))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Problem.OfStatus(401, "Give a key in the header Authorization: Bearer KEY, or X-API-Key.");
        }

        if (keys.Find(presented) is not { } key)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Problem.OfStatus(401, "The key is not known.");
        }

        if (!key.Allows(scopes))
            return Problem.OfStatus(
                403, $"The key '{key.Id}' lacks the scope {(scopes.Count == 0 ? Scopes.Admin : string.Join(" or ", scopes.Select(s => s.Scope)))}.");
        return key.TryTake(out int retryAfterSeconds)
            ? null
            : Problem.TooManyRequests($"The key '{key.Id}' is over its {key.RequestsPerSecond} requests per second.", retryAfterSeconds);
    }

    private static bool IsLoopback(string host) =>
        host.Length == 0 || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
