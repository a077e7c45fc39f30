using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;

namespace Recommender.Cli.Tests;

/// <summary>
/// Takes events and items as Ingest does, so that tests can see exactly what was sent, in which order, and fail requests at will.
/// </summary>
public sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubServer(WebApplication app) => this._app = app;

    /// <summary>Batches of events in the order they were accepted.</summary>
    public ConcurrentQueue<Interaction[]> EventBatches { get; } = new();

    /// <summary>Whole items, by POST.</summary>
    public ConcurrentQueue<Item> Items { get; } = new();

    /// <summary>Merge patches of items, as they were sent.</summary>
    public ConcurrentQueue<JsonElement> Patches { get; } = new();

    /// <summary>Paths in the order of the requests, refused ones too.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public ConcurrentQueue<string?> Keys { get; } = new();

    /// <summary>Decides about a request by its number, from 0: null takes it; anything else answers in its place.</summary>
    public Func<int, HttpContext, Task<bool>>? Intercept { get; set; }

    /// <summary>Event ids that are rejected, with the reason "is not wanted".</summary>
    public HashSet<string> Unwanted { get; } = [];

    public IEnumerable<Interaction> Events => EventBatches.SelectMany(b => b);

    public string Address => _app.Urls.First();

    private int _requests;

    public static async Task<StubServer> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(k => k.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var server = new StubServer(app);
        app.Use(server.HandleAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        string path = context.Request.Path;
        Requests.Enqueue($"{context.Request.Method} {path}");
        Keys.Enqueue(context.Request.Headers.Authorization);
        int number = Interlocked.Increment(ref _requests) - 1;
        if (Intercept is { } intercept && await intercept(number, context)) return;
        switch (path)
        {
            case "/v1/events":
                var events = (await JsonSerializer.DeserializeAsync(context.Request.Body, ContractsJson.Default.InteractionArray))!;
                var rejected = events.Index().Where(e => Unwanted.Contains(e.Item.EventId!))
                    .Select(e => new RejectedElement(e.Index, "eventId", "is not wanted")).ToList();
                EventBatches.Enqueue(events.Where(e => !Unwanted.Contains(e.EventId!)).ToArray());
                context.Response.StatusCode = 202;
                await context.Response.WriteAsJsonAsync(new AcceptedResponse
                {
                    Accepted = events.Length - rejected.Count,
                    Rejected = rejected
                });
                break;
            case "/v1/items" when HttpMethods.IsPatch(context.Request.Method):
                var patches = (await JsonSerializer.DeserializeAsync<JsonElement[]>(context.Request.Body))!;
                foreach (var patch in patches) Patches.Enqueue(patch);
                context.Response.StatusCode = 202;
                await context.Response.WriteAsJsonAsync(new AcceptedResponse { Accepted = patches.Length });
                break;
            case "/v1/items":
                var items = (await JsonSerializer.DeserializeAsync(context.Request.Body, ContractsJson.Default.ItemArray))!;
                foreach (var item in items) Items.Enqueue(item);
                context.Response.StatusCode = 202;
                await context.Response.WriteAsJsonAsync(new AcceptedResponse { Accepted = items.Length });
                break;
            case "/v1/models":
                context.Response.StatusCode = 202;
                break;
            case "/v1/status":
                await context.Response.WriteAsJsonAsync(
                    new StatusResponse
                    {
                        At = DateTimeOffset.UtcNow,
                        State = "ok",
                        Problems = [],
                        Watermarks = new Dictionary<string, long>(),
                        LagSeconds = new Dictionary<string, double>(),
                        QueueDepths = new Dictionary<string, long>(),
                        Users = 0,
                        Items = Items.Count + Patches.Count,
                        Events = Events.Count(),
                    },
                    ContractsJson.Default.StatusResponse);
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }
}
