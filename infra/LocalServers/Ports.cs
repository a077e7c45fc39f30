using System.Net;
using System.Net.Sockets;

namespace Recommender.LocalServers;

public static class Ports
{
    private static readonly HashSet<int> s_given = [];

    /// <summary>
    /// A loopback TCP port that nothing listens on. Taken from below the range that the system gives to outgoing connections, so that
    /// a server that is down for a moment finds its port free when it comes back. Never the same port twice in one process.
    /// </summary>
    public static int Free()
    {
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            int port = Random.Shared.Next(15_000, 32_000);
            lock (s_given)
            {
                if (!IsFree(port) || !s_given.Add(port)) continue;
            }
            return port;
        }
        throw new InvalidOperationException("No free loopback port found between 15000 and 32000.");
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
}
