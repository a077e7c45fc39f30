using System.Text.Json;

namespace Recommender.Api.Tests;

/// <summary>An operation of the served document.</summary>
internal sealed record DescribedOperation(string Method, string Path, JsonElement Json)
{
    private static readonly string[] s_methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

    /// <summary>Empty where there is none.</summary>
    public string Id => Json.TryGetProperty("operationId", out var id) ? id.GetString()! : "";

    public IReadOnlyList<JsonElement> Parameters =>
        Json.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    /// <summary>Content type and media type object of the usual body; null where the operation reads none.</summary>
    public (string ContentType, JsonElement Content)? Body =>
        Json.TryGetProperty("requestBody", out var body) && body.GetProperty("content").EnumerateObject().First() is var first
            ? (first.Name, first.Value)
            : null;

    public IEnumerable<JsonProperty> Responses => Json.GetProperty("responses").EnumerateObject();

    public IEnumerable<JsonProperty> Successes => Responses.Where(response => response.Name[0] is '2' or '3');

    /// <summary>The path with the examples of its parameters.</summary>
    public string Target => Parameters.Where(parameter => parameter.GetProperty("in").GetString() == "path").Aggregate(Path,
        (path, parameter) => path.Replace($"{{{parameter.GetProperty("name").GetString()}}}", parameter.GetProperty("example").ToString(),
            StringComparison.Ordinal));

    public static IReadOnlyList<DescribedOperation> Of(JsonElement document) =>
    [
        .. from path in document.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           where s_methods.Contains(operation.Name)
           select new DescribedOperation(operation.Name.ToUpperInvariant(), path.Name, operation.Value),
    ];

    public override string ToString() => $"{Method} {Path}";
}
