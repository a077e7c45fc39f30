using System.Diagnostics;
using Recommender.LocalServers;

namespace Recommender.AppHost.Plain;

/// <summary>A service as a child process: started, waited for, stopped in order.</summary>
internal sealed class ServiceChild(string name, CommandLine run, int port, bool prefixed) : IDisposable
{
    private static readonly HttpClient s_client = new() { Timeout = TimeSpan.FromSeconds(5) };
    private Process? _process;

    public string Name => name;

    public string Address => $"http://127.0.0.1:{port}";

    public int ProcessId => _process?.Id ?? 0;

    public void Start()
    {
        _process = Launcher.Start(run, redirect: prefixed);
        if (!prefixed) return;
        _process.OutputDataReceived += (_, line) => Show(line.Data);
        _process.ErrorDataReceived += (_, line) => Show(line.Data);
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Returns when <c>/health/ready</c> answers 200.</summary>
    /// <exception cref="LocalHostException">It ended, or was not ready in time.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (_process!.HasExited)
            {
                throw new LocalHostException($"{name} ended with {_process.ExitCode} before it was ready; its last lines have the reason.");
            }
            try
            {
                using var response = await s_client.GetAsync($"{Address}/health/ready", cancellationToken);
                if (response.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (e is HttpRequestException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Not listening yet.
            }
            if (clock.Elapsed > timeout)
            {
                throw new LocalHostException($"{name} was not ready within {timeout.TotalSeconds:0} s; see {Address}/health/ready.");
            }
            await Task.Delay(50, cancellationToken);
        }
    }

    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process!.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Sends SIGTERM, and SIGKILL if the process still runs after the timeout.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        if (_process is null) return;
        var processes = ProcessTree.Of(_process.Id);
        ProcessTree.Signal(_process.Id, ProcessTree.SigTerm);
        if (!await ProcessTree.WaitForEndAsync(processes, timeout))
        {
            Output.Say($"{name} did not stop within {timeout.TotalSeconds:0} s and was killed");
            ProcessTree.SignalAll(processes, ProcessTree.SigKill);
            await ProcessTree.WaitForEndAsync(processes, timeout);
        }
    }

    public void Dispose() => _process?.Dispose();

    private void Show(string? line)
    {
        if (line is not null) Output.Line(name, line);
    }
}
