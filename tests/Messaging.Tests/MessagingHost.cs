using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Recommender.Messaging.ControlPlane;
using Recommender.Messaging.Embedded;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

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

    public static async Task<MessagingHost> StartAsync(string? connectionString, string? folder = null,
        Action<IServiceCollection>? services = null, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(settings ?? [])
        {
            ["ConnectionStrings:rabbitmq"] = connectionString,
            ["Data:Directory"] = folder,
            ["Messaging:MaxRetryDelaySeconds"] = "0.5",
        });
        builder.AddMessagingOrEmbedded();
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
