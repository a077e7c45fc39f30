using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.ServiceDefaults.Api;
using Recommender.ServiceDefaults.Keys;
using Recommender.ServiceDefaults.Requests;
using Recommender.ServiceDefaults.Resilience;

namespace Recommender.ServiceDefaults;

/// <summary>
/// The defaults of every service: telemetry, health, keys, problem details, JSON and limits. One call before the host is built, one after.
/// </summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Registers the defaults. Called once per process.</summary>
    /// <param name="serviceName">Name in telemetry, such as <c>ingest</c>; <c>OTEL_SERVICE_NAME</c> overrides it.</param>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it and the fix.</exception>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, string serviceName)
    {
        if (builder.Configuration["KeyFile"] is { Length: > 0 } keyFile)
            builder.Configuration.AddJsonFile(Path.GetFullPath(keyFile), optional: true, reloadOnChange: true);

        // Paths contain personal ids, so requests are not logged by default.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // Every probe of an unhealthy part would log an error. The part itself logs its outages.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            RequestLimits.Configure(kestrel.Limits);
        });
        builder.Services.ConfigureHttpJsonOptions(http => ConfigureJson(http.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddOpenApi("v1", openApi =>
        {
            openApi.CreateSchemaReferenceId = ContractSchemas.NameOf;
            openApi.AddSchemaTransformer<ContractSchemas>();
            openApi.AddOperationTransformer<OperationTransformer>();
            openApi.AddDocumentTransformer<ApiDocument>();
        });
        builder.Services.AddSingleton<IApiDescriptionProvider, OperationDescriptions>();
        builder.Services.AddHealthChecks();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddResiliencePipelines();
        builder.Services.AddSingleton<KeyRing>();
        string[] allowedOrigins = Origins.Read(builder.Configuration);
        builder.Services.AddCors();
        builder.Services.AddSingleton(services => new Origins(allowedOrigins, services.GetRequiredService<ICorsService>()));
        builder.Services.AddOptions<ProblemOptions>();
        builder.Services.AddHostedService<ListeningGuard>();
        Telemetry.Add(builder, serviceName);
        return builder;
    }

    /// <summary>
    /// Adds the middleware every request passes, and <c>/health/live</c>, <c>/health/ready</c>, <c>/openapi/v1.json</c>.
    /// Call it before any other middleware or endpoint.
    /// </summary>
    public static WebApplication UseServiceDefaults(this WebApplication app)
    {
        app.Use(HeadRequests.Middleware);
        // Explicit, because it would otherwise run first.
        app.UseRouting();
        app.UseMiddleware<RequestGate>();
        app.MapGet("/health/live", () => HealthReport(HealthStatus.Healthy, [])).AllowWithoutKey().ExcludeFromDescription();
        app.MapGet("/health/ready", async (HealthCheckService checks, CancellationToken cancellationToken) =>
        {
            var report = await checks.CheckHealthAsync(cancellationToken);
            return HealthReport(report.Status, report.Entries.Select(e =>
                new HealthEntry(e.Key, Word(e.Value.Status), e.Value.Description ?? e.Value.Exception?.GetType().Name)));
        }).AllowWithoutKey().ExcludeFromDescription();
        app.MapOpenApi("/openapi/{documentName}.json").AllowWithoutKey();
        return app;
    }

    /// <summary>
    /// Requires a key with the scope, one of <see cref="Scopes"/>, for an endpoint or group. Several calls allow several scopes;
    /// <c>admin</c> is always allowed.
    /// </summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder endpoints, string scope)
        where TBuilder : IEndpointConventionBuilder
    {
        if (!Scopes.All.Contains(scope)) throw new ArgumentException($"Unknown scope '{scope}'.", nameof(scope));
        endpoints.Add(builder => builder.Metadata.Add(new ScopeMetadata(scope)));
        return endpoints;
    }

    /// <summary>
    /// Requires no key for an endpoint. Without this and without <see cref="RequireScope"/> an endpoint requires <c>admin</c>.
    /// </summary>
    public static TBuilder AllowWithoutKey<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(builder => builder.Metadata.Add(new ScopeMetadata(null)));
        return endpoints;
    }

    private static void ConfigureJson(JsonSerializerOptions json)
    {
        json.TypeInfoResolverChain.Insert(0, ContractsJson.Default);
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.MaxDepth = Limits.JsonDepth;
        json.AllowDuplicateProperties = false;
    }

    // Degraded is answered with 200, because the service works with reduced function. The body states the problem.
    private static IResult HealthReport(HealthStatus status, IEnumerable<HealthEntry> entries) =>
        Results.Json(new HealthBody(Word(status), [.. entries]), ServiceJson.Default.HealthBody,
        statusCode: status == HealthStatus.Unhealthy ? 503 : 200);

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
