using Recommender.LocalServers;
using Recommender.TestKit;

namespace Recommender.EndToEnd;

/// <summary>Ingest, Trainer, Recommend, Insights, any number of each, and one Console, as processes over servers given by connection
/// strings.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    /// <param name="ofEach">Instances of each service.</param>
    /// <param name="more">Settings in addition to the connections, as environment variables.</param>
    /// <param name="trainer">Project that runs as Trainer.</param>
    /// <param name="https">Makes clients that trust the services' certificate; null: the services speak plain HTTP.</param>
    public Fleet(string rabbitMq, string redis, string postgres, int ofEach = 1, IReadOnlyDictionary<string, string?>? more = null,
        string trainer = "Trainer", Func<HttpMessageHandler>? https = null)
    {
        var settings = new Dictionary<string, string?>(more ?? new Dictionary<string, string?>())
        {
            ["ConnectionStrings__rabbitmq"] = rabbitMq,
            ["ConnectionStrings__redis"] = redis,
            ["ConnectionStrings__postgres"] = postgres,
        };
        string scheme = https is null ? "http" : "https";
        List<ServiceProcess> Of(string project, string service)
        {
            var instances = new List<ServiceProcess>();
            for (int i = 0; i < ofEach; i++)
            {
                int port = Ports.Free();
                settings[$"services__{service}__{scheme}__{i}"] = $"{scheme}://127.0.0.1:{port}";
                instances.Add(new ServiceProcess(project, settings, port: port, scheme: scheme, handler: https?.Invoke()));
            }

            return instances;
        }

        (Ingests, Trainers, Recommends) = (Of("Ingest", "ingest"), Of(trainer, "trainer"), Of("Recommend", "recommend"));
        Insights = Of("Insights", "insights");
        Console = new ServiceProcess("Console", settings, scheme: scheme, handler: https?.Invoke());
        Api = new Api(Console.Client);
    }

    public IReadOnlyList<ServiceProcess> Ingests { get; }
    public IReadOnlyList<ServiceProcess> Trainers { get; }
    public IReadOnlyList<ServiceProcess> Recommends { get; }
    public IReadOnlyList<ServiceProcess> Insights { get; }
    public ServiceProcess Console { get; }

    /// <summary>Through the gateway.</summary>
    public Api Api { get; }

    public IEnumerable<ServiceProcess> All => [.. Ingests, .. Trainers, .. Recommends, .. Insights, Console];

    public async Task StartAsync()
    {
        await Task.WhenAll(Trainers.Select(trainer => trainer.StartAsync()));
        await Task.WhenAll([.. Ingests.Concat(Recommends).Concat(Insights).Select(service => service.StartAsync()), Console.StartAsync()]);
    }

    /// <summary>Returns when nothing waits in the broker any more.</summary>
    public Task DrainedAsync() => Eventually.TrueAsync(async () => await Api.TryGetAsync("/v1/status") is { } status
        && status.GetProperty("queueDepths").TryGetProperty("interactions", out var interactions) && interactions.GetInt64() == 0
        && status.GetProperty("queueDepths").TryGetProperty("commands", out var commands)
        && commands.GetInt64() == 0, TimeSpan.FromMinutes(2), "the queues are empty");

    public async ValueTask DisposeAsync() => await Task.WhenAll(All.Select(service => service.DisposeAsync().AsTask()));
}
