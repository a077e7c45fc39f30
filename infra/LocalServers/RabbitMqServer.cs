using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Recommender.LocalServers;

/// <summary>RabbitMQ with its management plugin. Each instance has an Erlang port mapper of its own, which ends with it, unless it is part
/// of a <see cref="RabbitMqCluster"/>.</summary>
public sealed class RabbitMqServer : LocalServer
{
    private const string User = "recommender";
    private readonly RabbitMqMember? _member;
    private readonly int _mapperPort;
    private readonly int _distributionPort = Ports.Free();
    private Process? _mapper;

    /// <param name="managementPort">Loopback port of the management page and API; 0 for any free one.</param>
    public RabbitMqServer(string folder, int port = 0, int managementPort = 0)
        : this(folder, port, managementPort, null)
    {
    }

    internal RabbitMqServer(string folder, int port, int managementPort, RabbitMqMember? member)
        : base("rabbitmq", folder, port)
    {
        ManagementPort = managementPort == 0 ? Ports.Free() : managementPort;
        _member = member;
        _mapperPort = member?.MapperPort ?? Ports.Free();
    }

    private string NodeName => _member is { } member ? RabbitMqMember.NameOf(member.Index) : "recommender@localhost";

    /// <summary>Programs it needs.</summary>
    public static readonly IReadOnlyList<string> RequiredPrograms = ["rabbitmq-server", "epmd"];

    public int ManagementPort { get; }

    public override string ConnectionString => ConnectionStringOf("/");

    /// <summary>Port of the TLS listener, where <see cref="LocalServer.Tls"/> is given.</summary>
    public int TlsPort { get; } = Ports.Free();

    public string TlsConnectionString => $"amqps://{User}:{Password}@127.0.0.1:{TlsPort}/";

    /// <summary>The connection string of a virtual host; see <see cref="CreateVirtualHostAsync"/>.</summary>
    public string ConnectionStringOf(
        string virtualHost) => $"amqp://{User}:{Password}@127.0.0.1:{Port}/{Uri.EscapeDataString(virtualHost)}";

    /// <summary>Creates a virtual host: exchanges and queues of its own, for tests that must not see each other. Returns its connection
    /// string.</summary>
    public async Task<string> CreateVirtualHostAsync(string name, CancellationToken cancellationToken = default)
    {
        using var client = ManagementClient();
        using var response = await client.PutAsync($"api/vhosts/{Uri.EscapeDataString(name)}", JsonContent("{}"), cancellationToken);
        response.EnsureSuccessStatusCode();
        using var granted = await client.PutAsync($"api/permissions/{Uri.EscapeDataString(name)}/{User}",
            JsonContent("""{"configure":".*","write":".*","read":".*"}"""), cancellationToken);
        granted.EnsureSuccessStatusCode();
        return ConnectionStringOf(name);
    }

