using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Recommender.ServiceDefaults.Keys;

/// <summary>Without API keys nothing listens beyond loopback: refuses to start before a socket is open.</summary>
internal sealed class ListeningGuard(KeyRing keys, IConfiguration configuration, IServer server, ILogger<ListeningGuard> logger)
    : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (keys.Required) return Task.CompletedTask;
        foreach (var (setting, address) in ConfiguredAddresses()) Check(setting, address);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        if (!keys.Required)
        {
            // Addresses set in code show only now; failing here stops the host again.
            foreach (string address in addresses) Check("the listening address", address);
            logger.NoKeys();
        }
        else if (addresses.Any(a => !IsLoopback(a) && !a.StartsWith("https:", StringComparison.OrdinalIgnoreCase)))
        {
            logger.NoTls();
        }

        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<(string Setting, string Address)> ConfiguredAddresses()
    {
        foreach (string address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []) yield return ("urls", address);
        string? urls = configuration["urls"];
        foreach (string url in Parts(urls)) yield return ("urls (ASPNETCORE_URLS)", url);
        foreach (var endpoint in configuration.GetSection("Kestrel:Endpoints").GetChildren())
            if (endpoint["Url"] is { Length: > 0 } url) yield return ($"{endpoint.Path}:Url", url);
        if (!string.IsNullOrWhiteSpace(urls)) yield break;

        // Ports without a host mean every interface.
        foreach (string port in Parts(configuration["http_ports"])) yield return ("http_ports (ASPNETCORE_HTTP_PORTS)", $"http://*:{port}");
        foreach (string port in Parts(configuration["https_ports"]))
            yield return ("https_ports (ASPNETCORE_HTTPS_PORTS)", $"https://*:{port}");
    }

    private static string[] Parts(string? list) =>
        list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static void Check(string setting, string address)
    {
        if (!IsLoopback(address))
            throw new InvalidOperationException(
                $"Setting {setting} = {address} listens beyond loopback, but no API keys are configured, so anyone on the network could "
                    + $"read and change everything. Configure Keys (create one with `keys create`), or listen on http://127.0.0.1:PORT.");
    }

    internal static bool IsLoopback(string address)
    {
        string host = BindingAddress.Parse(address).Host;
        if (host.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) || host.StartsWith("pipe:", StringComparison.OrdinalIgnoreCase))
            return true;
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }
}
