using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Recommender.LocalServers;

namespace Recommender.AppHost.Orchestration;

/// <summary>RabbitMQ, Redis and PostgreSQL as resources of Aspire: state, health, logs, and a new start when one ends.</summary>
internal static class LocalServerResourceExtensions
{
    public static IResourceBuilder<LocalServerResource> AddLocalServer(this IDistributedApplicationBuilder builder, LocalServer server)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            throw new InvalidOperationException("Local servers have passwords in their connection strings and are not published.");
        }
        string check = $"{server.Name}-runs";
        builder.Services.AddHealthChecks().AddCheck(check, () => server.IsRunning
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"It does not run; its log is {server.LogFile}."));
        var resource = builder.AddResource(new LocalServerResource(server.Name, server))
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = server.GetType().Name,
                State = KnownResourceStates.NotStarted,
                Properties = [new("folder", server.Folder), new("log", server.LogFile),
                    new("password file", Path.Combine(server.Folder, "secret"))],
            })
            .WithHealthCheck(check)
            .WithIconName("Database")
            .OnInitializeResource(Begin);
        if (server is RabbitMqServer rabbitMq)
        {
            resource.WithUrl(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{rabbitMq.ManagementPort}"), "Management page");
        }
        return resource;
    }

    /// <summary>Starts the server's life, which is that of the application, not that of this event.</summary>
    private static Task Begin(LocalServerResource resource, InitializeResourceEvent initialize, CancellationToken cancellationToken)
    {
        _ = new LocalServerLife(resource.Server, initialize)
            .RunAsync(initialize.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        return Task.CompletedTask;
    }
}
