using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Recommender.Contracts;
using Recommender.Messaging;
using Recommender.ServiceDefaults;
using Recommender.Storage;
using Recommender.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(Servers))]

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

    public static async Task<IngestHost> StartAsync(string? rabbitMq = null, Func<IStreamPublisher, IStreamPublisher>? wrap = null, Dictionary<string, string?>? settings = null, Action<WebApplication>? map = null, Action<WebApplicationBuilder>? configure = null)
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
            builder.Services.Replace(ServiceDescriptor.Singleton(services => wrap((IStreamPublisher)inner.ImplementationFactory!(services))));
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

    public Task<Answer> PostAsync(string path, string body, string contentType = "application/json") => PostAsync(path, Encoding.UTF8.GetBytes(body), contentType);

    public Task<Answer> PostAsync(string path, byte[] body, string? contentType = "application/json") => SendAsync(HttpMethod.Post, path, body, contentType);

    public async Task<Answer> SendAsync(HttpMethod method, string path, byte[]? body = null, string? contentType = null, Action<HttpRequestMessage>? change = null)
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
        await Eventually.EqualAsync(0, async () => (await Get<IStreamAdministration>().GetDepthsAsync(TestContext.Current.CancellationToken))[stream]);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        return all;
    }

    public Task<IReadOnlyList<Interaction>> DrainEventsAsync(int atLeast) =>
        DrainAsync(Topology.Interactions, atLeast, delivery => JsonSerializer.Deserialize(delivery.Body.Span, ContractsJson.Default.InteractionArray)!);

    public Task<IReadOnlyList<Command>> DrainCommandsAsync(int atLeast) =>
        DrainAsync(Topology.Commands, atLeast, delivery => JsonSerializer.Deserialize(delivery.Body.Span, ContractsJson.Default.CommandArray)!);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await App.StopAsync(patience.Token);
        await App.DisposeAsync();
        _folder.Dispose();
    }
}

internal sealed record LoggedLine(LogLevel Level, string Text);

internal sealed class ListLogger(List<LoggedLine> lines) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (lines) lines.Add(new LoggedLine(logLevel, formatter(state, exception) + exception));
    }

    public void Dispose()
    {
    }
}

/// <summary>A response with its body read.</summary>
internal sealed record Answer(int Status, string? ContentType, string Body, HttpResponseHeaders Headers)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Type => Json.GetProperty("type").GetString();

    public string? Field => Json.TryGetProperty("field", out var name) ? name.GetString() : null;

    public string Detail => Json.GetProperty("detail").GetString()!;

    public TimeSpan? RetryAfter => Headers.RetryAfter?.Delta;

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(), response.Headers);

    /// <summary>Asserts an error in the form every error has.</summary>
    public Answer IsProblem(int status, string type)
    {
        Assert.True(status == Status, $"expected {status}, got {Status}: {Body}");
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal("urn:recommender:problem:" + type, Type);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(Json.GetProperty("title").GetString()));
        Assert.DoesNotContain("   at ", Body);
        Assert.DoesNotContain("Recommender.", Body);
        Assert.DoesNotContain("System.", Body);
        Assert.True(ActivityContext.TryParse(Assert.Single(Headers.GetValues("traceparent")), null, out _));
        return this;
    }

    public Answer IsAccepted(int count)
    {
        Assert.True(Status == 202, $"expected 202, got {Status}: {Body}");
        Assert.Equal(count, Json.GetProperty("accepted").GetInt32());
        Assert.True(ActivityContext.TryParse(Assert.Single(Headers.GetValues("traceparent")), null, out _));
        return this;
    }
}

/// <summary>Counts messages and lets them through only while it is open.</summary>
internal sealed class Gate(IStreamPublisher inner) : IStreamPublisher
{
    private volatile TaskCompletionSource _open = Opened();
    private int _published;

    public int Published => Volatile.Read(ref _published);

    public bool IsAvailable { get; set; } = true;

    public void Close() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    public async Task PublishAsync(string stream, ReadOnlyMemory<byte> body, IReadOnlyList<ActivityContext> origins, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _published);
        await _open.Task;
        await inner.PublishAsync(stream, body, origins, cancellationToken);
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
