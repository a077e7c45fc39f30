using System.Collections.Concurrent;
using System.Diagnostics;
using Recommender.LocalServers;
using Xunit;

namespace Recommender.TestKit;

/// <summary>A service of the product as a process of its own, on a fixed loopback port, which can be killed and started again.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private readonly string _dll;
    private readonly IReadOnlyList<string> _arguments;
    private readonly Dictionary<string, string?> _environment;
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;

    /// <param name="project">Folder of the project below services/, such as <c>Trainer</c>. It must have been built: with the solution, or
    /// through a project reference.</param>
    /// <param name="environment">Added to this process's environment; ASPNETCORE_URLS is set from the port.</param>
    /// <param name="arguments">In them <c>{PORT}</c> stands for the port.</param>
    /// <param name="port">0 for any free one.</param>
    public ServiceProcess(string project, IReadOnlyDictionary<string, string?>? environment = null,
        IReadOnlyList<string>? arguments = null, int port = 0, string scheme = "http", HttpMessageHandler? handler = null)
    {
        Name = project;
        Port = port == 0 ? Ports.Free() : port;
        _dll = FindDll(project);
        _arguments = [.. (arguments ?? []).Select(argument => argument.Replace("{PORT}", $"{Port}", StringComparison.Ordinal))];
        _environment = new(environment ?? new Dictionary<string, string?>()) { ["ASPNETCORE_URLS"] = $"{scheme}://127.0.0.1:{Port}" };
        // Loading a sentence model takes seconds of every process; a test of it asks for it.
        _environment.TryAdd("TextEncoder__Kind", "None");
        Address = new Uri($"{scheme}://127.0.0.1:{Port}/");
        Client = new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(100) };
    }

    public string Name { get; }

    public int Port { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public bool IsRunning => _process is { HasExited: false };

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException($"{Name} was not started.");

    /// <summary>Output and error lines of all runs.</summary>
    public IReadOnlyCollection<string> Log => _log;

    /// <summary>Starts it and waits until <c>/health/ready</c> (or another path) answers 200.</summary>
    public async Task StartAsync(string readyPath = "health/ready", TimeSpan? deadline = null)
    {
        Launch();
        await WaitForAsync(readyPath, deadline);
    }

    /// <summary>Starts it and does not wait.</summary>
    public void Launch()
    {
        if (IsRunning) throw new InvalidOperationException($"{Name} runs already.");
        var run = new CommandLine("dotnet", [_dll, .. _arguments], Path.GetDirectoryName(_dll)!) { Environment = _environment };
        _process = Launcher.Start(run, redirect: true);
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Waits until a GET of the path answers 200. Fails the test when the process ends, or at the deadline, with the end of its
    /// log.</summary>
    public async Task WaitForAsync(string path = "health/ready", TimeSpan? deadline = null)
    {
        var clock = Stopwatch.StartNew();
        var limit = deadline ?? Eventually.DefaultDeadline;
        while (true)
        {
            if (!IsRunning) Assert.Fail($"{Name} ended with {_process?.ExitCode}:\n{LogTail()}");
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            attempt.CancelAfter(TimeSpan.FromSeconds(10));
            try
            {
                using var response = await Client.GetAsync(path, attempt.Token);
                if (response.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException
                && !TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                // Not listening yet.
            }
            if (clock.Elapsed > limit) Assert.Fail($"{Name}: {path} was not ready within {limit.TotalSeconds:0} s:\n{LogTail()}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>SIGKILL: a crash. Returns when it is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        await ProcessTree.KillAsync(_process.Id);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync(TimeSpan? timeout = null)
    {
        if (_process is null) return 0;
        var processes = ProcessTree.Of(_process.Id);
        ProcessTree.Signal(_process.Id, ProcessTree.SigTerm);
        if (!await ProcessTree.WaitForEndAsync(processes, timeout ?? TimeSpan.FromSeconds(30)))
            ProcessTree.SignalAll(processes, ProcessTree.SigKill);
        await _process.WaitForExitAsync(CancellationToken.None);
        return _process.ExitCode;
    }

    /// <summary>Waits for its own end and returns the exit code.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process!.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    public string LogTail(int lines = 60) => string.Join('\n', _log.TakeLast(lines));

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        Client.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null) _log.Enqueue(line);
    }

    /// <summary>The built program of a service.</summary>
    public static string FindDll(string project)
    {
        // …/bin/Debug/net10.0/: the configuration is the folder above the framework's.
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        foreach (var parent in (string[])["services", "", "tests"])
        {
            string folder = Path.Combine(DataSets.RepositoryRoot, parent, project, "bin", output.Parent!.Name, output.Name);
            string dll = Path.Combine(folder, $"Recommender.{project}.dll");
            if (File.Exists(dll)) return dll;
        }
        throw new FileNotFoundException($"{project} is not built for {output.Parent!.Name}: dotnet build Recommender.sln -c "
            + $"{output.Parent.Name}");
    }
}
