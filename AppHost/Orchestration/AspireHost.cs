using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.AppHost.Publishing;
using Recommender.AppHost.Topology;
using Recommender.LocalServers;

namespace Recommender.AppHost.Orchestration;

/// <summary>The product as an Aspire application: the dashboard, and each process of the product as a resource.</summary>
internal static class AspireHost
{
    public static async Task<int> RunAsync(HostOptions options)
    {
        if (options.IsPublishing) return await PublishAsync(options);

        using var folder = LocalHost.TakeDataFolder(options.Data);
        var deployment = new LocalDeployment(options, await AdminKey.ForAsync(options, CancellationToken.None));
        deployment.RequireFreePorts();
        var localServers = options.Mode == HostMode.Servers ? deployment.CreateServers() : [];
        try
        {
            await RunAsync(options, deployment, localServers);
            return 0;
        }
        finally
        {
            // The services have ended with the application; what they were connected to ends last.
            await Task.WhenAll(localServers.Select(server => server.DisposeAsync().AsTask()));
        }
    }

    private static async Task RunAsync(HostOptions options, LocalDeployment deployment, IReadOnlyList<LocalServer> localServers)
    {
        var builder = CreateBuilder(options);
        var servers = options.Mode == HostMode.Containers
            ? builder.AddContainerServers()
            : localServers.ToDictionary(server => server.Name, IResourceBuilder<IResourceWithConnectionString> (server) =>
                builder.AddLocalServer(server));
        var page = builder.AddServices(deployment, servers);
        new OperatorCommands(deployment, servers.ToDictionary(server => server.Key, server => server.Value.Resource), options.Data)
            .AddTo(page);
        builder.Services.AddHostedService<ResourceKeeper>();
        if (localServers.Count > 0)
        {
            var connections = localServers.ToDictionary(server => server.Name, server => server.ConnectionString);
            EnvironmentFiles.Write(deployment, options.Data, connections, Telemetry(builder));
        }

        await using var app = builder.Build();
        // A terminal that is closed ends the application like Ctrl-C does.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        });
        var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var dcp = new DcpProcesses();
        using var noting = stopping.Register(dcp.Note);
        var shown = new FirstScreen(app, builder.Configuration, options, deployment).ShowAsync(stopping);
        await app.RunAsync();
        await shown;
        await dcp.WaitForEndAsync();
    }

    /// <summary>Writes Docker Compose and the Kubernetes chart.</summary>
    private static async Task<int> PublishAsync(HostOptions options)
    {
        var builder = CreateBuilder(options);
        var forms = PublishedForms.AddTo(builder, ProductTopology.OverServers());
        await using var app = builder.Build();
        await app.RunAsync();
        // A step of Aspire that fails is logged and leaves the exit code at 0.
        return forms.AreWritten ? 0 : 1;
    }

    private static IDistributedApplicationBuilder CreateBuilder(HostOptions options)
    {
        var builder = DistributedApplication.CreateBuilder(
            new DistributedApplicationOptions { Args = [.. new AspireSettings(options).Arguments, .. options.AspireArguments] });
        builder.Services.AddLogging(logging =>
        {
            if (options.IsPublishing) return;
            logging.SetMinimumLevel(LogLevel.Warning);
            logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
            // Every failed probe would log a stack trace; the dashboard shows the reason.
            logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
            // Without containers a missing container engine is no problem.
            if (options.Mode != HostMode.Containers) logging.AddFilter("Aspire.Hosting.Dcp", LogLevel.Error);
        });
        return builder;
    }

    /// <summary>Where a service that runs in a debugger sends its telemetry.</summary>
    private static Dictionary<string, string> Telemetry(IDistributedApplicationBuilder builder) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? "",
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
        ["OTEL_EXPORTER_OTLP_HEADERS"] = $"x-otlp-api-key={builder.Configuration["AppHost:OtlpApiKey"]}",
    };
}
