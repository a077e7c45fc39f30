using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Recommender.Contracts;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>Strict reading of ids and bodies. Invalid input ends the request with a problem that names the error and its place.</summary>
public static class RequestReading
{
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The external id in the path segment of a route parameter, fully percent-decoded, including '/' (sent as %2F) and '%'. The route
    /// value is ambiguous: the server does not decode %2F, so "a%2Fb" and "a%252Fb" have the same value.
    /// </summary>
    /// <exception cref="ProblemException">It is not a valid id.</exception>
    public static string GetPathId(this HttpContext context, string parameter)
    {
        string id = RawSegment(context, parameter) is { } raw ? Decode(raw, parameter) : context.GetRouteValue(parameter) as string ?? "";
        if (Limits.IdError(id) is { } error) throw new ProblemException(Problem.InvalidField(parameter, error));
        return id;
    }

    /// <summary>The external id in a query parameter, which also allows <c>.</c> and <c>..</c>.</summary>
    /// <exception cref="ProblemException">It is missing, given twice, or not a valid id.</exception>
    public static string GetQueryId(this HttpContext context, string parameter)
    {
        var values = context.Request.Query[parameter];
        if (values.Count != 1) throw new ProblemException(
            Problem.InvalidField(parameter, "is required once in the query, percent-encoded; '.' and '..' cannot stand in a path"));
        string id = values.ToString();
        if (Limits.StoredIdError(id) is { } error) throw new ProblemException(Problem.InvalidField(parameter, error));
        return id;
    }

    /// <summary>Reads a JSON body of at most <see cref="Limits.BodyBytes"/> bytes.</summary>
    /// <exception cref="ProblemException">Wrong content type, too long, not UTF-8, or null.</exception>
    /// <exception cref="JsonException">Not valid JSON for the type; answered as 400 by the defaults.</exception>
    public static async ValueTask<T> ReadJsonAsync<T>(this HttpContext context, JsonTypeInfo<T> typeInfo)
        where T : class
    {
        if (!IsJson(context.Request.ContentType))
            throw new ProblemException(UnsupportedType(context.Request.ContentType, "application/json"));
        using var body = await ReadBodyAsync(context);
        return JsonSerializer.Deserialize(body.Span, typeInfo)
            ?? throw new ProblemException(Problem.InvalidBody("The body is null; an object is expected."));
    }

    /// <summary>The problem for a body with none of the <paramref name="expected"/> content types, or not in UTF-8.</summary>
    public static Problem UnsupportedType(string? contentType, string expected)
    {
        if (string.IsNullOrEmpty(contentType))
            return Problem.UnsupportedMediaType($"The request has a body, but no Content-Type. It must be {expected}.");
        return MediaTypeHeaderValue.TryParse(contentType, out var parsed) && !IsUtf8(parsed)
            ? Problem.UnsupportedMediaType($"The charset {parsed.Charset} is not read. Send the body in UTF-8.")
            : Problem.UnsupportedMediaType($"Content-Type must be {expected}.");
    }

