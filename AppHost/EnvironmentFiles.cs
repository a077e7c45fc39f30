using Recommender.AppHost.Topology;

namespace Recommender.AppHost;

/// <summary>
/// The settings of each service in a file <c>DATA/environment/NAME.env</c>, so that one service can run in a debugger in place of the
/// host's. Passwords stand in it, so only its owner can read it.
/// </summary>
internal static class EnvironmentFiles
{
    /// <param name="connections">Connection strings by server.</param>
    /// <param name="telemetry">Where telemetry goes; empty without the dashboard.</param>
    public static void Write(LocalDeployment deployment, string data, IReadOnlyDictionary<string, string> connections,
        IReadOnlyDictionary<string, string> telemetry)
    {
        foreach (var instance in deployment.Instances.Where(instance => !instance.Service.KeepsData))
        {
            var settings = instance.Settings
                .Concat(instance.Service.Servers.Select(server =>
                    KeyValuePair.Create(ProductTopology.ConnectionSetting(server), connections[server])))
                .Concat(telemetry)
                .Append(KeyValuePair.Create("OTEL_SERVICE_NAME", instance.Name));
            PrivateFile.Write(Path.Combine(data, "environment", $"{instance.Name}.env"),
                string.Concat(settings.Select(setting => $"{setting.Key}='{setting.Value}'\n")));
        }
    }
}
