using Recommender.LocalServers;
using Recommender.TestKit;

namespace Recommender.EndToEnd;

/// <summary>The product as processes over real servers of their own, all of which can be killed.</summary>
internal sealed class Topology : IAsyncDisposable
{
    private readonly Fleet _fleet;

    private Topology(RabbitMqServer rabbitMq, RedisServer redis, PostgresServer postgres)
    {
        (RabbitMq, Redis, Postgres) = (rabbitMq, redis, postgres);
        _fleet = new Fleet(rabbitMq.ConnectionString, redis.ConnectionString, postgres.ConnectionString);
    }

    public RabbitMqServer RabbitMq { get; }
    public RedisServer Redis { get; }
    public PostgresServer Postgres { get; }
    public ServiceProcess Ingest => _fleet.Ingests[0];
    public ServiceProcess Trainer => _fleet.Trainers[0];
    public ServiceProcess Recommend => _fleet.Recommends[0];
    public ServiceProcess Console => _fleet.Console;

    /// <summary>Through the gateway.</summary>
    public Api Api => _fleet.Api;

    public static async Task<Topology> StartAsync(Servers servers)
    {
        var (rabbitMq, redis, postgres) = (servers.NewRabbitMqAsync(), servers.NewRedisAsync(), servers.NewPostgresAsync());
        await Task.WhenAll(rabbitMq, redis, postgres);
        var topology = new Topology(await rabbitMq, await redis, await postgres);
        await topology._fleet.StartAsync();
        // Else a kill of the broker would meet queues that do not outlive it yet.
        await topology.RabbitMq.WaitForDurableQueuesAsync(["interactions", "commands"], TimeSpan.FromSeconds(60));
        return topology;
    }

    public Task DrainedAsync() => _fleet.DrainedAsync();

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        await Task.WhenAll(((LocalServer[])[RabbitMq, Redis, Postgres]).Select(Servers.EndAsync));
    }
}
