using Microsoft.AspNetCore.Http.Metadata;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Api;
using Recommender.WebConsole.Gateway;
using Recommender.WebConsole.Reference;

namespace Recommender.WebConsole;

/// <summary>Composition of the Console service: the page, and one address for the whole API.</summary>
public static class ConsoleService
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action "
        + "'none'; frame-ancestors 'none'";

    private static readonly (string Path, string File, string ContentType)[] s_files =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/app.js", "app.js", "text/javascript; charset=utf-8"),
        ("/models.js", "models.js", "text/javascript; charset=utf-8"),
        ("/app.css", "app.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "favicon.svg", "image/svg+xml"),
    ];

    /// <summary>Registers the gateway.</summary>
    public static WebApplicationBuilder AddConsole(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Forwarder>());
        return builder;
    }

    /// <summary>Maps the page and the gateway. Call it after the service defaults.</summary>
    /// <exception cref="InvalidOperationException">The address of a service is not configured.</exception>
    public static WebApplication MapConsole(this WebApplication app) => app.MapConsolePage().MapGateway();

    /// <summary>
    /// Serves the first page at <c>/</c> and the API reference at <c>/scalar/v1</c>. The page asks the API at its own address, so the same
    /// process answers <c>/v1/…</c>, itself (Standalone) or through <see cref="MapGateway"/>. The files need no key; the API calls that the
    /// page makes do, where keys are configured.
    /// </summary>
    public static WebApplication MapConsolePage(this WebApplication app)
    {
        foreach (var (path, file, contentType) in s_files)
        {
            byte[] content = Read(file);
            app.MapGet(path, (HttpContext context) =>
            {
                context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
                // A new version of the product must not meet an old script.
                context.Response.Headers.CacheControl = "no-cache";
                return Results.Bytes(content, contentType);
            }).AllowWithoutKey().ExcludeFromDescription();
        }

        ApiReference.Map(app);
        return app;
    }

    /// <summary>Forwards every operation of the API to its service.</summary>
    private static WebApplication MapGateway(this WebApplication app)
    {
        var gateway = app.Services.GetRequiredService<Forwarder>();
        foreach (var operation in Operations.All)
        {
            app.MapOperation(operation, context => gateway.ForwardAsync(context, operation.Service))
                // The service checks content types and keys.
                .WithMetadata(new AcceptsMetadata(["*/*"])).AllowWithoutKey();
        }
        return app;
    }

    private static byte[] Read(string file)
    {
        using var stream = typeof(ConsoleService).Assembly.GetManifestResourceStream("page/" + file)
            ?? throw new InvalidOperationException($"The page's file {file} is not in the assembly.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
