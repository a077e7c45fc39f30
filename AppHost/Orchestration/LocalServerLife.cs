using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Recommender.LocalServers;

namespace Recommender.AppHost.Orchestration;

/// <summary>Keeps a server running until the application stops, and reports its state to the dashboard.</summary>
internal sealed class LocalServerLife(LocalServer server, InitializeResourceEvent initialize)
{
    private readonly RestartPause _pause = new();
    private bool _hasEnded;

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await initialize.Eventing.PublishAsync(new BeforeResourceStartedEvent(initialize.Resource, initialize.Services), stopping);
            while (true)
            {
                long startedAt = Environment.TickCount64;
                string how = await RunOnceAsync(stopping);
                _hasEnded = true;
                var wait = _pause.Next(TimeSpan.FromMilliseconds(Environment.TickCount64 - startedAt));
                initialize.Logger.LogWarning("{How} It is started again in {Seconds} s", how, wait.TotalSeconds);
                Output.Line(server.Name, $"{how} It is started again in {wait.TotalSeconds:0} s");
                await Task.Delay(wait, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops it once the services have ended.
        }
        catch (Exception e)
        {
            // Nobody awaits this task: what ended it must be seen.
            initialize.Logger.LogError(e, "{Server} is no longer looked after", server.Name);
            Output.Line(server.Name, $"is no longer looked after: {e.Message}");
            await PublishAsync(KnownResourceStates.FailedToStart);
        }
    }

    /// <summary>Starts it and waits for its end; returns how that came.</summary>
    private async Task<string> RunOnceAsync(CancellationToken stopping)
    {
        await PublishAsync(KnownResourceStates.Starting);
        try
        {
            await server.StartAsync(stopping);
        }
        catch (ServerFailedException e)
        {
            initialize.Logger.LogError("{Reason}", e.Message);
            await PublishAsync(KnownResourceStates.FailedToStart);
            return "It did not start.";
        }
        initialize.Logger.LogInformation("{Server} answers on 127.0.0.1:{Port}, process {Process}; its log is {Log}", server.Name,
            server.Port, server.ProcessId, server.LogFile);
        if (_hasEnded) Output.Line(server.Name, $"runs again, process {server.ProcessId}");
        await PublishAsync(KnownResourceStates.Running);
        await server.WaitForExitAsync(stopping);
        initialize.Logger.LogError("{Server} ended. Its last lines: {Lines}", server.Name, server.LogTail());
        await PublishAsync(KnownResourceStates.Exited);
        return $"It ended (log: {server.LogFile}).";
    }

    private Task PublishAsync(string state) => initialize.Notifications.PublishUpdateAsync(initialize.Resource, snapshot => snapshot with
    {
        State = state,
        StartTimeStamp = state == KnownResourceStates.Running ? DateTime.UtcNow : snapshot.StartTimeStamp,
        StopTimeStamp = state == KnownResourceStates.Exited ? DateTime.UtcNow : null,
        Urls = [.. snapshot.Urls.Where(url => url.Name != "server"),
            new UrlSnapshot("server", $"tcp://127.0.0.1:{server.Port}", IsInternal: false)],
        Properties = [.. snapshot.Properties.Where(property => property.Name != "executable.pid"), .. Pid()],
    });

    private ImmutableArray<ResourcePropertySnapshot> Pid() => server.ProcessId is { } id ? [new("executable.pid", id)] : [];
}
