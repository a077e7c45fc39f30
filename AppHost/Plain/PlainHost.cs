using System.Runtime.InteropServices;

namespace Recommender.AppHost.Plain;

/// <summary><c>--plain</c>: the product under a small supervisor of its own, without Aspire.</summary>
internal static class PlainHost
{
    public static async Task<int> RunAsync(HostOptions options)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true; // The children are stopped in order first.
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            return await (options.Mode == HostMode.Servers
                ? new ServersHost(options).RunAsync(stop.Token)
                : new EmbeddedHost(options).RunAsync(stop.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
    }
}