    /// <summary>A client of the management API with the administrator's credentials.</summary>
    public HttpClient ManagementClient()
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ManagementPort}/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));
        return client;
    }

    /// <summary>
    /// Waits until queues that have just been declared outlive a SIGKILL. RabbitMQ writes the list of its quorum queues to disk half a
    /// second after a declaration; a broker killed before that comes back with a queue that never answers. Messages are not affected:
    /// they are on disk when they are confirmed.
    /// </summary>
    public async Task WaitForDurableQueuesAsync(IEnumerable<string> queues, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        string file = Path.Combine(Folder, "data", NodeName, "quorum", NodeName, "names.dets");
        long deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        var waiting = queues.ToList();
        while (true)
        {
            using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            {
                string content = new StreamReader(stream, Encoding.Latin1).ReadToEnd();
                waiting.RemoveAll(queue => content.Contains("_" + queue, StringComparison.Ordinal));
            }
            if (waiting.Count == 0) return;
            if (Environment.TickCount64 > deadline)
                throw new ServerFailedException($"Not on disk within {timeout.TotalSeconds:0} s: {string.Join(", ", waiting)}.");
            await Task.Delay(25, cancellationToken);
        }
    }

    public override async Task StopAsync()
    {
        await base.StopAsync();
        await StopMapperAsync();
    }

    public override async Task KillAsync()
    {
        await base.KillAsync();
        await StopMapperAsync();
    }

    protected override void KillNow()
    {
        base.KillNow();
        if (_mapper is { HasExited: false }) ProcessTree.Signal(_mapper.Id, ProcessTree.SigKill);
    }

    protected override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        string home = Path.Combine(Folder, "home");
        Directory.CreateDirectory(home);
        string settings = Settings("rabbitmq.conf") + string.Create(CultureInfo.InvariantCulture, $"""

            # Added by the local server.
            listeners.tcp.default = 127.0.0.1:{Port}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {ManagementPort}
            default_user = {User}
            default_pass = {Password}

            """);
        if (Tls is not null)
        {
            settings += string.Create(CultureInfo.InvariantCulture, $"""
                listeners.ssl.default = 127.0.0.1:{TlsPort}
                ssl_options.certfile = {Tls.Certificate}
                ssl_options.keyfile = {Tls.Key}
                ssl_options.cacertfile = {Tls.Authority}

                """);
        }

        if (_member is not null)
        {
            settings += Settings("rabbitmq-cluster.conf")
                + string.Concat(Enumerable.Range(0, _member.Size)
                .Select(i => $"cluster_formation.classic_config.nodes.{i + 1} = {RabbitMqMember.NameOf(i)}\n"));
            string cookie = Path.Combine(home, ".erlang.cookie");
            if (!File.Exists(cookie)) WriteSecret(cookie, _member.Cookie);
        }

        await File.WriteAllTextAsync(Path.Combine(Folder, "rabbitmq.conf"), settings, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Folder, "enabled_plugins"), "[rabbitmq_management].\n", cancellationToken);

        if (_member is null && _mapper is not { HasExited: false })
            _mapper = await StartMapperAsync(_mapperPort, Folder, cancellationToken);
    }

    /// <summary>The Erlang port mapper, which gives nodes the ports of others.</summary>
    internal static async Task<Process> StartMapperAsync(int port, string folder, CancellationToken cancellationToken)
    {
        var run = new CommandLine(Programs.Require("epmd"),
            ["-port", port.ToString(CultureInfo.InvariantCulture), "-address", "127.0.0.1"], folder);
        var mapper = Launcher.Start(run, Path.Combine(folder, "epmd.log"));
        await WaitForPortAsync(port, TimeSpan.FromSeconds(20), () => !mapper.HasExited, cancellationToken);
        return mapper;
    }

    protected override CommandLine Describe() => new(Programs.Require("rabbitmq-server"), [], Folder)
    {
        Environment = new Dictionary<string, string?>
        {
            ["HOME"] = Path.Combine(Folder, "home"),
            ["RABBITMQ_NODENAME"] = NodeName,
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(Folder, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(Folder, "log"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(Folder, "rabbitmq.pid"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(Folder, "rabbitmq.conf"),
            ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(Folder, "none.conf"),
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Combine(Folder, "none.config"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(Folder, "enabled_plugins"),
            ["RABBITMQ_GENERATED_CONFIG_DIR"] = Path.Combine(Folder, "generated"),
            ["RABBITMQ_NODE_PORT"] = Port.ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_DIST_PORT"] = _distributionPort.ToString(CultureInfo.InvariantCulture),
            ["ERL_EPMD_PORT"] = _mapperPort.ToString(CultureInfo.InvariantCulture),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            // The start script then replaces itself by the broker, which handles SIGTERM itself.
            ["RUNNING_UNDER_SYSTEMD"] = "true",
            ["NOTIFY_SOCKET"] = null,
            ["ERL_CRASH_DUMP"] = Path.Combine(Folder, "erl_crash.dump"),
        },
    };

    protected override async Task<bool> AnswersAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        // AMQP 0-9-1: the broker answers the protocol header with a method frame on channel 0, Connection.Start (10, 10).
        await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), cancellationToken);
        var frame = new byte[11];
        await stream.ReadExactlyAsync(frame, cancellationToken);
        if (!(frame is [1, 0, 0, _, _, _, _, 0, 10, 0, 10])) return false;

        using var client = ManagementClient();
        try
        {
            using var response = await client.GetAsync("api/overview", cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task StopMapperAsync()
    {
        if (_mapper is null) return;
        await ProcessTree.KillAsync(_mapper.Id);
        await _mapper.WaitForExitAsync();
        _mapper.Dispose();
        _mapper = null;
    }

    private static StringContent JsonContent(string json) => new(json, Encoding.UTF8, "application/json");
}
