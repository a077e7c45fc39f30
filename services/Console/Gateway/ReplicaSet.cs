using Microsoft.Extensions.ServiceDiscovery;

namespace Recommender.WebConsole.Gateway;

/// <summary>
/// The replicas of a service, from <c>services:NAME:http:0</c>, <c>:1</c>, … (environment: <c>services__NAME__http__0</c>) by service
/// discovery, which follows changes of the setting; https addresses are taken where there are no http ones.
/// </summary>
internal sealed class ReplicaSet
{
    private readonly ServiceEndpointResolver _resolver;
    private readonly string _query;
    private volatile Snapshot _current = new(null, []);
    private uint _turn;

    /// <exception cref="InvalidOperationException">The setting names no address, or one that is no http address.</exception>
    public ReplicaSet(string service, IConfiguration configuration, ServiceEndpointResolver resolver)
    {
        (Service, _resolver) = (service, resolver);
        var section = configuration.GetSection($"services:{service}");
        string scheme = section.GetSection("http").GetChildren().Any() ? "http" : "https";
        var addresses = section.GetSection(scheme).GetChildren().Select(entry => entry.Value).ToList();
        if (addresses.Count == 0)
            throw new InvalidOperationException(
                $"services:{service}:http:0 is not set: give its address, as in services__{service}__http__0=http://127.0.0.1:8081.");
        if (addresses.FirstOrDefault(address => !IsHttp(address)) is { } wrong)
            throw new InvalidOperationException(
                $"services:{service} has the address '{wrong}', which is no http address such as http://127.0.0.1:8081.");
        _query = $"{scheme}://{service}";
    }

    public string Service { get; }

    /// <summary>All replicas, as the setting has them now.</summary>
    public async ValueTask<IReadOnlyList<Replica>> ListAsync(CancellationToken cancellationToken)
    {
        var source = await _resolver.GetEndpointsAsync(_query, cancellationToken);
        var current = _current;
        if (ReferenceEquals(current.Source, source)) return current.Replicas;
        // Those that stay keep what is known of them.
        var known = current.Replicas.ToDictionary(replica => replica.Prefix, StringComparer.Ordinal);
        var replicas = source.Endpoints.Select(endpoint => endpoint.EndPoint).OfType<UriEndPoint>()
            .Select(endpoint => new Replica(endpoint.Uri)).DistinctBy(replica => replica.Prefix)
            .Select(replica => known.GetValueOrDefault(replica.Prefix, replica)).ToList();
        _current = new(source, replicas);
        return replicas;
    }

    /// <summary>
    /// The healthy replica with the fewest requests under way; an unhealthy one where no other is left. Null when all were <paramref
    /// name="tried"/>.
    /// </summary>
    public Replica? Choose(IReadOnlyList<Replica> replicas, IReadOnlyCollection<Replica> tried)
    {
        Replica? best = null;
        uint turn = Interlocked.Increment(ref _turn);
        for (int i = 0; i < replicas.Count; i++)
        {
            var replica = replicas[(int)((turn + (uint)i) % (uint)replicas.Count)];
            if (tried.Contains(replica)) continue;
            if (best is null || (replica.IsHealthy, -replica.Requests).CompareTo((best.IsHealthy, -best.Requests)) > 0) best = replica;
        }

        return best;
    }

    private static bool IsHttp(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";

    private sealed record Snapshot(ServiceEndpointSource? Source, IReadOnlyList<Replica> Replicas);
}
