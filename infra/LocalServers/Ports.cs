using System.Net;
using System.Net.Sockets;

namespace Recommender.LocalServers;

public static class Ports
{
    private const int First = 15_000, Last = 31_999;

    /// <summary>Ports given by this process, each with its claim.</summary>
    private static readonly Dictionary<int, Socket> s_given = [];

    /// <summary>
    /// A loopback TCP port that nothing listens on. Taken from below the range that the system gives to outgoing connections, so that
    /// a server that is down for a moment finds its port free when it comes back. Never the same port twice in one process and, on Linux,
    /// never one that was given in another process that still runs.
    /// </summary>
    public static int Free() => Free(First, Last);

    /// <param name="first">The lowest port that may be given.</param>
    /// <param name="last">The highest.</param>
    internal static int Free(int first, int last)
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            int port = Random.Shared.Next(first, last + 1);
            lock (s_given)
            {
                if (s_given.ContainsKey(port) || !IsFree(port) || TryClaim(port) is not { } claim) continue;
                s_given.Add(port, claim);
            }
            return port;
        }
        throw new InvalidOperationException($"No free loopback port found between {first} and {last}.");
    }

    /// <summary>The given port, so that it stays the same from start to start; another one where something listens on it.</summary>
    public static int Near(int port) => IsFree(port) ? port : Free();

    public static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // Linux lets a listener take a port whose last connections are in TIME_WAIT; so does .NET's default for a bound socket.
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            probe.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The name of the claim on a port: a socket in the abstract namespace of Linux, which ends with the process.</summary>
    internal static string ClaimOf(int port) => $"\0recommender-port-{port}";

    /// <summary>Null: another process has it.</summary>
    private static Socket? TryClaim(int port)
    {
        var claim = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (!OperatingSystem.IsLinux()) return claim;
        try
        {
            claim.Bind(new UnixDomainSocketEndPoint(ClaimOf(port)));
            return claim;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            claim.Dispose();
            return null;
        }
    }
}
