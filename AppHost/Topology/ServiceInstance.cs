namespace Recommender.AppHost.Topology;

/// <summary>One process of a service on this machine.</summary>
/// <param name="Name">Name of the resource; further instances have a number.</param>
/// <param name="Arguments">Of the program.</param>
/// <param name="Settings">Environment variables, without connection strings.</param>
internal sealed record ServiceInstance(ServiceSpec Service, string Name, int Port, IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Settings)
{
    public string Address => $"http://127.0.0.1:{Port}";
}
