using System.ComponentModel;
using System.Diagnostics;

namespace Recommender.Benchmarks.Harness;

/// <summary>The commit that this program was built from, as far as the repository around it shows.</summary>
/// <param name="IsDirty">Tracked files differ from the commit.</param>
internal sealed record SourceVersion(string? Commit, bool? IsDirty)
{
    public static SourceVersion Read()
    {
        string? commit = Git(AppContext.BaseDirectory, "rev-parse", "HEAD");
        return new SourceVersion(commit,
            commit is null ? null : Git(AppContext.BaseDirectory, "status", "--porcelain", "--untracked-files=no")?.Length > 0);
    }

    /// <summary>The root of the repository around a folder; null outside of one.</summary>
    public static string? RootOf(string folder) => Git(folder, "rev-parse", "--show-toplevel");

    /// <returns>The trimmed output; null if git fails or is not installed.</returns>
    private static string? Git(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-C", folder, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output.Trim() : null;
        }
        catch (Win32Exception)
        {
            return null; // git is not installed.
        }
    }
}
