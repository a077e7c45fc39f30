namespace Recommender.CommandLines;

/// <summary>A command cannot continue. Its message is shown as one line: the error and its fix.</summary>
public sealed class CommandException(string message, int exitCode = 1, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
