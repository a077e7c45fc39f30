using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Keys;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Api.Tests;

/// <summary>The document at <c>/openapi/v1.json</c> is the contract, the same in both modes.</summary>
public sealed partial class DocumentTests(EmbeddedProduct product)
{
    private static readonly string[] s_schemes = ["apiKey", "bearer"];

    private static readonly JsonSerializerOptions s_strict =
        new(ContractsJson.Default.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_gateway_and_the_single_process_serve_the_same_document()
    {
        await using var console = new ServiceProcess("Console",
            // Nothing listens there: the document does not depend on it.
            ((string[])["ingest", "trainer", "recommend", "insights"])
                .ToDictionary(name => $"services__{name}__http__0", string? (_) => "http://127.0.0.1:9"));
        await console.StartAsync();
        var gateway = JsonNode.Parse(await console.Client.GetStringAsync("openapi/v1.json", Cancel))!.AsObject();
        var single = JsonNode.Parse(product.DocumentText)!.AsObject();
        Assert.Equal($"http://127.0.0.1:{console.Port}/", gateway["servers"]![0]!["url"]!.GetValue<string>());
        gateway.Remove("servers");
        single.Remove("servers");
        Assert.Equal(single.ToJsonString(), gateway.ToJsonString());
    }

    [Fact]
    public void It_lists_every_operation()
    {
        var described = DescribedOperation.Of(product.Document);
        Assert.Equal(Operations.All.Select(operation => $"{operation.Id}: {operation}").Order(),
            described.Select(operation => $"{operation.Id}: {operation}").Order());
    }

    [Fact]
    public void Every_operation_is_named_summarised_tagged_and_exemplified()
    {
        var tags = product.Document.GetProperty("tags").EnumerateArray().Select(tag => tag.GetProperty("name").GetString()).ToHashSet();
        var operations = DescribedOperation.Of(product.Document);
        Assert.Equal(operations.Count, operations.Select(operation => operation.Id).Distinct().Count());
        Assert.All(operations, operation =>
        {
            Assert.Matches(VerbPhrase(), operation.Id);
            Assert.Matches(Sentence(), operation.Json.GetProperty("summary").GetString());
            Assert.Contains(Assert.Single(operation.Json.GetProperty("tags").EnumerateArray()).GetString(), tags);
            Assert.All(operation.Parameters, parameter =>
            {
                Assert.NotEmpty(parameter.GetProperty("description").GetString()!);
                Assert.Equal(parameter.GetProperty("in").GetString() == "path", parameter.TryGetProperty("example", out _)
                    && parameter.GetProperty("required").GetBoolean() && parameter.GetProperty("in").GetString() == "path");
            });
            if (operation.Json.TryGetProperty("requestBody", out var body))
            {
                Assert.True(body.GetProperty("required").GetBoolean());
                Assert.All(body.GetProperty("content").EnumerateObject(), AssertExemplified);
            }

            Assert.NotEmpty(operation.Successes);
            Assert.All(operation.Successes, success =>
            {
                Assert.NotEmpty(success.Value.GetProperty("description").GetString()!);
                if (success.Name != "304") Assert.All(success.Value.GetProperty("content").EnumerateObject(), AssertExemplified);
            });
        });
    }

    [Fact]
    public void Every_schema_and_property_is_described()
    {
        var schemas = product.Document.GetProperty("components").GetProperty("schemas");
        foreach (var schema in schemas.EnumerateObject()) AssertDescribed(schema.Name, schema.Value);
        var contents = DescribedOperation.Of(product.Document).SelectMany(operation => operation.Successes.Select(success => success.Value)
            .Concat(operation.Json.TryGetProperty("requestBody", out var body) ? [body] : []));
        foreach (var content in contents)
        {
            if (!content.TryGetProperty("content", out var types)) continue;
            foreach (var type in types.EnumerateObject()) AssertPropertiesDescribed(type.Name, type.Value.GetProperty("schema"));
        }
    }

    [Theory]
    [InlineData("Interaction", "eventId", Limits.IdBytes)]
    [InlineData("Interaction", "type", Limits.NameBytes)]
    [InlineData("Interaction", "context", Limits.ContextBytes)]
    [InlineData("Item", "title", Limits.TitleBytes)]
    [InlineData("Item", "categories", Limits.LabelsPerItem)]
    [InlineData("Item", "properties", Limits.Properties)]
    [InlineData("Item", "url", Limits.TextBytes)]
    [InlineData("Item", "vector", Limits.VectorLength)]
    [InlineData("CloudEvent", "source", Limits.SourceBytes)]
    [InlineData("RecommendationRequest", "count", Limits.RecommendationCount)]
    [InlineData("RecommendationRequest", "history", Limits.RequestHistory)]
    [InlineData("RecommendationRequest", "exclude", Limits.RequestExclude)]
    [InlineData("RecommendationRequest", "boosts", Limits.Boosts)]
    [InlineData("RecommendationRequest", "pins", Limits.Pins)]
    [InlineData("RecommendationRequest", "reasons", Limits.Reasons)]
    [InlineData("RecommendationRequest", "cursor", Limits.PagedItems)]
    [InlineData("BatchRequest", "userIds", Limits.BatchUsers)]
    [InlineData("RankRequest", "itemIds", Limits.RankItems)]
    [InlineData("Filter", null, Limits.FilterConditions)]
    [InlineData("Condition", "any", Limits.ConditionValues)]
    public void A_description_states_the_limit_that_is_enforced(string schema, string? property, int limit)
    {
        var described = product.Document.GetProperty("components").GetProperty("schemas").GetProperty(schema);
        if (property is not null) described = described.GetProperty("properties").GetProperty(property);
        Assert.Matches($@"\b{limit}\b", DescriptionOf(described));
    }

    [Fact]
    public void Every_refusal_is_a_problem()
    {
        var responses = product.Document.GetProperty("components").GetProperty("responses");
        foreach (var operation in DescribedOperation.Of(product.Document))
        {
            var refusals = operation.Responses.Except(operation.Successes).ToDictionary(refusal => refusal.Name, refusal => refusal.Value);
            string[] expected =
            [
                "400", "401", "403", "429", "502", "503", "504", "default",
                .. operation.Method == "GET" ? (string[])[] : ["415"], .. operation.Body is null ? (string[])[] : ["413"],
            ];
            Assert.Empty(expected.Except(refusals.Keys));
            Assert.All(refusals, refusal =>
            {
                var content = responses.GetProperty(refusal.Value.GetProperty("$ref").GetString()!.Split('/')[^1]).GetProperty("content");
                Assert.Equal("#/components/schemas/Problem",
                    content.GetProperty("application/problem+json").GetProperty("schema").GetProperty("$ref").GetString());
            });
        }
    }

    [Fact]
    public void Every_example_is_valid()
    {
        foreach (var operation in Operations.All)
        {
            if (operation.Body is { } body)
                AssertValid(operation, body.Example, body.IsMany ? body.Element.MakeArrayType() : body.Element);
            foreach (var answer in operation.Answers.Where(answer => answer.Type is not null))
                AssertValid(operation, answer.Example!, answer.Type!);
        }
    }

    /// <summary>The product requires the keys that the document states.</summary>
    [Fact]
    public async Task Every_operation_needs_a_key_of_its_scope()
    {
        var settings = new Dictionary<string, string?>();
        var keys = new Dictionary<string, string>();
        foreach (string scope in Scopes.All)
        {
            var (key, entry) = ApiKeys.Create(scope, [scope]);
            keys[scope] = key;
            settings[$"Keys__{scope}__Id"] = entry.Id;
            settings[$"Keys__{scope}__Hash"] = entry.Hash;
            settings[$"Keys__{scope}__Scopes"] = scope;
        }

        using var data = new TempFolder();
        await using var process = EmbeddedProduct.Start(data, settings);
        await process.StartAsync();
        var document = JsonDocument.Parse(await process.Client.GetStringAsync("openapi/v1.json", Cancel)).RootElement;
        var schemes = document.GetProperty("components").GetProperty("securitySchemes");
        Assert.Equal("X-API-Key", schemes.GetProperty("apiKey").GetProperty("name").GetString());
        Assert.Equal("bearer", schemes.GetProperty("bearer").GetProperty("scheme").GetString());
        // Deletions come last.
        foreach (var operation in DescribedOperation.Of(document).OrderBy(operation => operation.Method == "DELETE"))
        {
            string scope = Assert.Single(operation.Json.GetProperty("security").EnumerateArray().SelectMany((security, n) =>
                security.GetProperty(s_schemes[n]).EnumerateArray()).Select(value => value.GetString()!).Distinct());
            Assert.Contains($"Scope: `{scope}`", operation.Json.GetProperty("description").GetString(), StringComparison.Ordinal);
            Assert.Equal((operation.Id, HttpStatusCode.Unauthorized), (operation.Id, await StatusAsync(operation, null)));
            foreach (string other in Scopes.All)
            {
                bool isAllowed = other == scope || other == Scopes.Admin;
                var byHeader = await StatusAsync(operation, keys[other]);
                var byToken = await StatusAsync(operation, keys[other], asToken: true);
                Assert.Equal((operation.Id, other, !isAllowed), (operation.Id, other, byHeader is HttpStatusCode.Forbidden));
                Assert.Equal((operation.Id, other, !isAllowed), (operation.Id, other, byToken is HttpStatusCode.Forbidden));
                Assert.NotEqual((operation.Id, other, HttpStatusCode.Unauthorized), (operation.Id, other, byHeader));
            }
        }

        async Task<HttpStatusCode> StatusAsync(DescribedOperation operation, string? key, bool asToken = false)
        {
            using var request = new HttpRequestMessage(new HttpMethod(operation.Method), operation.Target);
            if (operation.Body is { } body) request.Content = new StringContent("0", null, body.ContentType);
            if (asToken) request.Headers.Authorization = new("Bearer", key);
            else if (key is not null) request.Headers.Add("X-API-Key", key);
            using var response = await process.Client.SendAsync(request, Cancel);
            return response.StatusCode;
        }
    }

    private static void AssertDescribed(string name, JsonElement schema)
    {
        string? description = DescriptionOf(schema);
        Assert.True(description?.Length > 0, $"{name} has no description.");
        Assert.True(!SourceText().IsMatch(description), $"The description of {name} is written for readers of the source: {description}");
        AssertPropertiesDescribed(name, schema);
    }

    private static void AssertPropertiesDescribed(string name, JsonElement schema)
    {
        if (schema.ValueKind is not JsonValueKind.Object) return;
        if (schema.TryGetProperty("properties", out var properties))
            foreach (var property in properties.EnumerateObject()) AssertDescribed($"{name}.{property.Name}", property.Value);
        if (schema.TryGetProperty("items", out var items)) AssertPropertiesDescribed(name + "[]", items);
        if (schema.TryGetProperty("additionalProperties", out var values)) AssertPropertiesDescribed(name + ".*", values);
    }

    /// <summary>The description, which a property that may be null has next to the reference to its schema.</summary>
    private static string? DescriptionOf(JsonElement schema)
    {
        if (schema.TryGetProperty("description", out var description)) return description.GetString();
        return schema.TryGetProperty("oneOf", out var choices)
            ? choices.EnumerateArray().Select(DescriptionOf).FirstOrDefault(text => text is not null)
            : null;
    }

    private static void AssertExemplified(JsonProperty content)
    {
        Assert.True(content.Value.TryGetProperty("schema", out _), content.Name);
        Assert.True(content.Value.TryGetProperty("example", out _), content.Name);
    }

    private static void AssertValid(Operation operation, string example, Type type)
    {
        var value = JsonSerializer.Deserialize(example, s_strict.GetTypeInfo(type));
        Assert.NotNull(value);
        foreach (object element in value as Array ?? new[] { value })
        {
            var error = element switch
            {
                Interaction interaction => interaction.Validate(DateTimeOffset.UtcNow),
                Item { ItemId: not null } item => item.Validate(),
                _ => null,
            };
            Assert.Equal((operation.Id, null), (operation.Id, error));
        }
    }

    [GeneratedRegex("^(Get|List|Post|Put|Patch|Delete|Merge|Export|Erase|Rank|Train|Release|Replay)([A-Z][a-z]+)+$")]
    private static partial Regex VerbPhrase();

    /// <summary>A rendered reference to a .NET member, an escaped angle bracket, or the indentation of a comment.</summary>
    [GeneratedRegex(@"&[lg]t;|\b[A-Z]\w+\.[A-Z]\w+|\n\s| {2}")]
    private static partial Regex SourceText();

    [GeneratedRegex(@"^[A-Z][^.]{5,80}$")]
    private static partial Regex Sentence();
}
