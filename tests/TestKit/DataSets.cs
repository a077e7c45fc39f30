using Xunit;

namespace Recommender.TestKit;

/// <summary>Public data sets, which are not part of the repository: in the folder named by RECOMMENDER_DATA, else in shared/data next to
/// the
/// repository.</summary>
public static class DataSets
{
    /// <summary>The repository's root folder.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The folder of a data set, or null when it is not on this machine.</summary>
    public static string? TryFind(string name)
    {
        foreach (var root in (string?[])[Environment.GetEnvironmentVariable("RECOMMENDER_DATA"),
            Path.Combine(RepositoryRoot, "..", "shared", "data")])
        {
            if (string.IsNullOrEmpty(root)) continue;
            string folder = Path.GetFullPath(Path.Combine(root, name));
            if (Directory.Exists(folder)) return folder;
        }
        return null;
    }

    /// <summary>The folder of a data set. Skips the running test when it is not on this machine.</summary>
    public static string Find(string name)
    {
        string? folder = TryFind(name);
        if (folder is null)
            Assert.Skip($"The data set {name} is neither in RECOMMENDER_DATA nor in ../shared/data next to the repository.");
        return folder;
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Recommender.sln"))) return at.FullName;
        }
        throw new DirectoryNotFoundException($"No Recommender.sln above {AppContext.BaseDirectory}.");
    }
}
