using System.Globalization;

namespace Recommender.LocalServers;

/// <summary>Where the servers' programs are installed.</summary>
public static class Programs
{
    private static readonly string[] s_folders =
    [
        "/usr/lib/rabbitmq/bin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin",
        // Where infra/install-servers.sh puts .NET tools: as root, and as anyone else.
        "/usr/local/lib/recommender/tools",
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache/recommender/tools"),
    ];

    /// <summary>The full path of a program, or null when it is not installed. PostgreSQL is looked for in the newest version's
    /// folder.</summary>
    public static string? Find(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        // The package's own folder comes first for RabbitMQ: Debian's /usr/sbin wrapper insists on being the rabbitmq user.
        return s_folders.Take(1).Concat(PostgresFolders()).Concat(path).Concat(s_folders.Skip(1))
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    /// <exception cref="ServerMissingException">The program is not installed.</exception>
    public static string Require(string name) => Find(name) ?? throw new ServerMissingException([name]);

    /// <summary>Those of the given programs that are not installed.</summary>
    public static IReadOnlyList<string> Missing(params IEnumerable<string> names) => [.. names.Where(name => Find(name) is null)];

    private static IEnumerable<string> PostgresFolders()
    {
        const string root = "/usr/lib/postgresql";
        if (!Directory.Exists(root)) return [];
        return Directory.GetDirectories(root)
            .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int version) ? version
                : 0)
            .Select(folder => Path.Combine(folder, "bin"));
    }
}
