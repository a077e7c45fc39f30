namespace Recommender.AppHost.Topology;

/// <summary>A server that services connect to.</summary>
internal sealed record ServerSpec
{
    /// <summary>Name of the resource, of the setting <c>ConnectionStrings:NAME</c>, and of the host inside published forms.</summary>
    public required string Name { get; init; }

    /// <summary>Added to the page's port on a local machine; another port is taken where that one is in use.</summary>
    public required int PortOffset { get; init; }

    /// <summary>Connection string from a host name and a password.</summary>
    public required Func<string, string, string> ConnectionString { get; init; }

    /// <summary>Name of the parameter that holds its password.</summary>
    public string PasswordParameter => $"{Name}-password";

    /// <summary>The password as a variable of shells and of Docker Compose.</summary>
    public string PasswordVariable => $"{Name.ToUpperInvariant()}_PASSWORD";
}
