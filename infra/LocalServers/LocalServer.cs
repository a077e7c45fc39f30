using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Recommender.LocalServers;

/// <summary>
/// One server as a child process, with all its files in one folder, listening on loopback only. It can be stopped, killed and frozen,
/// and started again on the same data and port. Not for concurrent calls.
/// </summary>
public abstract class LocalServer : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<LocalServer, byte> s_running = new();
    private readonly FileStream _lock;
    private Process? _process;

    // An owner that ends without disposing, after a SIGTERM say, takes its servers with it.
    static LocalServer() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var server in s_running.Keys) server.KillNow();
    };

    /// <param name="folder">Its data folder; created when absent. One server and one owner per folder.</param>
    /// <param name="port">Loopback port; 0 for any free one.</param>
    /// <exception cref="ServerFailedException">Another process uses the folder.</exception>
    protected LocalServer(string name, string folder, int port)
    {
        Name = name;
        Folder = Path.GetFullPath(folder);
        Directory.CreateDirectory(Folder);
        _lock = TakeFolder();
        Port = port == 0 ? Ports.Free() : port;
        Password = ReadOrCreateSecret();
    }

    /// <summary>A short name for messages, such as <c>redis</c>.</summary>
    public string Name { get; }

    public string Folder { get; }

    public int Port { get; }

    /// <summary>What the services are given as <c>ConnectionStrings:NAME</c>.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>Standard output and error of all runs.</summary>
    public string LogFile => Path.Combine(Folder, "server.log");

    public int? ProcessId => IsRunning ? _process!.Id : null;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Null: without TLS.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>How long a start may take; restarts replay logs.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Generated with the folder and kept in it, readable by its owner alone.</summary>
    protected string Password { get; }

    /// <summary>The signal for an orderly stop.</summary>
    protected virtual int StopSignal => ProcessTree.SigTerm;

    private string PidFile => Path.Combine(Folder, "server.pid");

    /// <summary>Starts it and returns once it answers in its own protocol.</summary>
    /// <exception cref="ServerFailedException">It ended or did not answer in time.</exception>
    /// <exception cref="ServerMissingException">Its program is not installed.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (IsRunning) throw new InvalidOperationException($"{Name} runs already.");
        await EndLeftoverAsync();
        s_running[this] = 0;
        await PrepareAsync(cancellationToken);
        var run = Describe();
        _process = Launcher.Start(run, LogFile);
        if (ProcessTree.Find(_process.Id) is { } id) await File.WriteAllTextAsync(PidFile, id.ToString(), cancellationToken);
        try
        {
            await WaitUntilReadyAsync(cancellationToken);
        }
        catch
        {
            await KillAsync();
            throw;
        }
    }

    /// <summary>Orderly stop; after 30 s without success it is killed. Does nothing when it does not run.</summary>
    public virtual async Task StopAsync()
    {
        if (_process is null) return;
        var processes = ProcessTree.Of(_process.Id);
        // A frozen process takes no signal but these two.
        ProcessTree.SignalAll(processes, ProcessTree.SigCont);
        if (IsRunning) ProcessTree.Signal(_process.Id, StopSignal);
        if (!await ProcessTree.WaitForEndAsync(processes, TimeSpan.FromSeconds(30))) ProcessTree.SignalAll(processes, ProcessTree.SigKill);
        await EndAsync(processes);
    }

    /// <summary>SIGKILL to it and its children at once: a crash.</summary>
    public virtual async Task KillAsync()
    {
        if (_process is null) return;
        var processes = ProcessTree.Of(_process.Id);
        ProcessTree.SignalAll(processes, ProcessTree.SigKill);
        await EndAsync(processes);
    }

    /// <summary>SIGKILL without waiting, at the end of this process.</summary>
    protected virtual void KillNow()
    {
        if (IsRunning) ProcessTree.SignalAll(ProcessTree.Of(_process!.Id), ProcessTree.SigKill);
    }

    /// <summary>SIGSTOP: connections stay open and nothing answers. Returns once nothing of it runs.</summary>
    public void Freeze()
    {
        var processes = SignalTree(ProcessTree.SigStop);
        if (SpinWait.SpinUntil(() => processes.All(ProcessTree.IsStopped), TimeSpan.FromSeconds(10))) return;
        throw new ServerFailedException($"{Name} could not be frozen within 10 s.");
    }

    /// <summary>SIGCONT: the end of <see cref="Freeze"/>.</summary>
    public void Continue() => SignalTree(ProcessTree.SigCont);

    /// <summary>Completes when the process has ended, for any reason.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) =>
        _process?.WaitForExitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>The last lines that the server wrote.</summary>
    public string LogTail(int lines = 20)
    {
        if (!File.Exists(LogFile)) return "";
        using var file = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(-Math.Min(file.Length, 64 * 1024), SeekOrigin.End);
        return string.Join('\n', new StreamReader(file).ReadToEnd().TrimEnd().Split('\n').TakeLast(lines));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        s_running.TryRemove(this, out _);
        await _lock.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes settings and, the first time, the empty database. Called before each start.</summary>
    protected abstract Task PrepareAsync(CancellationToken cancellationToken);

    protected abstract CommandLine Describe();

    /// <summary>One attempt to talk to it. Throws <see cref="SocketException"/> or <see cref="IOException"/>, or returns false, while it is
    /// not ready.</summary>
    protected abstract Task<bool> AnswersAsync(NetworkStream stream, CancellationToken cancellationToken);

    /// <summary>One of the settings files in infra/.</summary>
    protected static string Settings(string file)
    {
        using var stream = typeof(LocalServer).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is not embedded.");
        return new StreamReader(stream).ReadToEnd();
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="ServerFailedException">Its exit code is not 0; the message holds its output.</exception>
    protected static async Task<string> RunAsync(CommandLine run, string? input, CancellationToken cancellationToken)
    {
        List<string> words = [.. run.Prefix, run.Program, .. run.Arguments];
        var start = new ProcessStartInfo(words[0], words.Skip(1))
        {
            UseShellExecute = false,
            WorkingDirectory = run.WorkingFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in run.Environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new ServerFailedException($"{Path.GetFileName(run.Program)} ended with {process.ExitCode}: {(await errors).Trim()} "
                + $"{(await output).Trim()}");
        }
        return await output;
    }

    /// <summary>Waits until something accepts connections on a loopback port.</summary>
    protected static async Task WaitForPortAsync(int port, TimeSpan timeout, Func<bool> running, CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return;
            }
            catch (SocketException) when (running() && Environment.TickCount64 < deadline)
            {
                await Task.Delay(10, cancellationToken);
            }
        }
    }

    /// <summary>Writes a new file that only its owner can read.</summary>
    protected static void WriteSecret(string file, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.Write(content);
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + (long)StartTimeout.TotalMilliseconds;
        while (true)
        {
            if (!IsRunning) throw new ServerFailedException($"{Name} ended with {_process!.ExitCode} while starting:\n{LogTail()}");
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            attempt.CancelAfter(TimeSpan.FromSeconds(5));
            try
            {
                using var client = new TcpClient { NoDelay = true };
                await client.ConnectAsync(IPAddress.Loopback, Port, attempt.Token);
                if (await AnswersAsync(client.GetStream(), attempt.Token)) return;
            }
            catch (Exception e) when (e is SocketException or IOException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Not there yet; the deadline below decides.
            }
            if (Environment.TickCount64 > deadline)
            {
                throw new ServerFailedException($"{Name} did not answer on 127.0.0.1:{Port} within {StartTimeout.TotalSeconds:0} "
                    + $"s:\n{LogTail()}");
            }
            await Task.Delay(25, cancellationToken);
        }
    }

    private IReadOnlyList<ProcessId> SignalTree(int signal)
    {
        if (_process is null) throw new InvalidOperationException($"{Name} does not run.");
        var processes = ProcessTree.Of(_process.Id);
        ProcessTree.SignalAll(processes, signal);
        return processes;
    }

    private async Task EndAsync(IReadOnlyList<ProcessId> processes)
    {
        await ProcessTree.WaitForEndAsync(processes, TimeSpan.FromSeconds(10));
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
        File.Delete(PidFile);
    }

    /// <summary>Ends processes that a killed owner left running in this folder. The folder's lock proves that no owner is alive.</summary>
    private async Task EndLeftoverAsync()
    {
        if (!File.Exists(PidFile) || Recommender.LocalServers.ProcessId.Parse(await File.ReadAllTextAsync(PidFile)) is not { } left) return;
        if (ProcessTree.IsAlive(left)) await ProcessTree.KillAsync(left.Pid);
    }

    private FileStream TakeFolder()
    {
        try
        {
            return new FileStream(Path.Combine(Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new ServerFailedException($"The data folder {Folder} is in use by another process.", e);
        }
    }

    private string ReadOrCreateSecret()
    {
        string file = Path.Combine(Folder, "secret");
        if (File.Exists(file)) return File.ReadAllText(file).Trim();
        string secret = RandomNumberGenerator.GetHexString(32, lowercase: true);
        WriteSecret(file, secret);
        return secret;
    }
}
