using Recommender.LocalServers;
using Xunit;

namespace Recommender.TestKit;

/// <summary>
/// Real servers for a test assembly, each started at most once, on first use, and stopped with the assembly. Use:
/// <code>
/// [assembly: AssemblyFixture(typeof(Servers))]
/// public class MyTests(Servers servers)
/// {
///     [Fact] public async Task Works() { var redis = await servers.RedisAsync(); … }
/// }
/// </code>
/// A test that needs a server whose programs are not installed is skipped with that reason; with
/// <c>RECOMMENDER_REQUIRE_SERVERS=1</c> it fails. A test that kills a server must use one of its own (<c>New…Async</c>).
/// </summary>
public sealed class Servers : IAsyncLifetime
{
    private readonly Lock _gate = new();
    private readonly List<LocalServer> _started = [];
    private TempFolder? _folder;
    private Task<RabbitMqServer>? _rabbitMq;
    private Task<RedisServer>? _redis;
    private Task<GarnetServer>? _garnet;
    private Task<PostgresServer>? _postgres;
    private int _number, _folders;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The assembly's broker. Give each test a virtual host: <see cref="RabbitMqServer.CreateVirtualHostAsync"/>, or
    /// <see cref="NewVirtualHostAsync"/>.</summary>
    public Task<RabbitMqServer> RabbitMqAsync()
    {
        Require(RabbitMqServer.RequiredPrograms);
        lock (_gate) return _rabbitMq ??= StartAsync(new RabbitMqServer(NewFolder("rabbitmq")));
    }

    /// <summary>The assembly's Redis. It has one database: use a key prefix, or flush it at the start of a test.</summary>
    public Task<RedisServer> RedisAsync()
    {
        Require(RedisServer.RequiredPrograms);
        lock (_gate) return _redis ??= StartAsync(new RedisServer(NewFolder("redis")));
    }

    /// <summary>The assembly's Garnet, which stands in for Redis.</summary>
    public Task<GarnetServer> GarnetAsync()
    {
        RequireGarnet();
        lock (_gate) return _garnet ??= StartAsync(new GarnetServer(NewFolder("garnet")));
    }

    /// <summary>The assembly's PostgreSQL. Give each test a database: <see cref="PostgresServer.CreateDatabaseAsync"/>, or
    /// <see cref="NewDatabaseAsync"/>.</summary>
    public Task<PostgresServer> PostgresAsync()
    {
        Require(PostgresServer.RequiredPrograms);
        lock (_gate) return _postgres ??= StartAsync(new PostgresServer(NewFolder("postgres")));
    }

    /// <summary>All three, started at the same time.</summary>
    public async Task<(RabbitMqServer RabbitMq, RedisServer Redis, PostgresServer Postgres)> AllAsync()
    {
        Require([.. RabbitMqServer.RequiredPrograms, .. RedisServer.RequiredPrograms, .. PostgresServer.RequiredPrograms]);
        var (rabbitMq, redis, postgres) = (RabbitMqAsync(), RedisAsync(), PostgresAsync());
        await Task.WhenAll(rabbitMq, redis, postgres);
        return (await rabbitMq, await redis, await postgres);
    }

    /// <summary>Connection string of a new virtual host of the assembly's broker.</summary>
    public async Task<string> NewVirtualHostAsync() =>
        await (await RabbitMqAsync()).CreateVirtualHostAsync($"test-{Interlocked.Increment(ref _number)}",
        TestContext.Current.CancellationToken);

    /// <summary>Connection string of a new, empty database of the assembly's PostgreSQL.</summary>
    public async Task<string> NewDatabaseAsync() =>
        await (await PostgresAsync()).CreateDatabaseAsync($"test_{Interlocked.Increment(ref _number)}",
        TestContext.Current.CancellationToken);

    /// <summary>A broker of the test's own, to kill, freeze and restart. It ends with the assembly, or when the test disposes it.</summary>
    public Task<RabbitMqServer> NewRabbitMqAsync()
    {
        Require(RabbitMqServer.RequiredPrograms);
        return StartAsync(new RabbitMqServer(NewFolder("rabbitmq")));
    }

    /// <summary>A Redis of the test's own.</summary>
    public Task<RedisServer> NewRedisAsync()
    {
        Require(RedisServer.RequiredPrograms);
        return StartAsync(new RedisServer(NewFolder("redis")));
    }

    /// <summary>A Garnet of the test's own.</summary>
    public Task<GarnetServer> NewGarnetAsync()
    {
        RequireGarnet();
        return StartAsync(new GarnetServer(NewFolder("garnet")));
    }

    /// <summary>A PostgreSQL of the test's own.</summary>
    public Task<PostgresServer> NewPostgresAsync()
    {
        Require(PostgresServer.RequiredPrograms);
        return StartAsync(new PostgresServer(NewFolder("postgres")));
    }

    /// <summary>True when a missing server, browser or data set must fail the test instead of skipping it.</summary>
    public static bool AreRequired => Environment.GetEnvironmentVariable("RECOMMENDER_REQUIRE_SERVERS") == "1";

    /// <summary>Skips the running test, or fails it where servers are required, unless all programs are installed.</summary>
    public static void Require(params IEnumerable<string> programs)
    {
        var missing = Programs.Missing(programs);
        if (missing.Count == 0) return;
        string reason = new ServerMissingException(missing).Message;
        if (AreRequired) Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <summary>
    /// Garnet only stands in for Redis: where its tool is missing its tests are skipped, even where servers are required.
    /// </summary>
    private static void RequireGarnet()
    {
        bool isInstalled = Programs.Missing(GarnetServer.RequiredPrograms).Count == 0;
        Assert.SkipUnless(isInstalled, new ServerMissingException(GarnetServer.RequiredPrograms).Message);
    }

    public async ValueTask DisposeAsync()
    {
        LocalServer[] servers;
        lock (_gate) servers = [.. _started];
        await Task.WhenAll(servers.Select(EndAsync));
        _folder?.Dispose();
    }

    /// <summary>Ends a server of a test by a kill: an orderly stop would save data that go with the folder.</summary>
    public static async Task EndAsync(LocalServer server)
    {
        await server.KillAsync();
        await server.DisposeAsync();
    }

    private async Task<T> StartAsync<T>(T server) where T : LocalServer
    {
        lock (_gate) _started.Add(server);
        await server.StartAsync();
        return server;
    }

    private string NewFolder(string name)
    {
        lock (_gate)
        {
            _folder ??= new TempFolder();
            return Path.Combine(_folder.Path, $"{name}-{++_folders}");
        }
    }
}
