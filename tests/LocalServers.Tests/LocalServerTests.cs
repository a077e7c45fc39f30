using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;
using RabbitMQ.Client;
using Recommender.TestKit;
using Xunit;

namespace Recommender.LocalServers.Tests;

public class LocalServerTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RabbitMQ_keeps_confirmed_messages_over_a_kill_and_leaves_no_process()
    {
        var server = await servers.NewRabbitMqAsync();
        await PublishAsync(server.ConnectionString, "kept");
        var processes = ProcessTree.Of(server.ProcessId!.Value);
        Assert.True(processes.Count > 1);

        await server.WaitForDurableQueuesAsync(["q"], TimeSpan.FromSeconds(30), Cancel);
        await server.KillAsync();
        Assert.False(server.IsRunning);
        Assert.DoesNotContain(processes, ProcessTree.IsAlive);
        await server.StartAsync(Cancel);
        Assert.Equal("kept", await ReceiveAsync(server.ConnectionString));

        processes = ProcessTree.Of(server.ProcessId!.Value);
        await server.DisposeAsync();
        Assert.DoesNotContain(processes, ProcessTree.IsAlive);
        Assert.Empty(ProcessesNaming(server.Folder));
    }

    [Fact]
    public async Task Two_brokers_run_beside_each_other_and_virtual_hosts_do_not_share_queues()
    {
        var shared = servers.RabbitMqAsync();
        var own = await servers.NewRabbitMqAsync();
        var first = await servers.NewVirtualHostAsync();
        var second = await servers.NewVirtualHostAsync();
        await PublishAsync(own.ConnectionString, "own");
        await PublishAsync(first, "first");
        await PublishAsync(second, "second");
        Assert.Equal("own", await ReceiveAsync(own.ConnectionString));
        Assert.Equal("second", await ReceiveAsync(second));
        Assert.Equal("first", await ReceiveAsync(first));
        Assert.NotEqual(own.Port, (await shared).Port);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redis_and_Garnet_keep_their_data_over_a_stop_and_answer_nothing_while_frozen(bool garnet)
    {
        RedisCompatibleServer server = garnet ? await servers.NewGarnetAsync() : await servers.NewRedisAsync();
        Assert.Equal("+OK", await RedisAsync(server, "SET a 1"));
        await server.StopAsync();
        await server.StartAsync(Cancel);
        Assert.Equal("$1", await RedisAsync(server, "GET a"));

        server.Freeze();
        var answer = RedisAsync(server, "GET a");
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(300), Cancel));
        server.Continue();
        Assert.Equal("$1", await answer);
    }

    [Theory]
    [InlineData(false, false, "redis-server")]
    [InlineData(true, false, "redis-server")]
    [InlineData(true, true, "redis-server")]
    [InlineData(false, true, "garnet-server")]
    public void Garnet_runs_only_where_it_is_installed_and_Redis_is_not(bool redis, bool garnet, string expected)
    {
        Assert.Equal([expected], RedisCompatibleServer.Choose(redis, garnet));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redis_and_Garnet_ask_for_their_password(bool garnet)
    {
        RedisCompatibleServer server = garnet ? await servers.GarnetAsync() : await servers.RedisAsync();
        Assert.StartsWith("-NOAUTH", await RedisAsync(server, "GET a", authenticate: false));
    }

    [Fact]
    public async Task PostgreSQL_keeps_committed_rows_over_a_kill_and_makes_databases()
    {
        var server = await servers.NewPostgresAsync();
        await SqlAsync(server.ConnectionString, "CREATE TABLE t (x int); INSERT INTO t VALUES (42)");
        await server.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => SqlAsync(server.ConnectionString, "SELECT x FROM t"));
        await server.StartAsync(Cancel);
        Assert.Equal(42, await SqlAsync(server.ConnectionString, "SELECT x FROM t"));

        var other = await server.CreateDatabaseAsync("other", Cancel);
        Assert.Equal(0L, await SqlAsync(other, "SELECT count(*) FROM pg_class WHERE relname = 't'"));
        await Assert.ThrowsAsync<PostgresException>(() =>
            SqlAsync(server.ConnectionString.Replace("Password=", "Password=x", StringComparison.Ordinal), "SELECT 1"));
        await server.DisposeAsync();
        Assert.Empty(ProcessesNaming(server.Folder));
    }

    [Fact]
    public async Task A_frozen_server_can_be_stopped()
    {
        var server = await servers.NewRedisAsync();
        server.Freeze();
        await server.StopAsync();
        Assert.False(server.IsRunning);
    }

    [Fact]
    public async Task A_data_folder_has_one_owner()
    {
        var server = await servers.NewRedisAsync();
        var refused = Assert.Throws<ServerFailedException>(() => new RedisServer(server.Folder));
        Assert.Contains(server.Folder, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_another_process_was_given_is_not_given()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Claims on ports need Linux.");
        // Below the ports that the other tests are given.
        int port = Random.Shared.Next(10_000, 15_000);
        using var claim = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        claim.Bind(new UnixDomainSocketEndPoint(Ports.ClaimOf(port)));
        Assert.Throws<InvalidOperationException>(() => Ports.Free(port, port));
        claim.Close();
        Assert.Equal(port, Ports.Free(port, port));
        // Nor a second time by this one.
        Assert.Throws<InvalidOperationException>(() => Ports.Free(port, port));
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why()
    {
        Servers.Require(RedisServer.RequiredPrograms);
        using var folder = new TempFolder();
        using var taken = new TcpListener(IPAddress.Loopback, Ports.Free());
        taken.Start();
        await using var server = new RedisServer(folder.Path, ((IPEndPoint)taken.LocalEndpoint).Port);
        var failure = await Assert.ThrowsAsync<ServerFailedException>(() => server.StartAsync(Cancel));
        Assert.Contains("Address already in use", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_proxy_cuts_and_restores_connections()
    {
        var server = await servers.RedisAsync();
        await using var proxy = new TcpProxy(server.Port);
        Assert.Equal("+OK", await RedisAsync(server, "SET p 1", port: proxy.Port));
        proxy.Cut();
        await Assert.ThrowsAnyAsync<Exception>(() => RedisAsync(server, "GET p", port: proxy.Port));
        proxy.Restore();
        proxy.Delay = TimeSpan.FromMilliseconds(50);
        var clock = Stopwatch.StartNew();
        Assert.Equal("$1", await RedisAsync(server, "GET p", port: proxy.Port));
        Assert.True(clock.ElapsedMilliseconds >= 90, $"two delays of 50 ms took {clock.ElapsedMilliseconds} ms");
    }

    private static async Task PublishAsync(string connectionString, string text)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(connectionString) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancel);
        await channel.QueueDeclareAsync("q", durable: true, exclusive: false, autoDelete: false,
            arguments: new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: Cancel);
        await channel.BasicPublishAsync("", "q", mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(text),
            Cancel);
    }

    private static async Task<string> ReceiveAsync(string connectionString)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(connectionString) }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        var message = await Eventually.ValueAsync(() => channel.BasicGetAsync("q", autoAck: true, Cancel));
        return Encoding.UTF8.GetString(message.Body.Span);
    }

    private static async Task<string> RedisAsync(RedisCompatibleServer server, string command, bool authenticate = true, int? port = null)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port ?? server.Port, Cancel);
        using var reader = new StreamReader(client.GetStream());
        var password = server.ConnectionString.Split("password=")[1];
        await client.GetStream()
            .WriteAsync(Encoding.ASCII.GetBytes((authenticate ? Request($"AUTH {password}") : "") + Request(command)), Cancel);
        if (authenticate && await reader.ReadLineAsync(Cancel) != "+OK") throw new IOException("not authenticated");
        return await reader.ReadLineAsync(Cancel) ?? throw new IOException("closed");

        static string Request(string text) =>
            $"*{text.Split(' ').Length}\r\n" + string.Concat(text.Split(' ').Select(word => $"${word.Length}\r\n{word}\r\n"));
    }

    private static async Task<object?> SqlAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }

    /// <summary>Processes whose command line or environment names the folder.</summary>
    private static List<int> ProcessesNaming(string folder)
    {
        var found = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out int pid) || pid == Environment.ProcessId) continue;
            try
            {
                if (File.ReadAllText($"{directory}/cmdline").Contains(folder, StringComparison.Ordinal)
                    || File.ReadAllText($"{directory}/environ").Contains(folder, StringComparison.Ordinal)) found.Add(pid);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended, or belongs to someone else.
            }
        }
        return found;
    }
}
