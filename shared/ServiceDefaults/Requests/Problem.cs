using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Recommender.Contracts;

namespace Recommender.ServiceDefaults.Requests;

/// <summary>
/// An error answer: problem details of RFC 9457. <c>type</c> is stable, so that clients can branch on it; <c>detail</c> is for people.
/// </summary>
/// <remarks>Endpoints return it or throw a <see cref="ProblemException"/>.</remarks>
public sealed record Problem : IResult
{
    public const string ContentType = "application/problem+json";

    /// <summary>Kind of the problem: <c>urn:recommender:problem:NAME</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Short description of the kind, the same for all problems of a type.</summary>
    public required string Title { get; init; }

    /// <summary>HTTP status of the answer.</summary>
    public required int Status { get; init; }

    /// <summary>What is wrong with this request, and the fix.</summary>
    public string? Detail { get; init; }

    /// <summary>The wrong field, parameter or path segment.</summary>
    public string? Field { get; init; }

    /// <summary>The rejected elements of a batch.</summary>
    public IReadOnlyList<RejectedElement>? Rejected { get; init; }

    /// <summary>Number of elements of a streamed body that were accepted before the failure.</summary>
    public int? Accepted { get; init; }

    /// <summary>Value of the header <c>Retry-After</c> in seconds; null if a retry cannot succeed.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Value of the header <c>Accept-Encoding</c>: the supported content encodings, if the request has another.</summary>
    [JsonIgnore]
    public string? AcceptEncoding { get; init; }

    public static Problem InvalidField(string field, string error) =>
        new() { Type = TypeOf("invalid-field"), Title = "A field is not valid", Status = 400, Detail = $"{field} {error}", Field = field };

    public static Problem InvalidBody(string detail) =>
        new() { Type = TypeOf("invalid-body"), Title = "The body is not valid", Status = 400, Detail = detail };

    public static Problem NotFound(string detail) =>
        new() { Type = TypeOf("not-found"), Title = "Not found", Status = 404, Detail = detail };

    public static Problem Conflict(string detail) =>
        new() { Type = TypeOf("conflict"), Title = "Conflict", Status = 409, Detail = detail };

    public static Problem PreconditionFailed(string detail) =>
        new() { Type = TypeOf("precondition-failed"), Title = "Precondition failed", Status = 412, Detail = detail };

    public static Problem TooLarge(string detail) =>
        new() { Type = TypeOf("too-large"), Title = "The request is too large", Status = 413, Detail = detail };

    public static Problem UnsupportedMediaType(string detail) =>
        new() { Type = TypeOf("unsupported-media-type"), Title = "Unsupported media type", Status = 415, Detail = detail };

    public static Problem TooManyRequests(string detail, int retryAfterSeconds) =>
        new()
        {
            Type = TypeOf("too-many-requests"),
            Title = "Too many requests",
            Status = 429,
            Detail = detail,
            RetryAfterSeconds = retryAfterSeconds
        };

    public static Problem Unavailable(string detail, int retryAfterSeconds = 1) =>
        new()
        {
            Type = TypeOf("unavailable"),
            Title = "Temporarily unavailable",
            Status = 503,
            Detail = detail,
            RetryAfterSeconds = retryAfterSeconds
        };

    /// <summary>The problem for a compressed body that cannot be decoded.</summary>
    public static Problem OfCoding(ContentCodingException exception) =>
        exception.IsTooLarge ? TooLarge(exception.Message) : InvalidBody(exception.Message);

    /// <summary>The problem for a status, with its usual detail if none is given.</summary>
    public static Problem OfStatus(int status, string? detail = null) => status switch
    {
        400 => InvalidBody(detail ?? "The request is malformed."),
        401 => new() { Type = TypeOf("unauthorized"), Title = "A key is required", Status = 401, Detail = detail },
        403 => new() { Type = TypeOf("forbidden"), Title = "Not allowed", Status = 403, Detail = detail },
        404 => NotFound(detail ?? "There is nothing at this path."),
        405 => new()
        {
            Type = TypeOf("method-not-allowed"),
            Title = "Method not allowed",
            Status = 405,
            Detail = detail
            ?? "This path does not take this method; see the Allow header."
        },
        408 => new() { Type = TypeOf("timeout"), Title = "The request took too long", Status = 408, Detail = detail },
        412 => PreconditionFailed(detail ?? "The condition of the request does not hold."),
        413 => TooLarge(detail ?? $"The body is longer than {Limits.BodyBytes} bytes."),
        414 => new() { Type = TypeOf("target-too-long"), Title = "The request target is too long", Status = 414, Detail = detail },
        415 => UnsupportedMediaType(detail ?? "The Content-Type is none that this path takes; /openapi/v1.json lists them."),
        431 => new() { Type = TypeOf("headers-too-large"), Title = "The request headers are too large", Status = 431, Detail = detail },
        503 => Unavailable(detail ?? "Try again shortly."),
        507 => new()
        {
            Type = TypeOf("insufficient-storage"),
            Title = "The disk is full",
            Status = 507,
            Detail = detail,
            RetryAfterSeconds = 30
        },
        >= 500 => new()
        {
            Type = TypeOf("internal-error"),
            Title = "Internal error",
            Status = status,
            Detail = detail
            ?? "The request failed on the server. The trace id in traceparent leads to the log."
        },
        _ => new() { Type = TypeOf("request-error"), Title = "The request was refused", Status = status, Detail = detail },
    };

    public static string TypeOf(string name) => "urn:recommender:problem:" + name;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfterSeconds is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (AcceptEncoding is not null) response.Headers.AcceptEncoding = AcceptEncoding;
        return response.WriteAsJsonAsync(this, ServiceJson.Default.Problem, ContentType, httpContext.RequestAborted);
    }
}
