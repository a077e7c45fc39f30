using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Primitives;
using Recommender.Contracts;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>
/// Limits of the request line and the headers. The limits of the server are higher, because it answers without problem details.
/// </summary>
internal static class RequestLimits
{
    private const int ServerBytes = 1024 * 1024;
    private const int ServerFields = 4096;

    [ThreadStatic]
    private static KeyValuePair<string, StringValues>[]? s_headers;

    public static void Configure(KestrelServerLimits limits)
    {
        // RequestReading limits bodies. With the limit of the server, a client that is still sending would see a connection reset instead
        // of the 413. Without it, the rest is read and discarded for some seconds.
        limits.MaxRequestBodySize = null;
        // Not larger than the buffer of a connection, so they take no additional memory.
        limits.MaxRequestBufferSize = ServerBytes;
        limits.MaxRequestLineSize = ServerBytes;
        limits.MaxRequestHeadersTotalSize = ServerBytes;
        limits.MaxRequestHeaderCount = ServerFields;
        limits.Http2.MaxRequestHeaderFieldSize = ServerBytes;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
    }

    /// <summary>The problem for a request with too long a target or too many headers; else null.</summary>
    public static Problem? Refusal(HttpContext context)
    {
        int target = context.Features.Get<IHttpRequestFeature>()?.RawTarget.Length ?? 0;
        if (target > Limits.TargetBytes)
            return Problem.OfStatus(
                414,
                $"The request target is {target} bytes long; {Limits.TargetBytes} are allowed. Send long lists in the body of a POST.");
        var (fields, bytes) = SizeOf(context.Request.Headers);
        if (fields > Limits.HeaderFields)
            return Problem.OfStatus(431, $"The request has {fields} header fields; {Limits.HeaderFields} are allowed.");
        return bytes > Limits.HeaderBytes
            ? Problem.OfStatus(431, $"The header fields are {bytes} bytes long; {Limits.HeaderBytes} are allowed.")
            : null;
    }

    /// <summary>Copied into an array of the thread, because enumerating the headers would allocate.</summary>
    private static (int Fields, int Bytes) SizeOf(IHeaderDictionary headers)
    {
        int names = headers.Count, fields = 0, bytes = 0;
        // There are more names than allowed fields, so values need not be counted.
        if (names > Limits.HeaderFields) return (names, 0);
        var all = s_headers ??= new KeyValuePair<string, StringValues>[Limits.HeaderFields];
        headers.CopyTo(all, 0);
        for (int i = 0; i < names; i++)
        {
            var values = all[i].Value;
            fields += values.Count;
            // Name, colon, blank, value, end of line.
            for (int v = 0; v < values.Count; v++) bytes += all[i].Key.Length + (values[v]?.Length ?? 0) + 4;
        }

        Array.Clear(all, 0, names);
        return (fields, bytes);
    }
}
