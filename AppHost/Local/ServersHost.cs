using Recommender.LocalServers;

namespace Recommender.AppHost;

/// <summary>
/// RabbitMQ, Redis and PostgreSQL from installed programs, and each service as a process of its own, wired by the same settings as
/// under Aspire. Whatever ends by itself, server or service, is reported and started again.
/// </summary>
internal sealed class ServersHost(LocalHostOptions options)
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromMinutes(2);
    private readonly List<ServiceChild> _services = [];
    private volatile bool _stopping;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var missing = Programs.Missing([.. RabbitMqServer.RequiredPrograms, .. RedisServer.RequiredPrograms, .. PostgresServer.RequiredPrograms]);
        if (missing.Count > 0) throw new ServerMissingException(missing);
        int console = options.Port, ingest = console + 1, trainer = console + 2, recommend = console + 3;
        foreach (var (port, what) in ((int, string)[])[(console, "console"), (ingest, "ingest"), (trainer, "trainer"), (recommend, "recommend")])
        {
            LocalHost.RequireFree(port, what);
        }

        using var folder = LocalHost.TakeDataFolder(options.Data);
        await using var rabbitMq = new RabbitMqServer(Path.Combine(options.Data, "rabbitmq"), PortNear(console + 10), PortNear(console + 11));
        await using var redis = new RedisServer(Path.Combine(options.Data, "redis"), PortNear(console + 12));
        await using var postgres = new PostgresServer(Path.Combine(options.Data, "postgres"), PortNear(console + 13));
        LocalServer[] servers = [rabbitMq, redis, postgres];

        Output.Say($"Starting RabbitMQ, Redis and PostgreSQL in {options.Data}");
        await Task.WhenAll(servers.Select(server => server.StartAsync(cancellationToken)));

        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings__rabbitmq"] = rabbitMq.ConnectionString,
            ["ConnectionStrings__redis"] = redis.ConnectionString,
            ["ConnectionStrings__postgres"] = postgres.ConnectionString,
            ["services__ingest__http__0"] = $"http://127.0.0.1:{ingest}",
            ["services__trainer__http__0"] = $"http://127.0.0.1:{trainer}",
            ["services__recommend__http__0"] = $"http://127.0.0.1:{recommend}",
        };
        // The Trainer owns the schema, so it comes first; the page comes when there is something behind it.
        (string Project, int Port)[][] order = [[("Trainer", trainer)], [("Ingest", ingest), ("Recommend", recommend)], [("Console", console)]];
        try
        {
            foreach (var together in order)
            {
                var started = together.Select(service => new ServiceChild(service.Project.ToLowerInvariant(),
                    LocalHost.Service(service.Project, service.Port, settings), service.Port, prefixed: true)).ToList();
                _services.AddRange(started);
                foreach (var service in started) service.Start();
                await Task.WhenAll(started.Select(service => service.WaitUntilReadyAsync(ReadyTimeout, cancellationToken)));
            }

            Output.Table(
            [
                ("page, API", $"http://127.0.0.1:{console}", $"process {_services[3].ProcessId}"),
                ("ingest", $"http://127.0.0.1:{ingest}", $"process {_services[1].ProcessId}"),
                ("trainer", $"http://127.0.0.1:{trainer}", $"process {_services[0].ProcessId}"),
                ("recommend", $"http://127.0.0.1:{recommend}", $"process {_services[2].ProcessId}"),
                ("rabbitmq", $"amqp://127.0.0.1:{rabbitMq.Port}", $"process {rabbitMq.ProcessId}, user recommender, password in {Path.Combine(rabbitMq.Folder, "secret")}"),
                ("", $"http://127.0.0.1:{rabbitMq.ManagementPort}", "management page, same user"),
                ("redis", $"127.0.0.1:{redis.Port}", $"process {redis.ProcessId}, password in {Path.Combine(redis.Folder, "secret")}"),
                ("postgres", $"127.0.0.1:{postgres.Port}", $"process {postgres.ProcessId}, database and user recommender, password in {Path.Combine(postgres.Folder, "secret")}"),
            ]);
            Output.Say("Ctrl-C stops all of it. A process that ends by itself is started again.");

            await Task.WhenAll([.. _services.Select(service => KeepAsync(service, cancellationToken)), .. servers.Select(server => KeepAsync(server, cancellationToken))]);
            return 0;
        }
        finally
        {
            _stopping = true;
            Output.Say("Stopping");
            // Against the stream: first those that ask, last those that are asked.
            for (int i = order.Length - 1; i >= 0; i--)
            {
                var names = order[i].Select(service => service.Project.ToLowerInvariant()).ToHashSet();
                await Task.WhenAll(_services.Where(service => names.Contains(service.Name)).Select(service => service.StopAsync(TimeSpan.FromSeconds(30))));
            }
            await Task.WhenAll(servers.Select(server => server.StopAsync()));
            foreach (var service in _services) service.Dispose();
            Output.Say("Stopped");
        }
    }

    private Task KeepAsync(ServiceChild service, CancellationToken cancellationToken) => KeepAsync(service.Name,
        async () => $"ended with {await service.WaitForExitAsync(cancellationToken)}",
        async () =>
        {
            service.Start();
            await service.WaitUntilReadyAsync(ReadyTimeout, cancellationToken);
            return service.ProcessId;
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
        int pauseSeconds = 1;
        long startedAt = Environment.TickCount64;
        while (!_stopping)
        {
            string how = await end();
            if (_stopping) return;
            if (Environment.TickCount64 - startedAt > 60_000) pauseSeconds = 1;
            Output.Line(name, $"{how}; it is started again in {pauseSeconds} s");
            await Task.Delay(TimeSpan.FromSeconds(pauseSeconds), cancellationToken);
            pauseSeconds = Math.Min(pauseSeconds * 2, 30);
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

    /// <summary>The wanted port, so that it stays the same from start to start; another when something else has it.</summary>
    private static int PortNear(int port) => Ports.IsFree(port) ? port : Ports.Free();
}
