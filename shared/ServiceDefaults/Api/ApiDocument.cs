using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Recommender.ServiceDefaults.Api;

/// <summary>Completes the document: title, security schemes, tags, and a fixed order.</summary>
internal sealed class ApiDocument : IOpenApiDocumentTransformer
{
    private const string Text = """
        Recommendations from the events of your users.

        **Ids** are strings of 1 to 256 bytes without control characters, percent-encoded in paths. **Times** are RFC 3339 with an offset.
        **Bodies** are UTF-8 and may be compressed (`Content-Encoding`). **Errors** are problem details of RFC 9457 with a stable `type`.
        Every answer has a `traceparent`. Where keys are configured, every request needs one with the scope of the operation; `admin`
        includes the other scopes. Without keys, only requests to localhost are answered, and none needs a key.
        """;

    public static IReadOnlyDictionary<string, OpenApiSecurityScheme> SecuritySchemes { get; } =
        new SortedDictionary<string, OpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            ["apiKey"] = new()
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-API-Key",
                Description = "An API key. Scopes: `ingest`, `read`, `admin` (includes the others).",
            },
            ["bearer"] = new()
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The same API key as a bearer token.",
            },
        };

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo { Title = "Recommender API", Version = "v1", Description = Text };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes =
            SecuritySchemes.ToDictionary(scheme => scheme.Key, scheme => (IOpenApiSecurityScheme)scheme.Value);
        var schemas = document.Components.Schemas ?? new Dictionary<string, IOpenApiSchema>();
        if (document.Paths.ContainsKey(EventOperations.PostEvents.Path)) schemas[CloudEventSchema.Name] = CloudEventSchema.Create();
        document.Components.Schemas = schemas.OrderBy(schema => schema.Key, StringComparer.Ordinal).ToDictionary();
        document.Components.Responses = ApiProblems.Responses(document);
        var used = document.Paths.Values.SelectMany(path => path.Operations!.Values).SelectMany(operation => operation.Tags!)
            .Select(tag => tag.Reference.Id).ToHashSet();
        document.Tags = new HashSet<OpenApiTag>(Operations.Tags.Where(tag => used.Contains(tag.Name))
            .Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }));
        document.Paths = Ordered(document.Paths);
        return Task.CompletedTask;
    }

    private static OpenApiPaths Ordered(OpenApiPaths paths)
    {
        var ordered = new OpenApiPaths();
        foreach (var operations in Operations.All.GroupBy(operation => operation.Path))
        {
            if (!paths.TryGetValue(operations.Key, out var path)) continue;
            var methods = path.Operations!;
            var inOrder = operations.Select(operation => HttpMethod.Parse(operation.Method)).Where(methods.ContainsKey)
                .ToDictionary(method => method, method => methods[method]);
            ((OpenApiPathItem)path).Operations = inOrder;
            ordered.Add(operations.Key, path);
        }

        return ordered;
    }
}
