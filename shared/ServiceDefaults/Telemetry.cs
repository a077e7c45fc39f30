using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Recommender.ServiceDefaults;

/// <summary>
/// Traces, metrics and logs over OTLP, if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. Every service and library has one <see
/// cref="System.Diagnostics.ActivitySource"/> and one Meter, named <c>Recommender.PROJECT</c>; all of them are collected.
/// </summary>
internal static class Telemetry
{
    public static void Add(WebApplicationBuilder builder, string serviceName)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            // This category would create an activity and a log scope for every request, which nothing uses.
            builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
            return;
        }

        string name = builder.Configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } given ? given : serviceName;
        string? version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3);
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.IncludeScopes = true;
        });
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(name, serviceVersion: version))
            .WithTracing(traces => traces
                // Health probes are frequent, and their traces are of no use.
                .AddAspNetCoreInstrumentation(server =>
                    server.Filter = context => !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
                .AddHttpClientInstrumentation()
                .AddSource("Npgsql", "MassTransit", "Recommender.*")
                .AddProcessor(new PollFilter()))
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Npgsql", "MassTransit", "Polly", "Recommender.*"))
            .UseOtlpExporter();
    }
}