    /// <summary>True for application/json and application/…+json, with or without parameters, in UTF-8.</summary>
    public static bool IsJson(string? contentType) =>
        IsMediaType(contentType, "application/json")
        || (MediaType(contentType) is { } type && type.StartsWith("application/", StringComparison.OrdinalIgnoreCase)
        && type.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    /// <summary>True when the content type is <paramref name="mediaType"/>, with or without parameters, in UTF-8.</summary>
    public static bool IsMediaType(string? contentType, string mediaType) =>
        string.Equals(MediaType(contentType), mediaType, StringComparison.OrdinalIgnoreCase);

    private static string? MediaType(string? contentType)
    {
        if (contentType is null || contentType.IndexOf(';') < 0) return contentType;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var parsed)) return null;
        return IsUtf8(parsed) ? parsed.MediaType.Value : null;
    }

    private static bool IsUtf8(MediaTypeHeaderValue type) =>
        !type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    /// <summary>The whole body in a rented buffer, decompressed and without a byte order mark. Dispose returns it.</summary>
    /// <exception cref="ProblemException">Longer than <see cref="Limits.BodyBytes"/>, in an unknown encoding, or not UTF-8.</exception>
    /// <exception cref="ContentCodingException">It cannot be decompressed; answered as 400 by the defaults.</exception>
    public static async ValueTask<RentedBody> ReadBodyAsync(this HttpContext context)
    {
        if (context.Request.ContentLength > Limits.BodyBytes) throw new ProblemException(Problem.OfStatus(413));
        var source = context.OpenBody();
        var body = new RentedBody((int)Math.Min((context.Request.ContentLength ?? 4096) + 1, Limits.BodyBytes));
        try
        {
            while (true)
            {
                // A body of maximum length may end here. Testing this needs no larger buffer.
                bool isFull = body.Length == Limits.BodyBytes;
                int read = await source.ReadAsync(isFull ? new byte[1] : body.Free(), context.RequestAborted);
                if (read == 0) break;
                if (isFull)
                {
                    string state = source is DecodingStream ? " after decompression" : "";
                    throw new ProblemException(Problem.TooLarge($"The body is longer than {Limits.BodyBytes} bytes{state}."));
                }

                body.Advance(read);
            }

            if (JsonEncoding.ErrorOf(body.Span) is { } error) throw new ProblemException(Problem.InvalidBody(error));
            body.Skip(JsonEncoding.MarkLength(body.Span));
            if (!Utf8.IsValid(body.Span)) throw new ProblemException(
                Problem.InvalidBody($"The body is not valid UTF-8: byte {FirstInvalidByte(body.Span)} cannot be decoded."));
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether the server threw the exception for a malformed body. An overflowing chunk size does not cause a <see
    /// cref="BadHttpRequestException"/>.
    /// </summary>
    public static bool IsBrokenBody(Exception? exception) =>
        exception is BadHttpRequestException or IOException { InnerException: OverflowException };

    /// <summary>Position of the first byte that is not UTF-8.</summary>
    public static int FirstInvalidByte(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && Rune.DecodeFromUtf8(bytes[at..], out _, out int consumed) == OperationStatus.Done) at += consumed;
        return at;
    }

    private static string? RawSegment(HttpContext context, string parameter)
    {
        if (context.GetEndpoint() is not RouteEndpoint route) return null;
        string? target = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        if (string.IsNullOrEmpty(target)) return null;
        int query = target.IndexOf('?');
        if (query >= 0) target = target[..query];
        if (target[0] != '/')
        {
            // Absolute form, as proxies send it: http://host/path.
            int scheme = target.IndexOf("://", StringComparison.Ordinal);
            int path = scheme < 0 ? -1 : target.IndexOf('/', scheme + 3);
            if (path < 0) return null;
            target = target[path..];
        }

        var pattern = route.RoutePattern.PathSegments;
        string[] segments = target.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int offset = segments.Length - pattern.Count;
        string prefix = context.Request.PathBase.Value ?? "";
        if (offset != prefix.Count(c => c == '/'))
            throw new ProblemException(Problem.OfStatus(400, "The path holds a '.' or '..' segment; ids are neither."));
        for (int i = 0; i < pattern.Count; i++)
            if (pattern[i].Parts is [Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart part] && part.Name == parameter)
                return segments[offset + i];
        return null;
    }

    private static string Decode(string raw, string parameter)
    {
        if (!raw.Contains('%')) return raw;
        byte[] bytes = new byte[raw.Length * 3];
        int length = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '%')
            {
                length += Encoding.UTF8.GetBytes(raw.AsSpan(i, 1), bytes.AsSpan(length));
            }
            else if (i + 2 < raw.Length && char.IsAsciiHexDigit(raw[i + 1]) && char.IsAsciiHexDigit(raw[i + 2]))
            {
                bytes[length++] = Convert.ToByte(raw.Substring(i + 1, 2), 16);
                i += 2;
            }
            else
            {
                throw new ProblemException(Problem.InvalidField(parameter, "has a '%' that does not begin a percent-encoded byte"));
            }
        }

        try
        {
            return s_strictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw new ProblemException(Problem.InvalidField(parameter, "is not valid UTF-8 after percent-decoding"));
        }
    }
}
