using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.Messaging.Embedded;
using Recommender.Recommend.Serving;
using Recommender.ServiceDefaults;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>Recommend on a real server at a free port, over a factor store the test fills.</summary>
internal sealed class RecommendHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RecommendHost(WebApplication app, IFactorStore store, RecordingLogger log)
    {
        _app = app;
        Store = store;
        Log = log;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public IFactorStore Store { get; }
    public RecordingLogger Log { get; }
    public HttpClient Client { get; }
    public IServiceProvider Services => _app.Services;
    public ServingState State => Services.GetRequiredService<Recommender.Recommend.Serving.ServingIndexes>().State;

    public static Task<RecommendHost> StartAsync(IFactorStore store, params (string Key, string? Value)[] settings) =>
        StartAsync(store, TimeProvider.System, settings);

    public static Task<RecommendHost> StartAsync(IFactorStore store, TimeProvider clock, params (string Key, string? Value)[] settings) =>
        StartAsync(store, clock, _ => { }, settings);

    /// <summary>With the embedded journal in a folder, on which answers are recorded.</summary>
    public static Task<RecommendHost> StartRecordingAsync(IFactorStore store, string folder,
        params (string Key, string? Value)[] settings) =>
        StartAsync(store, TimeProvider.System, builder =>
        {
            builder.Configuration["Data:Directory"] = folder;
            if (builder.Configuration["Recommend:RecordEveryMilliseconds"] is null)
                builder.Configuration["Recommend:RecordEveryMilliseconds"] = "20";
            builder.AddMessagingOrEmbedded();
        }, settings);

    private static async Task<RecommendHost> StartAsync(IFactorStore store, TimeProvider clock, Action<WebApplicationBuilder> configure,
        params (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton(clock);
        var log = new RecordingLogger();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Configuration.AddInMemoryCollection([new("urls", "http://127.0.0.1:0"), new("Recommend:PollMilliseconds", "20")]);
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value)));
        builder.AddServiceDefaults("recommend");
        builder.Services.AddSingleton(store);
        configure(builder);
        builder.AddRecommend();
        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapRecommend();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RecommendHost(app, store, log);
    }

    /// <summary>Waits until the model is served and every change of the feed so far is in.</summary>
    public async Task ServesAsync(long? version)
    {
        var serving = Services.GetRequiredService<Recommender.Recommend.Serving.ServingIndexes>();
        await Eventually.TrueAsync(() => serving.IsLoaded && serving.State.Model?.Version == version);
        var changes = await Store.ReadItemChangesAsync(0, int.MaxValue, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => serving.Sequence >= changes.Sequence);
    }

    public async Task<RecommendationResponse> GetAsync(string path) =>
        await ReadAsync(await Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken));

    public async Task<RecommendationResponse> PostAsync(object body, string path = "/v1/recommendations") =>
        await ReadAsync(await SendAsync(body, path));

    /// <summary>The only line of a batch.</summary>
    public async Task<UserRecommendationResponse> PostLineAsync(object body)
    {
        var response = await SendAsync(body, "/v1/recommendations/batch");
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize(text, ContractsJson.Default.UserRecommendationResponse)!;
    }

    public async Task<HttpResponseMessage> SendAsync(object body, string path = "/v1/recommendations")
    {
        string json = body as string ?? JsonSerializer.Serialize(body, JsonSerializerOptions.Web);
        return await Client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"),
            TestContext.Current.CancellationToken);
    }

    /// <summary>The detail of the 400 answer to a GET.</summary>
    public async Task<string> GetErrorAsync(string path) =>
        await ErrorAsync(await Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken));

    /// <summary>The detail of the 400 answer to a POST.</summary>
    public async Task<string> PostErrorAsync(object body, string path = "/v1/recommendations") =>
        await ErrorAsync(await SendAsync(body, path));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static async Task<RecommendationResponse> ReadAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode}: {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonSerializer.Deserialize(body, ContractsJson.Default.RecommendationResponse)!;
    }

    private static async Task<string> ErrorAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return problem.GetProperty("detail").GetString()!;
    }
}
