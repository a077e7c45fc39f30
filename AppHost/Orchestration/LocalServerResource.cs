using Recommender.LocalServers;

namespace Recommender.AppHost.Orchestration;

/// <summary>A server from an installed program. It exists in run mode only, so its password reaches no manifest.</summary>
internal sealed class LocalServerResource(string name, LocalServer server)
    : Resource(name), IResourceWithConnectionString, IResourceWithWaitSupport
{
    public LocalServer Server => server;

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{server.ConnectionString}");
}
