using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Recommender.ServiceDefaults;
using Xunit;

namespace Recommender.WebConsole.Tests;

/// <summary>The Console service in this process.</summary>
internal sealed class ConsoleHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ConsoleHost(WebApplication app) =>
        (_app, Client) = (app, new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) });

    public HttpClient Client { get; }

    public IConfigurationRoot Configuration => (IConfigurationRoot)_app.Configuration;

    /// <param name="settings">Settings as they stand in a configuration, such as services:recommend:http:1.</param>
    public static async Task<ConsoleHost> StartAsync(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddServiceDefaults("console");
        builder.AddConsole();
        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapConsole();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ConsoleHost(app);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
