namespace Recommender.AppHost;

/// <summary>Processes and servers that the host starts.</summary>
internal enum HostMode
{
    /// <summary>Everything in one process.</summary>
    Embedded,

    /// <summary>Each service as a process over servers that are started here, from installed programs.</summary>
    Servers,

    /// <summary>Each service as a process over servers in containers.</summary>
    Containers,
}
