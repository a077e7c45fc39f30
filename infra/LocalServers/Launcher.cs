using System.Collections.Concurrent;
using System.Diagnostics;

namespace Recommender.LocalServers;

/// <summary>
/// Starts children that end with this process, even when it is killed, and that a Ctrl-C in its terminal does not reach: their owner
/// stops them in order.
/// </summary>
public static class Launcher
{
    private static readonly BlockingCollection<Action> s_work = [];

    // The kernel ends such a child when the thread that started it ends, so one thread starts all of them and lives as long as the process.
    static Launcher() => new Thread(() =>
    {
        foreach (var work in s_work.GetConsumingEnumerable()) work();
    })
    { IsBackground = true, Name = "launcher" }.Start();

    /// <param name="logFile">Gets output and error, so that the child does not depend on a reader; null leaves them as
    /// <paramref name="redirect"/> says.</param>
    /// <param name="redirect">Output and error can be read from the result; otherwise they are this process's own.</param>
    public static Process Start(CommandLine run, string? logFile = null, bool redirect = false)
    {
        List<string> words = [];
        if (Programs.Find("setsid") is { } setsid) words.Add(setsid);
        words.AddRange(run.Prefix);
        // After the prefix: a change of user clears it.
        if (Programs.Find("setpriv") is { } setpriv) words.AddRange([setpriv, "--pdeathsig", "KILL"]);
        words.Add(run.Program);
        words.AddRange(run.Arguments);
        if (logFile is not null) words.InsertRange(0, ["/bin/sh", "-c", "exec \"$@\" >>\"$LOG_FILE\" 2>&1 </dev/null", "sh"]);

        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            UseShellExecute = false,
            WorkingDirectory = run.WorkingFolder,
            RedirectStandardOutput = redirect,
            RedirectStandardError = redirect,
            RedirectStandardInput = redirect,
        };
        foreach (var (name, value) in run.Environment) start.Environment[name] = value;
        if (logFile is not null) start.Environment["LOG_FILE"] = logFile;

        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        s_work.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
#pragma warning disable VSTHRD002 // The starting thread is not of the pool and needs none.
        return started.Task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }
}
