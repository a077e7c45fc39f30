using System.Text.Json;
using System.Text.RegularExpressions;

namespace Recommender.EndToEnd.Faults;

/// <summary>An endpoint as its service describes it in OpenAPI.</summary>
internal sealed partial record Endpoint(string Method, string Path, JsonElement Operation, JsonElement Document)
{
    private static readonly string[] s_methods = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

    public bool Reads => Method == "GET";

    /// <summary>Content types and schemas of the body; empty where none is taken.</summary>
    public IReadOnlyList<(string ContentType, JsonElement Schema)> Bodies { get; } = Operation.TryGetProperty("requestBody", out var body)
        ? [.. body.GetProperty("content").EnumerateObject().Select(content => (content.Name, content.Value.GetProperty("schema")))]
        : [];

    public IReadOnlyList<string> QueryParameters { get; } = Operation.TryGetProperty("parameters", out var parameters)
        ? [.. parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query")
            .Select(p => p.GetProperty("name").GetString()!)]
        : [];

    public bool HasId => IdInPath().IsMatch(Path);

    /// <summary>The path with a value, percent-encoded as it is to be sent, for each of its parameters.</summary>
    public string With(string id) => IdInPath().Replace(Path, _ => id);

    public static IEnumerable<Endpoint> Of(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where s_methods.Contains(operation.Name)
        select new Endpoint(operation.Name.ToUpperInvariant(), path.Name, operation.Value, document);

    public override string ToString() => $"{Method} {Path}";

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex IdInPath();
}
