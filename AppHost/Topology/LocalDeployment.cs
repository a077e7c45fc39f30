using Recommender.LocalServers;

namespace Recommender.AppHost.Topology;

/// <summary>
/// The topology on this machine: which processes run, on which ports, with which settings. The same under Aspire and without.
/// </summary>
internal sealed class LocalDeployment
{
    private readonly HostOptions _options;

    /// <param name="key">Null: services require no key.</param>
    public LocalDeployment(HostOptions options, AdminKey? key)
    {
        _options = options;
        Key = key;
        Topology = options.Mode == HostMode.Embedded ? ProductTopology.Embedded : ProductTopology.OverServers(options.RecommendReplicas);
        Instances =
        [
            .. Topology.Services.SelectMany(service => Enumerable.Range(0, service.Replicas).Select(number => Describe(service, number))),
        ];
    }

    public ProductTopology Topology { get; }

    public IReadOnlyList<ServiceInstance> Instances { get; }

    /// <summary>The host's own key; null if services require none.</summary>
    public AdminKey? Key { get; }

    /// <summary>The instance with the page and the whole API.</summary>
    public ServiceInstance Public => Instances.Single(instance => instance.Service.IsPublic);

    /// <summary>Instances of a service, the first one first.</summary>
    public IEnumerable<ServiceInstance> InstancesOf(string service) => Instances.Where(instance => instance.Service.Name == service);

    public bool IsStarted(ServiceInstance instance) => !_options.Without.Contains(instance.Service.Name);

    /// <exception cref="LocalHostException">A port is in use.</exception>
    public void RequireFreePorts()
    {
        foreach (var instance in Instances.Where(IsStarted))
        {
            LocalHost.RequireFree(instance.Port, instance.Service.IsPublic ? "page and API" : instance.Name);
        }
    }

    /// <summary>The servers of the topology, made of installed programs. Nothing is started.</summary>
    /// <exception cref="ServerMissingException">A program is not installed.</exception>
    public IReadOnlyList<LocalServer> CreateServers()
    {
        if (Topology.Servers.Count == 0) return [];
        var missing = Programs.Missing(
            [.. RabbitMqServer.RequiredPrograms, .. RedisCompatibleServer.RequiredPrograms, .. PostgresServer.RequiredPrograms]);
        if (missing.Count > 0) throw new ServerMissingException(missing);
        return [.. Topology.Servers.Select(Create)];
    }

    private ServiceInstance Describe(ServiceSpec service, int number)
    {
        int port = ProductTopology.LocalPort(service, number, _options.Port);
        var settings = Topology.CallSettings(service, called => ProductTopology.LocalAddresses(called, _options.Port)).ToDictionary();
        settings["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        if (Key is not null)
        {
            foreach (var (name, value) in Key.Settings) settings[name] = value;
        }
        IReadOnlyList<string> arguments = service.KeepsData
            ? ["--data", _options.Data, "--port", $"{port}", _options.Demo ? "--demo" : "--no-demo"] : [];
        return new ServiceInstance(service, ProductTopology.InstanceName(service, number), port, arguments, settings);
    }

    private LocalServer Create(ServerSpec server)
    {
        string folder = Path.Combine(_options.Data, server.Name);
        int port = Ports.Near(_options.Port + server.PortOffset);
        return server.Name switch
        {
            ProductTopology.RabbitMq => new RabbitMqServer(folder, port, Ports.Near(_options.Port + server.PortOffset + 1)),
            ProductTopology.Redis => RedisCompatibleServer.Create(folder, port),
            ProductTopology.Postgres => new PostgresServer(folder, port),
            _ => throw new InvalidOperationException($"There is no local server for {server.Name}."),
        };
    }
}
