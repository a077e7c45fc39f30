namespace Recommender.LocalServers;

internal static class ClusterSecret
{
    /// <summary>Gives a server's folder the password that all nodes share, before the server makes one of its own.</summary>
    public static void Write(string folder, string password)
    {
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, "secret");
        File.WriteAllText(file, password);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
