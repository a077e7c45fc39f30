using System.Globalization;
using System.Net.Sockets;

namespace Recommender.LocalServers;

/// <summary>Redis with an append-only file and a password.</summary>
public sealed class RedisServer : RedisCompatibleServer
{
    private readonly bool _clustered;

    public RedisServer(string folder, int port = 0)
        : this(folder, port, clustered: false)
    {
    }

    internal RedisServer(string folder, int port, bool clustered)
        : base(folder, port)
    {
        _clustered = clustered;
        BusPort = clustered ? Ports.Free() : 0;
    }

    /// <summary>Programs it needs.</summary>
    public static new readonly IReadOnlyList<string> RequiredPrograms = ["redis-server"];

    protected override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        string data = Path.Combine(Folder, "data");
        Directory.CreateDirectory(data);
        string settings = Settings("redis.conf") + string.Create(CultureInfo.InvariantCulture, $"""

            # Added by the local server.
            bind 127.0.0.1
            port {Port}
            dir "{data}"
            requirepass {Password}
            daemonize no

            """);
        if (Tls is not null)
        {
            settings += string.Create(CultureInfo.InvariantCulture, $"""
                tls-port {TlsPort}
                tls-cert-file "{Tls.Certificate}"
                tls-key-file "{Tls.Key}"
                tls-ca-cert-file "{Tls.Authority}"
                tls-auth-clients no

                """);
        }

        if (_clustered) settings += Settings("redis-cluster.conf")
            + string.Create(CultureInfo.InvariantCulture, $"cluster-port {BusPort}\nmasterauth {Password}\n");
        await File.WriteAllTextAsync(Path.Combine(Folder, "redis.conf"), settings, cancellationToken);
    }

    /// <summary>Port of the TLS listener, where <see cref="LocalServer.Tls"/> is given.</summary>
    public int TlsPort { get; } = Ports.Free();

    public string TlsConnectionString => $"127.0.0.1:{TlsPort},password={Password},ssl=true,sslHost=127.0.0.1";

    /// <summary>Port on which nodes of a cluster talk to each other.</summary>
    internal int BusPort { get; }

    /// <summary>Sends one command and returns what redis-cli shows for the answer.</summary>
    /// <exception cref="ServerFailedException">redis-cli could not reach it.</exception>
    public Task<string> CommandAsync(IEnumerable<string> command, CancellationToken cancellationToken = default) =>
        RunAsync(new CommandLine(Programs.Require("redis-cli"),
        ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), .. command], Folder)
        {
            // Not on the command line, where everybody could read it.
            Environment = new Dictionary<string, string?> { ["REDISCLI_AUTH"] = Password },
        }, null, cancellationToken);

    protected override CommandLine Describe() => new(Programs.Require("redis-server"), [Path.Combine(Folder, "redis.conf")], Folder);

    protected override Task<bool> AnswersAsync(NetworkStream stream, CancellationToken cancellationToken) =>
        PingAsync(stream, cancellationToken);
}
