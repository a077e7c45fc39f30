using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Recommender.Contracts;
using Recommender.LocalServers;

namespace Recommender.Benchmarks.Running;

/// <summary>The product as child processes in a temporary folder: all in one process (embedded), or the services over real
/// servers.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recommender-benchmark-").FullName;
    private readonly List<(string Name, Process Process)> _services = [];
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };

    private RunningSystem()
    {
    }

    public int IngestPort { get; private set; }

    public int TrainerPort { get; private set; }

    public int RecommendPort { get; private set; }

    public RabbitMqServer? RabbitMq { get; private set; }

    public RedisServer? Redis { get; private set; }

    public PostgresServer? Postgres { get; private set; }

    /// <summary>A folder for other files of the benchmark.</summary>
    public string ScratchFolder => Directory.CreateDirectory(Path.Combine(_folder, "scratch")).FullName;

    /// <param name="mode"><c>servers</c> or <c>embedded</c>.</param>
    /// <param name="settings">Environment of every service.</param>
    public static async Task<RunningSystem> StartAsync(string mode, IReadOnlyDictionary<string, string> settings, bool withRecommend,
        CancellationToken cancellationToken)
    {
        var system = new RunningSystem();
        try
        {
            if (mode == "embedded")
            {
                int port = Ports.Free();
                system.IngestPort = system.TrainerPort = system.RecommendPort = port;
                string data = Path.Combine(system._folder, "data");
                string[] arguments = ["--data", data, "--port", port.ToString(CultureInfo.InvariantCulture), "--no-demo"];
                await system.LaunchAsync("Standalone", arguments, port, settings, cancellationToken);
                return system;
            }

            if (mode != "servers") throw new ArgumentException($"`mode` must be servers or embedded; got {mode}.");
            system.RabbitMq = new RabbitMqServer(Path.Combine(system._folder, "rabbitmq"));
            system.Redis = new RedisServer(Path.Combine(system._folder, "redis"));
            system.Postgres = new PostgresServer(Path.Combine(system._folder, "postgres"));
            await Task.WhenAll(system.RabbitMq.StartAsync(cancellationToken), system.Redis.StartAsync(cancellationToken),
                system.Postgres.StartAsync(cancellationToken));
            var environment = new Dictionary<string, string>(settings)
            {
                ["ConnectionStrings__rabbitmq"] = system.RabbitMq.ConnectionString,
                ["ConnectionStrings__redis"] = system.Redis.ConnectionString,
                ["ConnectionStrings__postgres"] = system.Postgres.ConnectionString,
            };
            (system.TrainerPort, system.IngestPort) = (Ports.Free(), Ports.Free());
            await system.LaunchAsync("Trainer", [], system.TrainerPort, environment, cancellationToken);
            await system.LaunchAsync("Ingest", [], system.IngestPort, environment, cancellationToken);
            if (withRecommend)
            {
                system.RecommendPort = Ports.Free();
                await system.LaunchAsync("Recommend", [], system.RecommendPort, environment, cancellationToken);
            }

            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public async Task<StatusResponse> GetStatusAsync(CancellationToken cancellationToken) =>
        (await _client.GetFromJsonAsync($"http://127.0.0.1:{TrainerPort}/v1/status", ContractsJson.Default.StatusResponse,
        cancellationToken))!;

    public async Task<ServingInfo> GetServingAsync(CancellationToken cancellationToken) =>
        (await _client.GetFromJsonAsync($"http://127.0.0.1:{RecommendPort}/v1/serving", ContractsJson.Default.ServingInfo,
        cancellationToken))!;

    /// <summary>Largest resident size of each service so far, in bytes.</summary>
    public IReadOnlyDictionary<string, long> PeakMemory() =>
        _services.ToDictionary(s => s.Name, s => File.ReadLines($"/proc/{s.Process.Id}/status")
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(line => long.Parse(line.AsSpan(6, line.Length - 9).Trim(), CultureInfo.InvariantCulture) * 1024).First());

    /// <summary>Processor time each service and server has used, in seconds.</summary>
    public IReadOnlyDictionary<string, double> ProcessorSeconds()
    {
        var seconds = _services.ToDictionary(s => s.Name, s => SecondsOf(s.Process.Id));
        foreach (var (name, server) in new (string, LocalServer?)[] { ("RabbitMQ", RabbitMq), ("Redis", Redis), ("PostgreSQL", Postgres) })
            if (server?.ProcessId is { } root) seconds.Add(name, ProcessTree.Of(root).Sum(process => SecondsOf(process.Pid)));
        return seconds;
    }

    private static double SecondsOf(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.TotalProcessorTime.TotalSeconds;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return 0; // It has ended; servers end worker processes.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, process) in _services)
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        foreach (var server in new LocalServer?[] { RabbitMq, Redis, Postgres }) if (server is not null) await server.DisposeAsync();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task LaunchAsync(string project, string[] arguments, int port, IReadOnlyDictionary<string, string> settings,
        CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [Dll(project), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        var process = Process.Start(start)!;
        _services.Add((project, process));
        // Informational log lines of a service are dropped.
        bool wrong = false;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not { } text) return;
            if (!text.StartsWith(' ')) wrong = !text.StartsWith("info:", StringComparison.Ordinal);
            if (wrong) Console.Error.WriteLine($"[{project}] {text}");
        };
        process.ErrorDataReceived += (_, line) => { if (line.Data is { } text) Console.Error.WriteLine($"[{project}] {text}"); };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (process.HasExited) throw new InvalidOperationException($"{project} ended with {process.ExitCode}.");
            try
            {
                using var response = await _client.GetAsync($"http://127.0.0.1:{port}/health/ready", cancellationToken);
                if (response.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException) when (clock.Elapsed < TimeSpan.FromSeconds(90))
            {
                // Not listening yet.
            }

            if (clock.Elapsed > TimeSpan.FromSeconds(90)) throw new TimeoutException($"{project} was not ready within 90 s.");
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>The program of a service, built in the same configuration as this one.</summary>
    private static string Dll(string project)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        string output = Path.Combine(at.Parent!.Name, at.Name);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Recommender.sln"))) at = at.Parent;
        string path = Path.Combine(at?.FullName ?? throw new DirectoryNotFoundException(
            "Recommender.sln was not found above this program."), "services", project, "bin", output, $"Recommender.{project}.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{project} is not built: {path}");
    }
}
