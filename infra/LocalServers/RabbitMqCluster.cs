using System.Diagnostics;
using System.Security.Cryptography;

namespace Recommender.LocalServers;

/// <summary>The nodes of a RabbitMQ cluster; each can be killed and restarted.</summary>
public sealed class RabbitMqCluster : IAsyncDisposable
{
    private readonly string _folder;
    private readonly int _mapperPort = Ports.Free();
    private Process? _mapper;

    /// <param name="folder">One folder below it for each node.</param>
    public RabbitMqCluster(string folder, int size = 3)
    {
        _folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(_folder);
        string cookie = RandomNumberGenerator.GetHexString(32), password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        Nodes = [.. Enumerable.Range(0, size).Select(i =>
        {
            string node = Path.Combine(_folder, $"node-{i + 1}");
            ClusterSecret.Write(node, password);
            return new RabbitMqServer(node, 0, 0, new RabbitMqMember(i, size, _mapperPort, cookie));
        })];
    }

    public IReadOnlyList<RabbitMqServer> Nodes { get; }

    /// <summary>Names all nodes.</summary>
    public string ConnectionString => Nodes[0].ConnectionString.Replace($"127.0.0.1:{Nodes[0].Port}",
        string.Join(',', Nodes.Select(node => $"127.0.0.1:{node.Port}")), StringComparison.Ordinal);

    /// <summary>Starts the first node, then the others, which find it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        _mapper ??= await RabbitMqServer.StartMapperAsync(_mapperPort, _folder, cancellationToken);
        await Nodes[0].StartAsync(cancellationToken);
        await Task.WhenAll(Nodes.Skip(1).Select(node => node.StartAsync(cancellationToken)));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(node => node.KillAsync()));
        foreach (var node in Nodes) await node.DisposeAsync();
        if (_mapper is null) return;
        await ProcessTree.KillAsync(_mapper.Id);
        _mapper.Dispose();
    }
}
