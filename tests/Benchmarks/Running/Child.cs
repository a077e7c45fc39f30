using System.Diagnostics;
using System.Net.Http.Json;
using Recommender.Contracts;
using Recommender.LocalServers;

namespace Recommender.Benchmarks.Running;

/// <summary>A child process that serves HTTP on a free loopback port.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _client;

    private Child(Process process, int port)
    {
        _process = process;
        Port = port;
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public int Port { get; }

    /// <summary>Processor time used so far. Other load on the machine hardly changes it, unlike throughput.</summary>
    public double CpuSeconds => CpuSecondsOf(_process.Id);

    /// <summary>Current resident memory.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static double CpuSecondsOf(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>The program of a service, built in the same configuration as this one.</summary>
    public static string ServiceDll(string project)
    {
        string output = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string framework = Path.GetFileName(output), configuration = Path.GetFileName(Path.GetDirectoryName(output)!);
        for (var at = new DirectoryInfo(output); at is not null; at = at.Parent)
        {
            string dll = Path.Combine(at.FullName, "services", project, "bin", configuration, framework, $"Recommender.{project}.dll");
            if (File.Exists(dll)) return dll;
        }

        throw new FileNotFoundException($"services/{project} is not built for {configuration}. Build the solution first.");
    }

    public static async Task<Child> StartAsync(string dll, string[] arguments, params (string Name, string Value)[] environment)
    {
        int port = Ports.Free();
        var start = new ProcessStartInfo("dotnet", [dll, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var child = new Child(process, port);
        var deadline = Stopwatch.StartNew();
        while (!await child.IsUpAsync())
        {
            if (process.HasExited || deadline.Elapsed > TimeSpan.FromMinutes(2))
            {
                await child.DisposeAsync();
                throw new InvalidOperationException($"{Path.GetFileName(dll)} did not start.");
            }

            await Task.Delay(20);
        }

        return child;
    }

    public async Task<ServingInfo> ServingAsync(CancellationToken cancellation) =>
        await _client.GetFromJsonAsync("/v1/serving", ContractsJson.Default.ServingInfo, cancellation)
        ?? throw new InvalidDataException("/v1/serving returned null.");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
    }

    private async Task<bool> IsUpAsync()
    {
        try
        {
            return (await _client.GetAsync(new Uri("/health/live", UriKind.Relative))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
