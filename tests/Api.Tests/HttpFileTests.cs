using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Api.Tests;

/// <summary><c>infra/api.http</c> holds every operation of the document with its example.</summary>
public sealed partial class HttpFileTests(EmbeddedProduct product)
{
    [Fact]
    public void The_http_file_has_every_operation_with_its_example()
    {
        string text = File.ReadAllText(Path.Combine(DataSets.RepositoryRoot, "infra", "api.http"));
        var requests = Request().Matches(text).Select(match => (
            Summary: match.Groups["summary"].Value,
            Id: match.Groups["id"].Value,
            Method: match.Groups["method"].Value,
            Path: match.Groups["path"].Value,
            ContentType: match.Groups["type"].Value,
            Body: match.Groups["body"].Value.Trim())).ToList();
        Assert.Equal(text.Split("\n###").Length - 1, requests.Count);
        var operations = DescribedOperation.Of(product.Document);
        Assert.Equal(operations.Select(operation => operation.Id).Order(), requests.Select(request => request.Id).Order());
        foreach (var operation in operations)
        {
            var request = requests.Single(request => request.Id == operation.Id);
            Assert.Equal((operation.Id, operation.Json.GetProperty("summary").GetString()!, operation.Method, operation.Target),
                (request.Id, request.Summary, request.Method, request.Path));
            Assert.Equal((operation.Id, operation.Body?.ContentType ?? ""), (request.Id, request.ContentType));
            var example = operation.Body is { } body ? JsonNode.Parse(body.Content.GetProperty("example").GetRawText()) : null;
            var sent = request.Body.Length == 0 ? null : JsonNode.Parse(request.Body);
            Assert.True(JsonNode.DeepEquals(example, sent), $"{operation.Id}: the body is not the example of the document:\n{example}");
        }
    }

    [GeneratedRegex("""
        ^\#\#\#\ (?<summary>.+)\n
        \#\ @name\ (?<id>\w+)\n
        (?<method>[A-Z]+)\ \{\{host\}\}(?<path>[^?\s]+)(\?\S+)?\n
        X-API-Key:\ \{\{key\}\}\n
        (Content-Type:\ (?<type>\S+)\n\n(?<body>((?!\#\#\#)[^\n]*\n)*))?
        """, RegexOptions.Multiline | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Request();
}
