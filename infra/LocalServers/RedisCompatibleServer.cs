using System.Net.Sockets;
using System.Text;

namespace Recommender.LocalServers;

/// <summary>A server that speaks Redis's protocol: Redis itself, or Garnet.</summary>
public abstract class RedisCompatibleServer : LocalServer
{
    protected RedisCompatibleServer(string folder, int port)
        : base("redis", folder, port)
    {
    }

    /// <summary>Programs that <see cref="Create"/> needs.</summary>
    public static IReadOnlyList<string> RequiredPrograms =>
        Choose(Programs.Missing(RedisServer.RequiredPrograms).Count == 0, Programs.Missing(GarnetServer.RequiredPrograms).Count == 0);

    public override string ConnectionString => $"127.0.0.1:{Port},password={Password}";

    /// <summary>Redis where it is installed, else Garnet.</summary>
    public static RedisCompatibleServer Create(string folder, int port = 0) =>
        ReferenceEquals(RequiredPrograms, GarnetServer.RequiredPrograms) ? new GarnetServer(folder, port) : new RedisServer(folder, port);

    /// <summary>If neither is installed, the error names Redis.</summary>
    internal static IReadOnlyList<string> Choose(bool redisIsInstalled, bool garnetIsInstalled) =>
        garnetIsInstalled && !redisIsInstalled ? GarnetServer.RequiredPrograms : RedisServer.RequiredPrograms;

    /// <summary>Authenticates and pings. While an append-only file is read, the answer is an error and this returns false.</summary>
    protected Task<bool> PingAsync(NetworkStream stream, CancellationToken cancellationToken) =>
        AskAsync(stream, "PING", "+PONG", cancellationToken);

    /// <summary>Authenticates and sends a command; whether the reply is the expected one.</summary>
    protected async Task<bool> AskAsync(NetworkStream stream, string command, string reply, CancellationToken cancellationToken)
    {
        // Arrays, not inline commands, which Garnet refuses.
        string request = $"*2\r\n$4\r\nAUTH\r\n${Password.Length}\r\n{Password}\r\n*1\r\n${command.Length}\r\n{command}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), cancellationToken);
        string expected = $"+OK\r\n{reply}\r\n";
        var answer = new byte[expected.Length];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        return Encoding.ASCII.GetString(answer) == expected;
    }
}
