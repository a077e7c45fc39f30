using System.Buffers;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults;
using Recommender.Storage;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Insights.Tests;

/// <summary>The Insights service in this process on a real port of its own, embedded or over servers.</summary>
internal sealed class InsightsHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private long _lastId;

    private InsightsHost(WebApplication app) => (_app, Client) = (app, new HttpClient { BaseAddress = new Uri(app.Urls.First()) });

    public HttpClient Client { get; }

    public IStore Store => Get<IStore>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    /// <param name="folder">Of the embedded journal and store.</param>
    public static async Task<InsightsHost> StartAsync(string folder, string? rabbitMq = null, string? postgres = null,
        params (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["ConnectionStrings:rabbitmq"] = rabbitMq,
            ["ConnectionStrings:postgres"] = postgres,
            ["Data:Directory"] = folder,
            ["Messaging:MaxRetryDelaySeconds"] = "0.5",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value)));
        builder.AddServiceDefaults("insights");
        builder.AddStoreMigration();
        builder.AddInsights();
        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapInsights();
        await app.StartAsync(Stop);
        var host = new InsightsHost(app);
        await Eventually.TrueAsync(() => host.Get<IStreamPublisher>().IsAvailable);
        return host;
    }

    /// <summary>A new answer of now, or of another time.</summary>
    public ServedAnswer Answer(UserRef? subject, DateTimeOffset? at = null, params ReadOnlySpan<int> itemKeys)
    {
        var answer = new ServedAnswer
        {
            Id = new(new UInt128(7, (ulong)Interlocked.Increment(ref _lastId))),
            AtMs = (at ?? DateTimeOffset.UtcNow).ToUnixTimeMilliseconds(),
            Source = Sources.Personal,
            Subject = subject,
            ModelVersion = 3,
        };
        answer.Begin(itemKeys.Length);
        foreach (int key in itemKeys) answer.Add(new(key, 1f / key));
        return answer;
    }

    public async Task PublishAsync(params ServedAnswer[] answers)
    {
        var message = new ArrayBufferWriter<byte>();
        ServedAnswerFormat.Begin(message);
        foreach (var answer in answers) ServedAnswerFormat.Append(message, answer);
        await Get<IStreamPublisher>().PublishAsync(Topology.Served, message.WrittenMemory, [], Stop);
    }

    /// <summary>Waits until the answers can be read. What is being stored is in no queue any more.</summary>
    public async Task StoredAsync(params ServedAnswer[] answers)
    {
        foreach (var answer in answers) await Eventually.TrueAsync(async () => await Store.ReadServedAsync(answer.Id, Stop) is not null);
    }

    /// <summary>Puts items into the store. Returns their keys.</summary>
    public async Task<int[]> PutItemsAsync(params string[] ids)
    {
        var result = await Store.ApplyCatalogueAsync([.. ids.Select(id => new Command
        {
            Kind = CommandKind.PutItem,
            AcceptedAt = DateTimeOffset.UtcNow,
            Item = new Item { ItemId = id, Title = $"Title of {id}" },
        })], Stop);
        return [.. ids.Select(id => result.Changed.Single(entry => entry.ItemId == id).ItemKey)];
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path)
    {
        using var response = await Client.GetAsync(path, Stop);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(Stop));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
