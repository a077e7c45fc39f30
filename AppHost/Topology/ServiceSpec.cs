namespace Recommender.AppHost.Topology;

/// <summary>One kind of process of the product. Every host and every published form starts it from this description.</summary>
internal sealed record ServiceSpec
{
    /// <summary>Name of the resource, the host name inside published forms, and <c>services:NAME</c> in service discovery.</summary>
    public required string Name { get; init; }

    /// <summary>Project below <c>services/</c>, and the first argument of the image.</summary>
    public required string Project { get; init; }

    /// <summary>Added to the page's port on a local machine.</summary>
    public required int PortOffset { get; init; }

    /// <summary>Servers it gets a connection string of.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Services it gets the addresses of.</summary>
    public IReadOnlyList<string> Calls { get; init; } = [];

    /// <summary>Services that must be ready before its first start.</summary>
    public IReadOnlyList<string> StartsAfter { get; init; } = [];

    /// <summary>Instances on a local machine.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Instances in published forms.</summary>
    public int PublishedReplicas { get; init; } = 1;

    /// <summary>Whether it is the address that others reach.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Whether it needs a data folder of its own.</summary>
    public bool KeepsData { get; init; }

    /// <summary>Memory and processor time it is given in published forms.</summary>
    public ResourceNeeds Needs { get; init; } = new("100m", "256Mi", "1Gi");
}
