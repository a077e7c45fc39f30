using System.Globalization;
using System.Runtime.InteropServices;

namespace Recommender.LocalServers;

/// <summary>Signals to a process and all of its descendants (Linux: reads /proc).</summary>
public static partial class ProcessTree
{
    public const int SigInt = 2, SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    /// <summary>Signals one process. False when it is gone.</summary>
    public static bool Signal(int pid, int signal) => pid > 1 && SendSignal(pid, signal) == 0;

    /// <summary>The process and its descendants, parents first; those that have ended are not listed.</summary>
    public static IReadOnlyList<ProcessId> Of(int root)
    {
        var children = new Dictionary<int, List<ProcessId>>();
        ProcessId? self = null;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)) continue;
            if (Read(pid) is not { } stat) continue;
            if (pid == root) self = stat.Id;
            if (!children.TryGetValue(stat.Parent, out var list)) children[stat.Parent] = list = [];
            list.Add(stat.Id);
        }

        var found = new List<ProcessId>();
        if (self is { } first) found.Add(first);
        for (int i = 0; i < found.Count; i++)
        {
            if (children.TryGetValue(found[i].Pid, out var list)) found.AddRange(list);
        }
        return found;
    }

    public static void SignalAll(IEnumerable<ProcessId> processes, int signal)
    {
        foreach (var process in processes)
        {
            if (IsAlive(process)) Signal(process.Pid, signal);
        }
    }

    /// <summary>SIGKILL to the process and its descendants; returns when none of them runs any more.</summary>
    public static async Task KillAsync(int root)
    {
        var processes = Of(root);
        SignalAll(processes, SigKill);
        await WaitForEndAsync(processes, TimeSpan.FromSeconds(10));
    }

    /// <summary>False when some still run after the given time.</summary>
    public static async Task<bool> WaitForEndAsync(IReadOnlyList<ProcessId> processes, TimeSpan timeout)
    {
        long deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (processes.Any(IsAlive))
        {
            if (Environment.TickCount64 > deadline) return false;
            await Task.Delay(10);
        }
        return true;
    }

    /// <summary>True while this very process runs; a process that ended but was not yet collected by its parent (zombie) does not
    /// run.</summary>
    public static bool IsAlive(ProcessId process) => Read(process.Pid) is { } stat && stat.Id == process;

    /// <summary>
    /// True once no thread of the process runs after a SIGSTOP, which takes effect later than it is sent; also true when the process is
    /// gone.
    /// </summary>
    public static bool IsStopped(ProcessId process)
    {
        if (!IsAlive(process)) return true;
        try
        {
            return Directory.EnumerateDirectories($"/proc/{process.Pid}/task").All(thread =>
            {
                string stat = File.ReadAllText($"{thread}/stat");
                return stat[(stat.LastIndexOf(')') + 2)..].StartsWith('T');
            });
        }
        catch (IOException)
        {
            // A thread ended meanwhile: the next look decides.
            return false;
        }
    }

    /// <summary>The process with this number, if it runs.</summary>
    public static ProcessId? Find(int pid) => Read(pid)?.Id;

    /// <summary>Running processes of a program whose current folder is the given one.</summary>
    /// <param name="name">The program's name as the kernel stores it, at most 15 characters.</param>
    public static IReadOnlyList<ProcessId> InFolder(string name, string folder)
    {
        var found = new List<ProcessId>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                || Find(pid) is not { } id) continue;
            try
            {
                if (File.ReadAllText($"{directory}/comm").TrimEnd('\n') == name && new FileInfo($"{directory}/cwd").LinkTarget == folder)
                    found.Add(id);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended, or belongs to someone else.
            }
        }
        return found;
    }

    private static (ProcessId Id, int Parent)? Read(int pid)
    {
        string text;
        try
        {
            text = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended.
        }

        // "pid (name) state parent …": the name may hold anything, so fields are counted from its closing bracket.
        int close = text.LastIndexOf(')');
        if (close < 0) return null;
        var fields = text[(close + 2)..].Split(' ');
        if (fields.Length < 20 || fields[0] is "Z" or "X") return null;
        return (new ProcessId(pid, long.Parse(fields[19], CultureInfo.InvariantCulture)),
            int.Parse(fields[1], CultureInfo.InvariantCulture));
    }
}
