using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Orchestration;

/// <summary>RabbitMQ, Redis and PostgreSQL in containers, with volumes and with passwords that are parameters of Aspire.</summary>
internal static class ContainerServers
{
    public static Dictionary<string, IResourceBuilder<IResourceWithConnectionString>> AddContainerServers(
        this IDistributedApplicationBuilder builder)
    {
        var topology = ProductTopology.OverServers();
        IResourceBuilder<ParameterResource> PasswordOf(string server)
        {
            string name = topology.Server(server).PasswordParameter;
            // What is published names the parameter and holds no value. A generated one is kept among the user's secrets, since the
            // volumes remember it; letters and digits only, because it becomes part of addresses.
            return builder.ExecutionContext.IsPublishMode
                ? builder.AddParameter(name, () => builder.Configuration[$"Parameters:{name}"] ?? "", secret: true)
                : builder.AddParameter(name, new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
        }

        var user = builder.AddParameter("server-user", ProductTopology.Account);
        var rabbitMq = builder.AddRabbitMQ(ProductTopology.RabbitMq, user, PasswordOf(ProductTopology.RabbitMq))
            .WithManagementPlugin()
            // The data folder is named after the node, and a container's host name changes.
            .WithEnvironment("RABBITMQ_NODENAME", "rabbit@localhost")
            .WithDataVolume("recommender-rabbitmq");
        var redis = builder.AddRedis(ProductTopology.Redis, password: PasswordOf(ProductTopology.Redis))
            .WithDataVolume("recommender-redis")
            .WithPersistence(TimeSpan.FromSeconds(60), 1);
        var postgres = builder.AddPostgres("postgres-server", user, PasswordOf(ProductTopology.Postgres))
            .WithDataVolume("recommender-postgres")
            .AddDatabase(ProductTopology.Postgres, ProductTopology.Account);
        return new() { [ProductTopology.RabbitMq] = rabbitMq, [ProductTopology.Redis] = redis, [ProductTopology.Postgres] = postgres };
    }
}
