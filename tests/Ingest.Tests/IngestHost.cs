using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.ServiceDefaults;
using Recommender.Storage;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Ingest.Tests;

/// <summary>The Ingest service in this process on a real port of its own, embedded or over a broker.</summary>
internal sealed class IngestHost : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly List<LoggedLine> _log;

    private IngestHost(WebApplication app, TempFolder folder, List<LoggedLine> log)
    {
        (App, _folder, _log) = (app, folder, log);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public IReadOnlyList<LoggedLine> Log
    {
        get
        {
            lock (_log) return [.. _log];
        }
    }

    public T Get<T>() where T : notnull => App.Services.GetRequiredService<T>();

    public static async Task<IngestHost> StartAsync(string? rabbitMq = null, Func<IStreamPublisher, IStreamPublisher>? wrap = null,
        Dictionary<string, string?>? settings = null, Action<WebApplication>? map = null, Action<WebApplicationBuilder>? configure = null)
    {
        var folder = new TempFolder();
        var log = new List<LoggedLine>();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders().AddProvider(new ListLogger(log));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["ConnectionStrings:rabbitmq"] = rabbitMq,
            ["Data:Directory"] = folder.Path,
            ["Messaging:MaxRetryDelaySeconds"] = "0.5",
        });
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        configure?.Invoke(builder);
        builder.AddServiceDefaults("ingest");
        builder.AddStoreMigration();
        builder.AddIngest();
        if (wrap is not null)
        {
            var inner = builder.Services.Last(s => s.ServiceType == typeof(IStreamPublisher));
            builder.Services.Replace(ServiceDescriptor.Singleton(services =>
                wrap((IStreamPublisher)inner.ImplementationFactory!(services))));
        }

        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapIngest();
        map?.Invoke(app);
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            folder.Dispose();
            throw;
        }

        var host = new IngestHost(app, folder, log);
        await Eventually.TrueAsync(() => host.Get<IStreamPublisher>().IsAvailable);
        return host;
    }

    public Task<Answer> PostAsync(string path, string body, string contentType = "application/json") =>
        PostAsync(path, Encoding.UTF8.GetBytes(body), contentType);

    public Task<Answer> PostAsync(string path, byte[] body, string? contentType = "application/json") =>
        SendAsync(HttpMethod.Post, path, body, contentType);

    public async Task<Answer> SendAsync(HttpMethod method, string path, byte[]? body = null, string? contentType = null,
        Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        change?.Invoke(request);
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }

    /// <summary>Everything on a stream, taken off it.</summary>
    public async Task<IReadOnlyList<T>> DrainAsync<T>(string stream, int atLeast, Func<Delivery, IEnumerable<T>> read)
    {
        var all = new List<T>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = Get<IStreamConsumer>().RunAsync(stream, 1 << 20, (batch, _) =>
        {
            lock (all) all.AddRange(batch.SelectMany(read));
            return Task.FromResult<IReadOnlyList<DeadMessage>>([]);
        }, stop.Token);
        await Eventually.TrueAsync(() =>
        {
            lock (all) return all.Count >= atLeast;
        });
        await Eventually.EqualAsync(0, async () =>
            (await Get<IStreamAdministration>().GetDepthsAsync(TestContext.Current.CancellationToken))[stream]);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        return all;
    }

    public Task<IReadOnlyList<Interaction>> DrainEventsAsync(int atLeast) =>
        DrainAsync(Topology.Interactions, atLeast,
        delivery => JsonSerializer.Deserialize(delivery.Body.Span, ContractsJson.Default.InteractionArray)!);

    public Task<IReadOnlyList<Command>> DrainCommandsAsync(int atLeast) =>
        DrainAsync(Topology.Commands, atLeast, delivery =>
        JsonSerializer.Deserialize(delivery.Body.Span, ContractsJson.Default.CommandArray)!);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await App.StopAsync(patience.Token);
        await App.DisposeAsync();
        _folder.Dispose();
    }
}
