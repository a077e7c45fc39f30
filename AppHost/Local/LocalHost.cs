using System.Reflection;
using Recommender.LocalServers;

namespace Recommender.AppHost;

/// <param name="Data">Folder of everything that is kept.</param>
/// <param name="Port">Port of the page and the API.</param>
/// <param name="Demo">Whether an empty data folder gets the demonstration catalogue (embedded host only).</param>
internal sealed record LocalHostOptions(string Data, int Port, bool Demo);

/// <summary>The product cannot be started; the message is the one line that is shown.</summary>
internal sealed class LocalHostException(string message) : Exception(message);

internal static class LocalHost
{
    private static readonly Dictionary<string, string> Services = typeof(LocalHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Where(metadata => metadata.Key.StartsWith("service:", StringComparison.Ordinal) && metadata.Value is not null)
        .ToDictionary(metadata => metadata.Key["service:".Length..], metadata => metadata.Value!);

    /// <summary><c>AppHost/data</c> of the repository this was built in, whatever the current folder; <c>data</c> below the current folder elsewhere.</summary>
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
    public static string DllOf(string project) => Services.TryGetValue($"Recommender.{project}", out var path) && File.Exists(path)
        ? path
        : throw new LocalHostException($"The service {project} is not built: dotnet build Recommender.sln.");

    /// <summary>A service as a child process on a loopback port.</summary>
    public static CommandLine Service(string project, int port, IReadOnlyDictionary<string, string?> environment, params IReadOnlyList<string> arguments)
    {
        string dll = DllOf(project);
        return new CommandLine("dotnet", [dll, .. arguments], Path.GetDirectoryName(dll)!)
        {
            Environment = new Dictionary<string, string?>(environment)
            {
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
                // The same resource names as under Aspire, where telemetry is collected.
                ["OTEL_SERVICE_NAME"] = project.ToLowerInvariant(),
                // What `dotnet run` says of this host must not be taken for the service's.
                ["ASPNETCORE_HTTP_PORTS"] = null,
                ["DOTNET_LAUNCH_PROFILE"] = null,
            },
        };
    }

    public static void RequireFree(int port, string what)
    {
        if (!Ports.IsFree(port)) throw new LocalHostException($"Port {port} ({what}) is in use on 127.0.0.1. Stop what uses it, or choose another with --port.");
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
            throw new LocalHostException($"The data folder {folder} is in use by another host. Stop it, or choose another folder with --data.");
        }
    }
}
