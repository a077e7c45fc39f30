namespace Recommender.AppHost;

/// <summary>Options of the command line.</summary>
internal sealed record HostOptions
{
    /// <summary>Folder of all persistent data.</summary>
    public required string Data { get; init; }

    /// <summary>Port of the page and the API.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Port of the Aspire dashboard.</summary>
    public int DashboardPort { get; init; } = 15888;

    public HostMode Mode { get; init; }

    /// <summary>Whether Aspire is left out: no dashboard, no dcp.</summary>
    public bool Plain { get; init; }

    /// <summary>Whether an empty data folder gets the demonstration catalogue (embedded mode only).</summary>
    public bool Demo { get; init; } = true;

    /// <summary>Instances of Recommend.</summary>
    public int RecommendReplicas { get; init; } = 1;

    /// <summary>Whether services require keys; otherwise they do only if the environment configures keys.</summary>
    public bool RequireKeys { get; init; }

    /// <summary>Services that are described but not started: someone runs them in a debugger.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>Whether Aspire is to publish instead of running.</summary>
    public bool IsPublishing { get; init; }

    /// <summary>Arguments that are passed to Aspire unchanged.</summary>
    public IReadOnlyList<string> AspireArguments { get; init; } = [];
}
