using Recommender.LocalServers;
using Recommender.TestKit;

namespace Recommender.EndToEnd;

/// <summary>The services as processes over servers of their own, wired as the host wires them; everything in it may be killed.</summary>
internal sealed class Topology : IAsyncDisposable
{
    private Topology(RabbitMqServer rabbitMq, RedisServer redis, PostgresServer postgres)
    {
        (RabbitMq, Redis, Postgres) = (rabbitMq, redis, postgres);
        int ingest = Ports.Free(), trainer = Ports.Free(), recommend = Ports.Free();
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings__rabbitmq"] = rabbitMq.ConnectionString,
            ["ConnectionStrings__redis"] = redis.ConnectionString,
            ["ConnectionStrings__postgres"] = postgres.ConnectionString,
            ["services__ingest__http__0"] = $"http://127.0.0.1:{ingest}",
            ["services__trainer__http__0"] = $"http://127.0.0.1:{trainer}",
            ["services__recommend__http__0"] = $"http://127.0.0.1:{recommend}",
        };
        Ingest = new ServiceProcess("Ingest", settings, port: ingest);
        Trainer = new ServiceProcess("Trainer", settings, port: trainer);
        Recommend = new ServiceProcess("Recommend", settings, port: recommend);
        Console = new ServiceProcess("Console", settings);
        Api = new Api(Console.Client);
    }

    public RabbitMqServer RabbitMq { get; }
    public RedisServer Redis { get; }
    public PostgresServer Postgres { get; }
    public ServiceProcess Ingest { get; }
    public ServiceProcess Trainer { get; }
    public ServiceProcess Recommend { get; }
    public ServiceProcess Console { get; }

    /// <summary>Through the gateway.</summary>
    public Api Api { get; }

    public static async Task<Topology> StartAsync(Servers servers)
    {
        var (rabbitMq, redis, postgres) = (servers.NewRabbitMqAsync(), servers.NewRedisAsync(), servers.NewPostgresAsync());
        await Task.WhenAll(rabbitMq, redis, postgres);
        var topology = new Topology(await rabbitMq, await redis, await postgres);
        await topology.Trainer.StartAsync();
        await Task.WhenAll(topology.Ingest.StartAsync(), topology.Recommend.StartAsync());
        await topology.Console.StartAsync();
        // Else a kill of the broker would meet queues that do not outlive it yet.
        await topology.RabbitMq.WaitForDurableQueuesAsync(["interactions", "commands"], TimeSpan.FromSeconds(60));
        return topology;
    }

    /// <summary>Returns when nothing waits in the broker any more.</summary>
    public Task DrainedAsync() => Eventually.TrueAsync(async () => await Api.TryGetAsync("/v1/status") is { } status
        && status.GetProperty("queueDepths").GetProperty("interactions").GetInt64() == 0
        && status.GetProperty("queueDepths").GetProperty("commands").GetInt64() == 0, TimeSpan.FromMinutes(2), "the queues are empty");

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(((ServiceProcess[])[Console, Ingest, Recommend, Trainer]).Select(service => service.DisposeAsync().AsTask()));
        await Task.WhenAll(((LocalServer[])[RabbitMq, Redis, Postgres]).Select(server => server.DisposeAsync().AsTask()));
    }
}
