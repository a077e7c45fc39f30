using System.Globalization;
using System.Security.Cryptography;

namespace Recommender.LocalServers;

/// <summary>A Redis Cluster of masters, each with its share of the slots, each of which can be killed and started again.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16_384;

    /// <param name="folder">One folder below it for each node.</param>
    public RedisCluster(string folder, int masters = 3)
    {
        string password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        Nodes = [.. Enumerable.Range(0, masters).Select(i =>
        {
            string node = Path.Combine(folder, $"node-{i + 1}");
            ClusterSecret.Write(node, password);
            return new RedisServer(node, 0, clustered: true);
        })];
    }

    /// <summary>Programs it needs.</summary>
    public static readonly IReadOnlyList<string> RequiredPrograms = [.. RedisServer.RequiredPrograms, "redis-cli"];

    public IReadOnlyList<RedisServer> Nodes { get; }

    /// <summary>Names all nodes.</summary>
    public string ConnectionString => Nodes[0].ConnectionString.Replace($"127.0.0.1:{Nodes[0].Port}",
        string.Join(',', Nodes.Select(node => $"127.0.0.1:{node.Port}")), StringComparison.Ordinal);

    /// <summary>Starts all nodes and returns once each of them knows the others and all slots.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await Task.WhenAll(Nodes.Select(node => node.StartAsync(cancellationToken)));
        for (int i = 0; i < Nodes.Count; i++)
        {
            await Nodes[i].CommandAsync(["CLUSTER", "ADDSLOTSRANGE", Text(Slots * i / Nodes.Count),
                Text(Slots * (i + 1) / Nodes.Count - 1)], cancellationToken);
            if (i > 0) await Nodes[0].CommandAsync(["CLUSTER", "MEET", "127.0.0.1", Text(Nodes[i].Port), Text(Nodes[i].BusPort)],
                cancellationToken);
        }

        long deadline = Environment.TickCount64 + 60_000;
        foreach (var node in Nodes)
        {
            string info;
            while (!(info = await node.CommandAsync(["CLUSTER", "INFO"], cancellationToken)).Contains("cluster_state:ok",
                StringComparison.Ordinal) || !info.Contains($"cluster_slots_ok:{Slots}", StringComparison.Ordinal))
            {
                if (Environment.TickCount64 > deadline) throw new ServerFailedException($"The Redis Cluster did not form:\n{info}");
                await Task.Delay(50, cancellationToken);
            }
        }

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes) await node.DisposeAsync();
    }
}
