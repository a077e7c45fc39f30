using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Recommender.AppHost;

/// <summary>A command of the command line tool, such as <c>backup</c>.</summary>
internal static class CliCommand
{
    /// <summary>Runs it to its end and returns its last line.</summary>
    /// <param name="log">Gets every line; null for none.</param>
    /// <exception cref="LocalHostException">The command failed; the message is its last output.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment,
        ILogger? log, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [LocalHost.DllOf("Cli"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = ReadAsync(process.StandardOutput, log, cancellationToken);
        var error = ReadAsync(process.StandardError, log, cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        string said = await output, complaint = await error;
        if (process.ExitCode == 0) return said;
        throw new LocalHostException(complaint.Length > 0 ? complaint : $"{arguments[0]} ended with {process.ExitCode}.");
    }

    private static async Task<string> ReadAsync(StreamReader reader, ILogger? log, CancellationToken cancellationToken)
    {
        string last = "";
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0) continue;
            last = line;
            log?.LogInformation("{Line}", line);
        }
        return last;
    }
}
