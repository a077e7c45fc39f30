namespace Recommender.LocalServers;

/// <summary>A server program is not installed on this machine.</summary>
public sealed class ServerMissingException(IReadOnlyList<string> programs)
    : Exception($"not installed: {string.Join(", ", programs)}. Install with infra/install-servers.sh (Debian, as root).")
{
    public IReadOnlyList<string> Programs { get; } = programs;
}
