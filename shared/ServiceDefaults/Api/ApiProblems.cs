using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using Recommender.ServiceDefaults.Requests;

namespace Recommender.ServiceDefaults.Api;

/// <summary>The problem responses of operations.</summary>
public static class ApiProblems
{
    private static readonly int[] s_always = [400, 401, 403, 429, 502, 503, 504];

    /// <summary>All statuses of problems that the operation documents, in order.</summary>
    public static IReadOnlyList<int> StatusesOf(Operation operation)
    {
        var statuses = s_always.Concat(operation.Problems);
        if (operation.Method != HttpMethods.Get) statuses = statuses.Append(415);
        if (operation.Body is not null) statuses = statuses.Append(413);
        return [.. statuses.Distinct().Order()];
    }

    /// <summary>Name of the response for all statuses that an operation does not list.</summary>
    internal const string OtherName = "OtherProblem";

    /// <summary>Name of the response in the document.</summary>
    internal static string NameOf(int status) => ((HttpStatusCode)status).ToString();

    /// <summary>The responses of all problems by their names.</summary>
    internal static Dictionary<string, IOpenApiResponse> Responses(OpenApiDocument document)
    {
        var responses = new SortedDictionary<string, IOpenApiResponse>(StringComparer.Ordinal)
        {
            [OtherName] = Response(document, "Any other problem, such as a request target (414) or headers (431) that are too long, or an "
                + "internal error (500).", null),
        };
        foreach (int status in Operations.All.SelectMany(StatusesOf).Distinct())
        {
            var example = JsonSerializer.SerializeToNode(ExampleOf(status), ServiceJson.Default.Problem);
            var response = Response(document, DescriptionOf(status), example);
            if (HasRetryAfter(status))
            {
                response.Headers = new Dictionary<string, IOpenApiHeader>
                {
                    ["Retry-After"] = new OpenApiHeader
                    {
                        Description = "Seconds until a retry can succeed.",
                        Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
                    },
                };
            }

            responses[NameOf(status)] = response;
        }

        return responses.ToDictionary();
    }

    private static OpenApiResponse Response(OpenApiDocument document, string description, JsonNode? example) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            [Problem.ContentType] = new() { Schema = new OpenApiSchemaReference(nameof(Problem), document), Example = example },
        },
    };

    private static string DescriptionOf(int status) => status switch
    {
        400 => "The request is not valid. `field` names the parameter or the field of the body.",
        401 => "API keys are configured, and the request has none or an unknown one.",
        403 => "The key lacks the scope, the request comes from a page of another site, or no keys are configured and the host is not "
            + "localhost.",
        404 => "There is no such resource.",
        409 => "The state of the resource does not allow the request.",
        412 => "The item has none of the entity tags of If-Match.",
        413 => "The body is too long, or it has too many elements.",
        415 => "The operation does not read this content type, charset or content encoding.",
        429 => "The key is over its requests per second. Nothing was done.",
        501 => "The function is switched off.",
        502 => "A service broke off while answering. It may have done what was asked; repeat the request with the same ids.",
        503 => "A service, the broker, the database or the factor store is not available, or the event queue is over its limit.",
        504 => "A service did not answer in time. It may have done what was asked; repeat the request with the same ids.",
        507 => "The disk is full. Nothing of the request was kept.",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "No operation answers with this status."),
    };

    private static bool HasRetryAfter(int status) => status is 429 or 502 or 503 or 504 or 507;

    /// <summary>An example of the problem.</summary>
    private static Problem ExampleOf(int status) => status switch
    {
        400 => Problem.InvalidField("count", "must be a whole number from 0 to 1000"),
        401 => Problem.OfStatus(401, "Give a key in the header Authorization: Bearer KEY, or X-API-Key."),
        403 => Problem.OfStatus(403, "The key 'shop' lacks the scope admin."),
        404 => Problem.NotFound("There is no item '85123A'."),
        409 => Problem.Conflict("The factors of model 3 have been dropped to save space (Trainer:KeepModels). Train a new model instead."),
        412 => Problem.PreconditionFailed("Item '85123A' has none of the entity tags of If-Match."),
        429 => Problem.TooManyRequests("The key 'shop' is over its 100 requests per second.", 1),
        501 => Problem.OfStatus(501, "Similar users are switched off: setting Recommend:SimilarUsersLimit is 0.") with
        {
            Type = Problem.TypeOf("switched-off"),
            Title = "Switched off",
        },
        502 => Problem.OfStatus(502, "The service ingest broke off while answering.") with
        {
            Type = Problem.TypeOf("bad-gateway"),
            Title = "A service broke off",
        },
        504 => Problem.OfStatus(504, "The service ingest did not answer in time.") with
        {
            Type = Problem.TypeOf("gateway-timeout"),
            Title = "A service did not answer in time",
        },
        507 => Problem.OfStatus(507, "There is no space left to keep events; nothing of this request was kept."),
        _ => Problem.OfStatus(status),
    };
}
