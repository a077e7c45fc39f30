using System.Collections.Frozen;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Net.Http.Headers;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>
/// Rules for pages of other sites: they may not change anything, unless the setting <c>Cors:Origins</c> has their origin. Pages of these
/// origins may also read answers.
/// </summary>
/// <remarks>
/// The rules also apply with keys: a browser does not send a key by itself, but a proxy may add one. The own origin is that of the Host
/// header with any scheme, because TLS may end at a proxy. Other ports and subdomains (<c>Sec-Fetch-Site: same-site</c>) are foreign,
/// because they may serve pages of others.
/// </remarks>
internal sealed class Origins
{
    private const string Setting = "Cors:Origins";
    private static readonly string[] s_methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    private static readonly string[] s_requestHeaders =
    [
        HeaderNames.Accept, HeaderNames.Authorization, HeaderNames.ContentEncoding, HeaderNames.ContentType, HeaderNames.IfMatch,
        HeaderNames.IfNoneMatch, HeaderNames.TraceParent, HeaderNames.TraceState, "X-API-Key",
        "ce-id", "ce-source", "ce-specversion", "ce-time", "ce-type",
    ];

    private static readonly string[] s_responseHeaders =
    [
        HeaderNames.AcceptEncoding, HeaderNames.Allow, HeaderNames.ETag, HeaderNames.Location, HeaderNames.RetryAfter,
        HeaderNames.TraceParent, HeaderNames.WWWAuthenticate,
    ];

    private readonly FrozenSet<string> _allowed;
    private readonly CorsPolicy? _policy;
    private readonly ICorsService _cors;

    /// <param name="allowed">Result of <see cref="Read"/>.</param>
    public Origins(string[] allowed, ICorsService cors)
    {
        _allowed = allowed.ToFrozenSet(StringComparer.Ordinal);
        _cors = cors;
        if (allowed.Length == 0) return;
        _policy = new CorsPolicyBuilder(allowed).WithMethods(s_methods).WithHeaders(s_requestHeaders).WithExposedHeaders(s_responseHeaders)
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10)).Build();
    }

    /// <summary>The origins of the setting, an array or one text separated by commas.</summary>
    /// <exception cref="InvalidOperationException">An entry is not an exact origin; the message names the setting and the fix.</exception>
    public static string[] Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Setting);
        string[] listed = section.Value?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        return
        [
            .. listed.Select(origin => Checked(Setting, origin)),
            .. section.GetChildren().Select(entry => Checked(entry.Path, entry.Value ?? "")),
        ];
    }

    /// <summary>
    /// Adds the headers that allow a page of an allowed origin to read the answer. True for a preflight request, which is then complete.
    /// </summary>
    public bool Answer(HttpContext context)
    {
        if (_policy is null) return false;
        var response = context.Response;
        bool isPreflight = false;
        if (context.Request.Headers.Origin.Count > 0)
        {
            var result = _cors.EvaluatePolicy(context, _policy);
            _cors.ApplyResult(result, response);
            isPreflight = result.IsPreflightRequest;
        }

        // A cache must not reuse the answer for another origin, or for none.
        response.Headers.Vary = HeaderNames.Origin;
        if (isPreflight) response.StatusCode = StatusCodes.Status204NoContent;
        return isPreflight;
    }

    /// <summary>The problem for a request of a foreign page that may change something; null for any other request.</summary>
    public Problem? Refusal(HttpRequest request)
    {
        if (RequestMethods.IsSafe(request.Method)) return null;
        var origin = request.Headers.Origin;
        if (origin.Count > 0)
        {
            if (origin is not [{ } one]) return Foreign("several origins");
            if (_allowed.Contains(one)) return null;
            if (!IsOwn(one, request.Host.Value)) return Foreign(one.Length == 0 ? "an empty origin" : one.Length > 200 ? one[..200] : one);
        }

        var site = request.Headers["Sec-Fetch-Site"];
        return site.Count == 0 || site is ["same-origin" or "none"] ? null : Foreign("another site, by its Sec-Fetch-Site header");
    }

    private static Problem Foreign(string origin) => Problem.OfStatus(
        403,
        $"Pages of other sites may not change anything here; this request comes from {origin}. "
            + $"Send it from the application's server, or add the page's origin to the setting {Setting}.");

    private static bool IsOwn(string origin, string? host)
    {
        int start = origin.IndexOf("://", StringComparison.Ordinal);
        if (start < 0 || string.IsNullOrEmpty(host)) return false;
        var authority = origin.AsSpan(start + 3);
        var own = host.AsSpan();
        if (authority.Equals(own, StringComparison.OrdinalIgnoreCase)) return true;
        // An origin omits the default port of its scheme; a Host header may include it.
        string port = origin.StartsWith("https:", StringComparison.Ordinal) ? ":443" : ":80";
        return own.EndsWith(port, StringComparison.Ordinal) && authority.Equals(own[..^port.Length], StringComparison.OrdinalIgnoreCase);
    }

    private static string Checked(string setting, string origin)
    {
        if (origin.Contains('*'))
            throw new InvalidOperationException(
                $"Setting {setting} must list exact origins, such as https://shop.example; {origin} would open the API to every web page.");
        if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
            throw new InvalidOperationException(
                $"Setting {setting} must be scheme, host and port, such as https://shop.example; got {origin}.");
        string host = uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        string exact = $"{uri.Scheme}://{host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}";
        return origin == exact
            ? origin
            : throw new InvalidOperationException($"Setting {setting} must be an exact origin; got {origin}. Write {exact}.");
    }
}
