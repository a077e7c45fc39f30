using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Recommender.Contracts;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>The decompressed body of a request.</summary>
public static class RequestBody
{
    /// <summary>
    /// The body, decompressed by its <c>Content-Encoding</c>. Reading throws a <see cref="ContentCodingException"/> if it cannot be
    /// decompressed.
    /// </summary>
    /// <exception cref="ProblemException">The encoding is not read here.</exception>
    public static Stream OpenBody(this HttpContext context)
    {
        var request = context.Request;
        string? coding = request.Headers.ContentEncoding;
        if (ContentCoding.IsIdentity(coding)) return request.Body;
        if (ContentCoding.Open(coding!, request.Body) is not { } decoded)
        {
            string detail = $"The content encoding '{coding}' is not read; {ContentCoding.Accepted} are, one at a time.";
            throw new ProblemException(Problem.UnsupportedMediaType(detail) with { AcceptEncoding = ContentCoding.Accepted });
        }

        context.Response.RegisterForDispose(decoded);
        return decoded;
    }

    /// <summary>The same as a pipe. A pipe other than the request's own must be completed.</summary>
    /// <exception cref="ProblemException">The encoding is not read here.</exception>
    public static PipeReader OpenBodyReader(this HttpContext context)
    {
        var body = context.OpenBody();
        return body is DecodingStream ? PipeReader.Create(body) : context.Request.BodyReader;
    }
}
