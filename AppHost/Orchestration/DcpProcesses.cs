using System.Globalization;
using Recommender.LocalServers;

namespace Recommender.AppHost.Orchestration;

/// <summary>
/// The processes by which Aspire runs others (dcp). They detach themselves and outlive the application by seconds; the host ends after
/// them, so that nothing is left when it has ended (Linux: reads /proc).
/// </summary>
internal sealed class DcpProcesses
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(20);
    private IReadOnlyList<ProcessId> _processes = [];

    /// <summary>
    /// Notes those that run for this process. Called when the application begins to stop: later they are nobody's children.
    /// </summary>
    public void Note()
    {
        if (!Directory.Exists("/proc")) return;
        _processes = [.. Directory.EnumerateDirectories("/proc").Select(ProcessOf).OfType<int>().SelectMany(ProcessTree.Of)];
    }

    /// <summary>Returns when all of them have ended, and ends those that do not.</summary>
    public async Task WaitForEndAsync()
    {
        if (await ProcessTree.WaitForEndAsync(_processes, s_timeout)) return;
        ProcessTree.SignalAll(_processes, ProcessTree.SigKill);
        await ProcessTree.WaitForEndAsync(_processes, s_timeout);
    }

    private static int? ProcessOf(string folder)
    {
        if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)) return null;
        try
        {
            string[] words = File.ReadAllText($"{folder}/cmdline").Split('\0');
            int monitor = Array.IndexOf(words, "--monitor");
            string self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
            return words.Contains("start-apiserver") && monitor >= 0 && words.ElementAtOrDefault(monitor + 1) == self ? pid : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended, or belongs to someone else.
        }
    }
}
