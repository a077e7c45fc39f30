using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recommender.AppHost.Orchestration;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Publishing;

// A step of one's own, its folder and probes in the model are for evaluation; there is no other way.
#pragma warning disable ASPIREPIPELINES001, ASPIREPIPELINES004, ASPIREPROBES001

/// <summary>What `aspire publish` writes: Docker Compose and a chart for Kubernetes, made from the topology.</summary>
internal sealed class PublishedForms
{
    /// <summary>All files, the same on every machine.</summary>
    public static IReadOnlyList<PublishedFile> Files(ProductTopology topology) =>
        [.. ComposeFiles.Of(topology), .. ChartFiles.Of(topology)];

    /// <summary>Whether the step has run to its end.</summary>
    public bool AreWritten { get; private set; }

    /// <summary>Adds the topology to the model, and the step that writes the files.</summary>
    public static PublishedForms AddTo(IDistributedApplicationBuilder builder, ProductTopology topology)
    {
        var forms = new PublishedForms();
        var servers = builder.AddContainerServers();
        var services = new Dictionary<string, IResourceBuilder<ContainerResource>>();
        foreach (var service in topology.StartOrder().SelectMany(step => step))
        {
            services[service.Name] = AddPublishedService(builder, service, servers, services);
        }

        builder.Pipeline.AddStep("compose-and-chart", async context =>
        {
            string folder = Path.GetFullPath(context.Services.GetRequiredService<IPipelineOutputService>().GetOutputDirectory());
            foreach (var file in Files(topology))
            {
                string path = Path.Combine(folder, file.Path);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await File.WriteAllTextAsync(path, file.Content, context.CancellationToken);
            }
            forms.AreWritten = true;
            context.Logger.LogInformation("Wrote Docker Compose and the Kubernetes chart to {Folder}", folder);
        }, requiredBy: WellKnownPipelineSteps.Publish);
        return forms;
    }

    /// <summary>For the manifest, and for whoever looks at the model: the files are written from the topology itself.</summary>
    private static IResourceBuilder<ContainerResource> AddPublishedService(IDistributedApplicationBuilder builder, ServiceSpec service,
        Dictionary<string, IResourceBuilder<IResourceWithConnectionString>> servers,
        Dictionary<string, IResourceBuilder<ContainerResource>> others)
    {
        var resource = builder.AddContainer(service.Name, "recommender")
            .WithArgs(service.Project)
            .WithHttpEndpoint(targetPort: ProductTopology.ContainerPort)
            .WithHttpProbe(ProbeType.Readiness, ProductTopology.ReadinessPath)
            .WithHttpProbe(ProbeType.Liveness, ProductTopology.LivenessPath);
        foreach (string server in service.Servers) resource.WithReference(servers[server], server).WaitFor(servers[server]);
        foreach (string called in service.Calls) resource.WithReference(others[called].GetEndpoint("http"));
        foreach (string other in service.StartsAfter) resource.WaitFor(others[other]);
        if (service.IsPublic) resource.WithExternalHttpEndpoints();
        return resource;
    }
}
