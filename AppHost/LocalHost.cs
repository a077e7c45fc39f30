using System.Reflection;
using Recommender.AppHost.Topology;
using Recommender.LocalServers;

namespace Recommender.AppHost;

/// <summary>The local machine: paths of services and data, and checks that ports and data folder are free.</summary>
internal static class LocalHost
{
    private static readonly Dictionary<string, string> s_services = typeof(LocalHost).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Where(metadata => metadata.Key.StartsWith("service:", StringComparison.Ordinal) && metadata.Value is not null)
        .ToDictionary(metadata => metadata.Key["service:".Length..], metadata => metadata.Value!);

    /// <summary>
    /// <c>AppHost/data</c> of the repository this was built in, whatever the current folder; <c>data</c> below the current folder
    /// elsewhere.
    /// </summary>
    public static string DefaultDataFolder
    {
        get
        {
            for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "AppHost.csproj"))) return Path.Combine(at.FullName, "data");
            }
            return Path.GetFullPath("data");
        }
    }

    /// <summary>The dll of a service, as the build found it.</summary>
    public static string DllOf(string project) => s_services.TryGetValue($"Recommender.{project}", out var path) && File.Exists(path)
        ? path
        : throw new LocalHostException($"The service {project} is not built: dotnet build Recommender.sln.");

    /// <summary>The command line of a service instance, to be started as a child process.</summary>
    /// <param name="more">Settings in addition to the instance's own, as environment variables.</param>
    public static CommandLine CommandOf(ServiceInstance instance, IReadOnlyDictionary<string, string> more)
    {
        string dll = DllOf(instance.Service.Project);
        var environment = new Dictionary<string, string?>
        {
            // The same resource names as under Aspire, where telemetry is collected.
            ["OTEL_SERVICE_NAME"] = instance.Name,
            // Settings that `dotnet run` gives this host must not reach the service.
            ["ASPNETCORE_HTTP_PORTS"] = null,
            ["DOTNET_LAUNCH_PROFILE"] = null,
        };
        foreach (var (name, value) in instance.Settings.Concat(more)) environment[name] = value;
        return new CommandLine("dotnet", [dll, .. instance.Arguments], Path.GetDirectoryName(dll)!) { Environment = environment };
    }

    public static void RequireFree(int port, string what)
    {
        if (Ports.IsFree(port)) return;
        throw new LocalHostException($"Port {port} ({what}) is in use on 127.0.0.1. Stop what uses it, or choose another with --port.");
    }

    /// <summary>Takes the data folder for this process; it is free again when the process ends, however it ends.</summary>
    public static FileStream TakeDataFolder(string folder)
    {
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(Path.Combine(folder, "apphost.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new LocalHostException(
                $"The data folder {folder} is in use by another host. Stop it, or choose another folder with --data.");
        }
    }
}
