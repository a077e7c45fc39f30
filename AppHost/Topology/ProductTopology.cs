namespace Recommender.AppHost.Topology;

/// <summary>
/// The product's processes, servers and connections: the one description that the Aspire resources, <c>--plain</c>, Docker Compose and
/// Kubernetes are made from.
/// </summary>
internal sealed record ProductTopology(IReadOnlyList<ServiceSpec> Services, IReadOnlyList<ServerSpec> Servers)
{
    /// <summary>Database, broker and database user of the product.</summary>
    public const string Account = "recommender";

    public const string ReadinessPath = "/health/ready";
    public const string LivenessPath = "/health/live";

    /// <summary>Port of every service inside a container.</summary>
    public const int ContainerPort = 8080;

    public const string RabbitMq = "rabbitmq", Redis = "redis", Postgres = "postgres";

    private const string Ingest = "ingest", Trainer = "trainer", Recommend = "recommend", Insights = "insights", Console = "console";

    /// <summary>How long a service may take to become ready; restarts read the catalogue and the model.</summary>
    public static readonly TimeSpan ReadyTimeout = TimeSpan.FromMinutes(2);

    /// <summary>How long a service may take to stop: it finishes its requests and its batch.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Everything in one process, over embedded parts.</summary>
    public static ProductTopology Embedded { get; } = new(
        [new ServiceSpec { Name = "standalone", Project = "Standalone", PortOffset = 0, IsPublic = true, KeepsData = true }],
        []);

    /// <summary>Each service as a process of its own, over servers.</summary>
    /// <param name="recommendReplicas">Local instances of Recommend.</param>
    public static ProductTopology OverServers(int recommendReplicas = 1) => new(
        [
            // It owns the schema, so it comes first.
            new ServiceSpec
            {
                Name = Trainer,
                Project = "Trainer",
                PortOffset = 2,
                Servers = [RabbitMq, Redis, Postgres],
                Needs = new ResourceNeeds("500m", "512Mi", "4Gi"),
            },
            new ServiceSpec
            {
                Name = Ingest,
                Project = "Ingest",
                PortOffset = 1,
                Servers = [RabbitMq, Postgres],
                StartsAfter = [Trainer],
                PublishedReplicas = 2,
            },
            new ServiceSpec
            {
                Name = Recommend,
                Project = "Recommend",
                PortOffset = 3,
                Servers = [RabbitMq, Redis],
                StartsAfter = [Trainer],
                Replicas = recommendReplicas,
                PublishedReplicas = 2,
                Needs = new ResourceNeeds("500m", "512Mi", "2Gi"),
            },
            new ServiceSpec
            {
                Name = Insights,
                Project = "Insights",
                PortOffset = 4,
                Servers = [RabbitMq, Postgres],
                StartsAfter = [Trainer],
            },
            // The page comes when there is something behind it.
            new ServiceSpec
            {
                Name = Console,
                Project = "Console",
                PortOffset = 0,
                Calls = [Ingest, Trainer, Recommend, Insights],
                StartsAfter = [Ingest, Recommend],
                IsPublic = true,
            },
        ],
        [
            new ServerSpec
            {
                Name = RabbitMq,
                PortOffset = 10,
                ConnectionString = (host, password) => $"amqp://{Account}:{password}@{host}:5672/%2F",
            },
            new ServerSpec { Name = Redis, PortOffset = 12, ConnectionString = (host, password) => $"{host}:6379,password={password}" },
            new ServerSpec
            {
                Name = Postgres,
                PortOffset = 13,
                ConnectionString = (host, password) => $"Host={host};Port=5432;Username={Account};Password={password};Database={Account}",
            },
        ]);

    /// <summary>The service that others reach.</summary>
    public ServiceSpec Public => Services.Single(service => service.IsPublic);

    public ServerSpec Server(string name) => Servers.Single(server => server.Name == name);

    /// <summary>Port of an instance on a local machine: the first next to the page's, further ones beyond the servers'.</summary>
    /// <param name="instance">0-based.</param>
    public static int LocalPort(ServiceSpec service, int instance, int pagePort) =>
        pagePort + (instance == 0 ? service.PortOffset : 20 + instance);

    /// <summary>Name of an instance: <c>recommend</c>, <c>recommend-2</c>, ….</summary>
    public static string InstanceName(ServiceSpec service, int instance) => instance == 0 ? service.Name : $"{service.Name}-{instance + 1}";

    /// <summary>Name of the setting with a server's connection string, as an environment variable.</summary>
    public static string ConnectionSetting(string server) => $"ConnectionStrings__{server}";

    /// <summary>The addresses of the services that a service calls, as environment variables.</summary>
    /// <param name="addresses">Addresses of a service's instances.</param>
    public IEnumerable<KeyValuePair<string, string>> CallSettings(
        ServiceSpec service, Func<ServiceSpec, IReadOnlyList<string>> addresses) =>
        from called in service.Calls
        let spec = Services.Single(candidate => candidate.Name == called)
        from address in addresses(spec).Index()
        select KeyValuePair.Create($"services__{called}__http__{address.Index}", address.Item);

    /// <summary>Addresses of a service's instances on a local machine.</summary>
    public static IReadOnlyList<string> LocalAddresses(ServiceSpec service, int pagePort) =>
        [.. Enumerable.Range(0, service.Replicas).Select(instance => $"http://127.0.0.1:{LocalPort(service, instance, pagePort)}")];

    /// <summary>Services in the order of their first starts; those of one step start together. Stops go the other way.</summary>
    public IReadOnlyList<IReadOnlyList<ServiceSpec>> StartOrder()
    {
        List<IReadOnlyList<ServiceSpec>> steps = [];
        var left = Services.ToList();
        while (left.Count > 0)
        {
            var step = left.Where(service => !left.Any(other => service.StartsAfter.Contains(other.Name))).ToList();
            if (step.Count == 0) throw new InvalidOperationException("Services wait for each other in a circle.");
            steps.Add(step);
            left.RemoveAll(step.Contains);
        }
        return steps;
    }
}
