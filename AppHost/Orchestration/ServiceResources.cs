using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Orchestration;

/// <summary>
/// The services as executables. Projects would be started through <c>dotnet run</c>, whose process and the service below it outlive a stop
/// by seconds and keep the data folder.
/// </summary>
internal static class ServiceResources
{
    /// <param name="servers">Servers by name.</param>
    /// <returns>The resource with the page and the whole API.</returns>
    public static IResourceBuilder<ExecutableResource> AddServices(this IDistributedApplicationBuilder builder, LocalDeployment deployment,
        IReadOnlyDictionary<string, IResourceBuilder<IResourceWithConnectionString>> servers)
    {
        var resources = new Dictionary<string, IResourceBuilder<ExecutableResource>>();
        foreach (var instance in deployment.Topology.StartOrder().SelectMany(step => step)
            .SelectMany(service => deployment.InstancesOf(service.Name)))
        {
            var resource = builder.AddService(instance);
            foreach (string server in instance.Service.Servers) resource.WithReference(servers[server], server).WaitFor(servers[server]);
            foreach (var other in instance.Service.StartsAfter.SelectMany(deployment.InstancesOf).Where(deployment.IsStarted))
            {
                resource.WaitFor(resources[other.Name]);
            }
            foreach (var called in instance.Service.Calls.SelectMany(deployment.InstancesOf))
            {
                resource.WithReferenceRelationship(resources[called.Name]);
            }
            if (!deployment.IsStarted(instance)) resource.WithExplicitStart();
            resources[instance.Name] = resource;
        }

        // The order is for the first start. Later a service starts, whoever else is degraded: it copes with that.
        builder.Eventing.Subscribe<ResourceReadyEvent>((ready, _) =>
        {
            foreach (var wait in ready.Resource.Annotations.OfType<WaitAnnotation>().ToList()) ready.Resource.Annotations.Remove(wait);
            return Task.CompletedTask;
        });
        return resources[deployment.Public.Name];
    }

    private static IResourceBuilder<ExecutableResource> AddService(this IDistributedApplicationBuilder builder, ServiceInstance instance)
    {
        string dll = LocalHost.DllOf(instance.Service.Project);
        string check = $"{instance.Name}-ready";
        // One per resource: it remembers whether the service was ready.
        builder.Services.AddKeyedSingleton(check, (services, _) =>
            new ServiceHealth(instance, services.GetRequiredService<IHttpClientFactory>()));
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            check, services => services.GetRequiredKeyedService<ServiceHealth>(check), HealthStatus.Unhealthy, null));
        var resource = builder.AddExecutable(instance.Name, "dotnet", Path.GetDirectoryName(dll)!, [dll, .. instance.Arguments])
            .WithHttpEndpoint(instance.Port, instance.Port, isProxied: false)
            .WithUrlForEndpoint("http", url => url.DisplayText = instance.Service.IsPublic ? "Page" : "API")
            .WithUrl($"{instance.Address}/openapi/v1.json", "OpenAPI document")
            .WithOtlpExporter()
            .WithHealthCheck(check)
            .WithIconName(instance.Service.IsPublic ? "WindowConsole" : "Apps")
            .WithAnnotation(new KeepRunningAnnotation());
        if (instance.Service.IsPublic) resource.WithUrl($"{instance.Address}/scalar/v1", "API reference");
        foreach (var (name, value) in instance.Settings) resource.WithEnvironment(name, value);
        return resource;
    }
}
