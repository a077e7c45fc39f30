using Microsoft.Extensions.Configuration;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Orchestration;

/// <summary>Output in the terminal: both addresses once they answer, and commands to try.</summary>
internal sealed class FirstScreen(DistributedApplication app, IConfiguration configuration, HostOptions options, LocalDeployment deployment)
{
    private const string DashboardResource = "aspire-dashboard";
    private readonly Welcome _welcome = new(deployment.Public.Address, deployment.Key);

    public async Task ShowAsync(CancellationToken stopping)
    {
        try
        {
            await Task.WhenAll(ShowDashboardAsync(stopping), ShowPageAsync(stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped before there was anything to show.
        }
    }

    private async Task ShowDashboardAsync(CancellationToken stopping)
    {
        // Tests run without a dashboard.
        if (configuration["AppHost:BrowserToken"] is not { Length: > 0 } token) return;
        await app.ResourceNotifications.WaitForResourceHealthyAsync(DashboardResource, stopping);
        // The login token is written here and nowhere else: whoever has it operates the product.
        Output.Say($"\n  Dashboard    {configuration["ASPNETCORE_URLS"]}/login?t={token}");
    }

    private async Task ShowPageAsync(CancellationToken stopping)
    {
        if (!deployment.IsStarted(deployment.Public)) return;
        await app.ResourceNotifications.WaitForResourceHealthyAsync(deployment.Public.Name, stopping);
        Output.Say($"""

              Recommender  {deployment.Public.Address}
              Data         {options.Data}

            """);
        if (deployment.Key is not null) Output.Say($"  Services require a key: KEY=$(cat {Path.Combine(options.Data, "admin-key")})\n");
        await _welcome.SayAsync(options.Mode == HostMode.Embedded && options.Demo, stopping);
    }
}
