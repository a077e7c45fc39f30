using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.TestKit;
using Xunit;

[assembly: AssemblyFixture(typeof(Servers))]

namespace Recommender.Messaging.Tests;

/// <summary>Messaging in a host of its own: over a broker when a connection string is given, else embedded.</summary>
internal sealed class MessagingHost : IAsyncDisposable
{
    private readonly IHost _host;

    private MessagingHost(IHost host) => _host = host;

    public IStreamPublisher Publisher => _host.Services.GetRequiredService<IStreamPublisher>();

    public IStreamConsumer Consumer => _host.Services.GetRequiredService<IStreamConsumer>();

    public IStreamAdministration Administration => _host.Services.GetRequiredService<IStreamAdministration>();

    public INotices Notices => _host.Services.GetRequiredService<INotices>();

    public static async Task<MessagingHost> StartAsync(string? connectionString, string? folder = null, Action<IServiceCollection>? services = null, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(settings ?? [])
        {
            ["ConnectionStrings:rabbitmq"] = connectionString,
            ["Data:Directory"] = folder,
            ["Messaging:MaxRetryDelaySeconds"] = "0.5",
        });
        builder.AddMessaging();
        services?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var created = new MessagingHost(host);
        await Eventually.TrueAsync(() => created.Publisher.IsAvailable);
        return created;
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _host.StopAsync(patience.Token);
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }
}

/// <summary>A consumer that runs until disposed and keeps what it was handed.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;
    private readonly List<Delivery> _deliveries = [];
    private int _batches;

    public Collector(MessagingHost host, string stream, Func<IReadOnlyList<Delivery>, IReadOnlyList<DeadMessage>>? handler = null, int maxBatchBytes = 1 << 20)
    {
        _run = host.Consumer.RunAsync(stream, maxBatchBytes, (batch, _) =>
        {
            var dead = handler?.Invoke(batch) ?? [];
            lock (_deliveries) _deliveries.AddRange(batch);
            Interlocked.Increment(ref _batches);
            return Task.FromResult(dead);
        }, _stop.Token);
    }

    public IReadOnlyList<Delivery> Deliveries
    {
        get
        {
            lock (_deliveries) return [.. _deliveries];
        }
    }

    public IReadOnlyList<string> Bodies => [.. Deliveries.Select(d => System.Text.Encoding.UTF8.GetString(d.Body.Span))];

    public int Batches => Volatile.Read(ref _batches);

    public async ValueTask DisposeAsync()
    {
        if (_run.IsCompleted) return;
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _run);
    }
}
