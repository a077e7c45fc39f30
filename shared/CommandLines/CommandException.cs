namespace Recommender.CommandLines;

/// <summary>A command cannot continue. The message is the one line that is shown; it says what is wrong and what to do.</summary>
public sealed class CommandException(string message, int exitCode = 1, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
