using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.Ingest;
using Recommender.Messaging.Embedded;
using Recommender.Recommend;
using Recommender.ServiceDefaults;
using Recommender.TestKit;
using Recommender.Trainer;

namespace Recommender.Integration;

/// <summary>Ingest, Trainer and Recommend, each a host of its own, over real RabbitMQ, Redis and PostgreSQL.</summary>
internal sealed class ServiceTrio : IAsyncDisposable
{
    private readonly List<WebApplication> _apps = [];

    public required HttpClient Ingest { get; init; }
    public required HttpClient Trainer { get; init; }
    public required HttpClient Recommend { get; init; }
    public required string RedisConnection { get; init; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="secondTrainer">Whether another Trainer runs over the same servers, which nobody asks over HTTP.</param>
    public static async Task<ServiceTrio> StartAsync(Servers servers, Action<WebApplicationBuilder>? configure = null,
        bool secondTrainer = false)
    {
        await servers.AllAsync();
        // Redis has one database for the assembly, so each test has one of its own.
        var redis = await servers.NewRedisAsync();
        var connections = new Dictionary<string, string?>
        {
            ["ConnectionStrings:rabbitmq"] = await servers.NewVirtualHostAsync(),
            ["ConnectionStrings:postgres"] = await servers.NewDatabaseAsync(),
            ["ConnectionStrings:redis"] = redis.ConnectionString,
            ["Trainer:Rank"] = "8",
            ["Trainer:TuneBudgetSeconds"] = "0",
            ["Trainer:MinimumEvents"] = "1000000", // Only when asked for.
            ["Trainer:ErasureSettleSeconds"] = "1",
        };
        var trainer = await StartAsync("trainer", connections, configure, b => b.AddTrainer(), a => a.MapTrainer());
        var ingest = await StartAsync("ingest", connections, configure, b => b.AddIngest(), a => a.MapIngest());
        var recommend = await StartAsync("recommend", connections, configure, b => b.AddRecommend(), a => a.MapRecommend());
        var trio = new ServiceTrio
        {
            Ingest = ClientOf(ingest),
            Trainer = ClientOf(trainer),
            Recommend = ClientOf(recommend),
            RedisConnection = redis.ConnectionString
        };
        trio._apps.AddRange([ingest, recommend, trainer]);
        if (secondTrainer) trio._apps.Add(await StartAsync("trainer", connections, configure, b => b.AddTrainer(), a => a.MapTrainer()));
        // Until the broker is reached, events are refused.
        await Eventually.TrueAsync(async () => (await trio.Ingest.GetAsync("health/ready", Cancel)).IsSuccessStatusCode);
        return trio;
    }

    /// <summary>Sends events and waits until they are stored and folded in.</summary>
    public async Task SendAsync(IReadOnlyList<Interaction> events)
    {
        long before = (await StatusAsync()).Events;
        var response = await Ingest.PostAsJsonAsync("v1/events", events.ToArray(), ContractsJson.Default.InteractionArray, Cancel);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, response.StatusCode);
        await Eventually.TrueAsync(async () => await StatusAsync() is { } status && status.Events == before + events.Count
            && status.Watermarks["folded"] == status.Watermarks["stored"]);
    }

    public async Task<StatusResponse> StatusAsync() =>
        (await Trainer.GetFromJsonAsync("v1/status", ContractsJson.Default.StatusResponse, Cancel))!;

    /// <summary>Trains and waits until Recommend serves the version.</summary>
    public async Task<long> TrainAsync()
    {
        long? before = (await StatusAsync()).ReleasedVersion;
        await Trainer.PostAsync("v1/models", null, Cancel);
        await Eventually.TrueAsync(async () => (await StatusAsync()).ReleasedVersion is { } version && version != before);
        long released = (await StatusAsync()).ReleasedVersion!.Value;
        await Eventually.EqualAsync(released, ServedVersionAsync);
        return released;
    }

    public async Task<long> ServedVersionAsync() => (await RecommendAsync("user-0")).ModelVersion ?? 0;

    public async Task<RecommendationResponse> RecommendAsync(string userId) =>
        (await Recommend.GetFromJsonAsync($"v1/users/{userId}/recommendations?count=5", ContractsJson.Default.RecommendationResponse,
        Cancel))!;

    public async Task FlushRedisAsync()
    {
        using var redis = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(RedisConnection + ",allowAdmin=true");
        await redis.GetServer(redis.GetEndPoints()[0]).FlushAllDatabasesAsync();
    }

    /// <summary>Two circles of users, each of whom has had most of their circle's items.</summary>
    public static Interaction[] Circles()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        return
        [
            .. from n in Enumerable.Range(0, 8)
               from user in Enumerable.Range(0, 40)
               select new Interaction
               {
                   EventId = $"{n}-{user}",
                   UserId = $"user-{user}",
                   ItemId = $"item-{user % 2}-{(user / 2 + n) % 12}",
                   Type = "view",
                   OccurredAt = start.AddMinutes(n * 100 + user),
               },
        ];
    }

    private static async Task<WebApplication> StartAsync(
        string name, Dictionary<string, string?> settings, Action<WebApplicationBuilder>? configure, Action<WebApplicationBuilder> add,
            Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        configure?.Invoke(builder);
        builder.AddServiceDefaults(name);
        builder.AddMessagingOrEmbedded();
        add(builder);
        var app = builder.Build();
        app.UseServiceDefaults();
        map(app);
        await app.StartAsync(Cancel);
        return app;
    }

    /// <summary>A client that telemetry of this process does not see, as a client elsewhere would be.</summary>
    private static HttpClient ClientOf(WebApplication app) =>
        new(new SocketsHttpHandler { ActivityHeadersPropagator = null })
        {
            BaseAddress =
        new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First())
        };

    public async ValueTask DisposeAsync()
    {
        foreach (var client in new[] { Ingest, Trainer, Recommend }) client.Dispose();
        foreach (var app in _apps)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await app.StopAsync(patience.Token);
            await app.DisposeAsync();
        }
    }
}
