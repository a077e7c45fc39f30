using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Recommender.LocalServers;

/// <summary>Redis with an append-only file and a password.</summary>
public sealed class RedisServer(string folder, int port = 0) : LocalServer("redis", folder, port)
{
    /// <summary>Programs it needs.</summary>
    public static readonly IReadOnlyList<string> RequiredPrograms = ["redis-server"];

    public override string ConnectionString => $"127.0.0.1:{Port},password={Password}";

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
        await File.WriteAllTextAsync(Path.Combine(Folder, "redis.conf"), settings, cancellationToken);
    }

    protected override CommandLine Describe() => new(Programs.Require("redis-server"), [Path.Combine(Folder, "redis.conf")], Folder);

    protected override async Task<bool> AnswersAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        // While it loads the append-only file it answers -LOADING.
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"AUTH {Password}\r\nPING\r\n"), cancellationToken);
        var answer = new byte["+OK\r\n+PONG\r\n".Length];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        return Encoding.ASCII.GetString(answer) == "+OK\r\n+PONG\r\n";
    }
}
