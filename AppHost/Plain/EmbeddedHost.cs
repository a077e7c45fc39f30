using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Plain;

/// <summary>Everything in one process (Standalone), nothing to install.</summary>
internal sealed class EmbeddedHost(HostOptions options)
{
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = LocalHost.TakeDataFolder(options.Data);
        var deployment = new LocalDeployment(options, await AdminKey.ForAsync(options, cancellationToken));
        deployment.RequireFreePorts();
        var standalone = deployment.Public;
        using var child = new ServiceChild(standalone.Name, LocalHost.CommandOf(standalone, new Dictionary<string, string>()),
            standalone.Port, prefixed: false);
        var welcome = new Welcome(standalone.Address, deployment.Key);
        child.Start();
        try
        {
            await child.WaitUntilReadyAsync(ProductTopology.ReadyTimeout, cancellationToken);
            Output.Say($"""

                  Recommender  {standalone.Address}
                  Data         {options.Data}

                """);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var hints = welcome.SayAsync(options.Demo, ended.Token);
            int code = await child.WaitForExitAsync(cancellationToken);
            await ended.CancelAsync();
            await hints;
            Output.Say($"standalone exited with code {code}; nothing is running");
            return code == 0 ? 1 : code;
        }
        finally
        {
            await child.StopAsync(ProductTopology.StopTimeout);
        }
    }
}
