using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Recommender.AppHost.Orchestration;

/// <summary>
/// Restarts a service that has ended, after a pause that grows with repeated failures. Aspire itself does not restart it.
/// </summary>
internal sealed class ResourceKeeper(ResourceNotificationService notifications, ResourceCommandService commands,
    ResourceLoggerService loggers) : BackgroundService
{
    private static readonly string[] s_watchedCommands =
        [KnownResourceCommands.StopCommand, KnownResourceCommands.RestartCommand, KnownResourceCommands.StartCommand];

    private readonly ConcurrentDictionary<string, Watched> _watched = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (!change.Resource.TryGetLastAnnotation<KeepRunningAnnotation>(out var keep)) continue;
            var watched = _watched.GetOrAdd(change.ResourceId, _ => new Watched());
            string? state = change.Snapshot.State?.Text;
            if (state == KnownResourceStates.Running)
            {
                WatchCommands(change.Resource, keep);
                if (watched.Runs) continue;
                watched.Runs = true;
                watched.StartedAt = Environment.TickCount64;
            }
            else if (KnownResourceStates.TerminalStates.Contains(state) && watched.Runs)
            {
                watched.Runs = false;
                if (!keep.IsStoppedByOperator) _ = StartAgainAsync(change, watched, keep, stoppingToken);
            }
            else if (state == KnownResourceStates.FailedToStart && !watched.Runs && !watched.IsWaiting && !keep.IsStoppedByOperator)
            {
                _ = StartAgainAsync(change, watched, keep, stoppingToken);
            }
        }
    }

    private async Task StartAgainAsync(ResourceEvent ended, Watched watched, KeepRunningAnnotation keep, CancellationToken stoppingToken)
    {
        watched.IsWaiting = true;
        string name = ended.Resource.Name;
        var wait = watched.Pause.Next(TimeSpan.FromMilliseconds(Environment.TickCount64 - watched.StartedAt));
        string how = ended.Snapshot.ExitCode is { } code ? $"ended with {code}" : "ended";
        Output.Line(name, $"{how}; it is started again in {wait.TotalSeconds:0} s. Its last lines are in the dashboard");
        loggers.GetLogger(ended.Resource).LogWarning("It {How}; it is started again in {Seconds} s", how, wait.TotalSeconds);
        try
        {
            await Task.Delay(wait, stoppingToken);
            watched.IsWaiting = false;
            watched.StartedAt = Environment.TickCount64;
            if (keep.IsStoppedByOperator || !IsDown(ended.ResourceId)) return;
            var result = await commands.ExecuteCommandAsync(ended.ResourceId, KnownResourceCommands.StartCommand, stoppingToken);
            Output.Line(name, result.Success ? "runs again" : $"could not be started: {result.Message}");
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, and so does everything else.
        }
    }

    private bool IsDown(string resource) => notifications.TryGetCurrentState(resource, out var now)
        && KnownResourceStates.TerminalStates.Contains(now.Snapshot.State?.Text);

    /// <summary>A requested stop looks like any other exit, so the command itself is observed.</summary>
    private static void WatchCommands(IResource resource, KeepRunningAnnotation keep)
    {
        if (keep.IsWatched) return;
        var originals = resource.Annotations.OfType<ResourceCommandAnnotation>()
            .Where(command => s_watchedCommands.Contains(command.Name)).ToList();
        if (originals.Count < s_watchedCommands.Length) return;
        foreach (var original in originals)
        {
            resource.Annotations.Remove(original);
            resource.Annotations.Add(Watch(original, keep));
        }
        keep.IsWatched = true;
    }

    private static ResourceCommandAnnotation Watch(ResourceCommandAnnotation original, KeepRunningAnnotation keep)
    {
        return new ResourceCommandAnnotation(original.Name, original.DisplayName, original.UpdateState, RunAsync,
            original.DisplayDescription,
            original.Arguments, original.ConfirmationMessage, original.IconName, original.IconVariant, original.IsHighlighted,
            original.Visibility, original.ValidateArguments);

        async Task<ExecuteCommandResult> RunAsync(ExecuteCommandContext context)
        {
            keep.IsStoppedByOperator = original.Name != KnownResourceCommands.StartCommand;
            try
            {
                return await original.ExecuteCommand(context);
            }
            finally
            {
                if (original.Name == KnownResourceCommands.RestartCommand) keep.IsStoppedByOperator = false;
            }
        }
    }

    private sealed class Watched
    {
        public bool Runs { get; set; }

        public bool IsWaiting { get; set; }

        public long StartedAt { get; set; } = Environment.TickCount64;

        public RestartPause Pause { get; } = new();
    }
}
