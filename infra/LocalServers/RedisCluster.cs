using System.Globalization;
using System.Security.Cryptography;

namespace Recommender.LocalServers;

/// <summary>A Redis Cluster of masters, each with its share of the slots, each of which can be killed and started again.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16_384;
    private readonly string _folder, _password = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly List<RedisServer> _replicas = [];

    /// <param name="folder">One folder below it for each node.</param>
    public RedisCluster(string folder, int masters = 3)
    {
        _folder = folder;
        Nodes = [.. Enumerable.Range(1, masters).Select(NewNode)];
    }

    /// <summary>Programs it needs.</summary>
    public static readonly IReadOnlyList<string> RequiredPrograms = [.. RedisServer.RequiredPrograms, "redis-cli"];

    /// <summary>The masters it was made with.</summary>
    public IReadOnlyList<RedisServer> Nodes { get; }

    /// <summary>Names all nodes.</summary>
    public string ConnectionString => Nodes[0].ConnectionString.Replace($"127.0.0.1:{Nodes[0].Port}",
        string.Join(',', Nodes.Select(node => $"127.0.0.1:{node.Port}")), StringComparison.Ordinal);

    /// <summary>Starts all nodes and returns once each has joined and all slots are assigned.</summary>
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

        foreach (var node in Nodes)
            await WaitForAsync(node, ["CLUSTER", "INFO"], info => info.Contains("cluster_state:ok", StringComparison.Ordinal)
                && info.Contains($"cluster_slots_ok:{Slots}", StringComparison.Ordinal), cancellationToken);
    }

    /// <summary>Starts a node that copies a master, and returns once it has everything of it and every master knows it.</summary>
    public async Task<RedisServer> AddReplicaAsync(RedisServer master, CancellationToken cancellationToken = default)
    {
        var replica = NewNode(Nodes.Count + _replicas.Count + 1);
        _replicas.Add(replica);
        await replica.StartAsync(cancellationToken);
        await replica.CommandAsync(["CLUSTER", "MEET", "127.0.0.1", Text(master.Port), Text(master.BusPort)], cancellationToken);
        string id = (await master.CommandAsync(["CLUSTER", "MYID"], cancellationToken)).Trim();
        foreach (var node in Nodes)
        {
            string known = (await node.CommandAsync(["CLUSTER", "MYID"], cancellationToken)).Trim();
            await WaitForAsync(replica, ["CLUSTER", "NODES"], nodes => nodes.Contains(known, StringComparison.Ordinal), cancellationToken);
        }

        await replica.CommandAsync(["CLUSTER", "REPLICATE", id], cancellationToken);
        await WaitForAsync(replica, ["INFO", "replication"], info => info.Contains("master_link_status:up", StringComparison.Ordinal),
            cancellationToken);
        // A node ignores another that it has not heard of, even when that takes over.
        string own = (await replica.CommandAsync(["CLUSTER", "MYID"], cancellationToken)).Trim();
        foreach (var node in Nodes)
            await WaitForAsync(node, ["CLUSTER", "NODES"], nodes => nodes.Split('\n').Any(line =>
                line.StartsWith(own, StringComparison.Ordinal) && line.Contains(" slave ", StringComparison.Ordinal)), cancellationToken);
        return replica;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes.Concat(_replicas)) await node.DisposeAsync();
    }

    private RedisServer NewNode(int number)
    {
        string node = Path.Combine(_folder, $"node-{number}");
        ClusterSecret.Write(node, _password);
        return new RedisServer(node, 0, clustered: true);
    }

    private static async Task WaitForAsync(RedisServer node, string[] command, Func<string, bool> isReached,
        CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + 60_000;
        string answer;
        while (!isReached(answer = await node.CommandAsync(command, cancellationToken)))
        {
            if (Environment.TickCount64 > deadline) throw new ServerFailedException($"The Redis Cluster did not form:\n{answer}");
            await Task.Delay(50, cancellationToken);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
