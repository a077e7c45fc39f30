using Recommender.AppHost.Topology;
using Recommender.LocalServers;

namespace Recommender.AppHost.Plain;

/// <summary>
/// RabbitMQ, Redis and PostgreSQL from installed programs, and each service as a process of its own, wired by the same settings as
/// under Aspire. A process that ends, server or service, is reported and started again.
/// </summary>
internal sealed class ServersHost(HostOptions options)
{
    private readonly List<ServiceChild> _children = [];
    private volatile bool _stopping;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = LocalHost.TakeDataFolder(options.Data);
        var deployment = new LocalDeployment(options, await AdminKey.ForAsync(options, cancellationToken));
        deployment.RequireFreePorts();
        var servers = deployment.CreateServers();
        try
        {
            await RunAsync(deployment, servers, cancellationToken);
            return 0;
        }
        finally
        {
            _stopping = true;
            Output.Say("Stopping");
            // Upstream first: callers stop before the services they call.
            foreach (var step in deployment.Topology.StartOrder().Reverse())
            {
                var names = step.SelectMany(service => deployment.InstancesOf(service.Name)).Select(instance => instance.Name).ToHashSet();
                await Task.WhenAll(_children.Where(child => names.Contains(child.Name))
                    .Select(child => child.StopAsync(ProductTopology.StopTimeout)));
            }
            await Task.WhenAll(servers.Select(server => server.DisposeAsync().AsTask()));
            foreach (var child in _children) child.Dispose();
            Output.Say("Stopped");
        }
    }

    private async Task RunAsync(LocalDeployment deployment, IReadOnlyList<LocalServer> servers, CancellationToken cancellationToken)
    {
        Output.Say($"Starting RabbitMQ, Redis and PostgreSQL in {options.Data}");
        await Task.WhenAll(servers.Select(server => server.StartAsync(cancellationToken)));

        var connections = servers.ToDictionary(server => server.Name, server => server.ConnectionString);
        EnvironmentFiles.Write(deployment, options.Data, connections, new Dictionary<string, string>());
        foreach (var step in deployment.Topology.StartOrder())
        {
            var started = step.SelectMany(service => deployment.InstancesOf(service.Name)).Where(deployment.IsStarted)
                .Select(instance => new ServiceChild(instance.Name,
                    LocalHost.CommandOf(instance, ConnectionSettings(instance.Service, connections)), instance.Port, prefixed: true))
                .ToList();
            _children.AddRange(started);
            foreach (var child in started) child.Start();
            await Task.WhenAll(started.Select(child => child.WaitUntilReadyAsync(ProductTopology.ReadyTimeout, cancellationToken)));
        }

        Output.Table([.. _children.AsEnumerable().Reverse().Select(child => (child.Name, child.Address, $"process {child.ProcessId}")),
            .. servers.SelectMany(Rows)]);
        Output.Say("Ctrl-C stops all of it. A process that exits is restarted.");
        await Task.WhenAll([.. _children.Select(child => KeepAsync(child, cancellationToken)),
            .. servers.Select(server => KeepAsync(server, cancellationToken))]);
    }

    private static Dictionary<string, string> ConnectionSettings(ServiceSpec service, Dictionary<string, string> connections) =>
        service.Servers.ToDictionary(ProductTopology.ConnectionSetting, server => connections[server]);

    private static IEnumerable<(string Name, string Address, string Note)> Rows(LocalServer server)
    {
        yield return (server.Name, $"127.0.0.1:{server.Port}",
            $"process {server.ProcessId}, password in {Path.Combine(server.Folder, "secret")}");
        if (server is not RabbitMqServer rabbitMq) yield break;
        yield return ("", $"http://127.0.0.1:{rabbitMq.ManagementPort}", $"management page, user {ProductTopology.Account}, same password");
    }

    private Task KeepAsync(ServiceChild child, CancellationToken cancellationToken) => KeepAsync(child.Name,
        async () => $"ended with {await child.WaitForExitAsync(cancellationToken)}",
        async () =>
        {
            child.Start();
            await child.WaitUntilReadyAsync(ProductTopology.ReadyTimeout, cancellationToken);
            return child.ProcessId;
        }, cancellationToken);

    private Task KeepAsync(LocalServer server, CancellationToken cancellationToken) => KeepAsync(server.Name,
        async () =>
        {
            await server.WaitForExitAsync(cancellationToken);
            return $"ended (log: {server.LogFile})";
        },
        async () =>
        {
            await server.StartAsync(cancellationToken);
            return server.ProcessId ?? 0;
        }, cancellationToken);

    /// <summary>Starts it again whenever it ends, after a pause that grows while it does not stay up.</summary>
    private async Task KeepAsync(string name, Func<Task<string>> end, Func<Task<int>> start, CancellationToken cancellationToken)
    {
        var pause = new RestartPause();
        long startedAt = Environment.TickCount64;
        while (!_stopping)
        {
            string how = await end();
            if (_stopping) return;
            var wait = pause.Next(TimeSpan.FromMilliseconds(Environment.TickCount64 - startedAt));
            Output.Line(name, $"{how}; it is started again in {wait.TotalSeconds:0} s");
            await Task.Delay(wait, cancellationToken);
            startedAt = Environment.TickCount64;
            try
            {
                Output.Line(name, $"runs again, process {await start()}");
            }
            catch (Exception e) when (e is LocalHostException or ServerFailedException)
            {
                Output.Line(name, e.Message);
            }
        }
    }
}
