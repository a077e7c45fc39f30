using System.CommandLine;

namespace Recommender.CommandLines;

/// <summary>Runs the command line of a program: an error is one line on the error stream and an exit code.</summary>
public static class CommandRunner
{
    public static async Task<int> RunAsync(RootCommand root, string[] args, TextWriter output, TextWriter error,
        CancellationToken cancellationToken)
    {
        var result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            // A mistyped command also counts as a missing one; the word that is wrong helps more.
            string problem = result.UnmatchedTokens is [var unknown, ..]
                ? $"Unrecognized command or argument '{unknown}'."
                : result.Errors[0].Message;
            await error.WriteLineAsync($"{OneLine(problem)} (--help lists the options)");
            return ExitCode.UsageError;
        }

        try
        {
            // Commands stop in order on Ctrl-C and SIGTERM, so the library's own handling, which ends the process after a while, is off.
            return await result.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = output,
                    Error = error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null
                },
                cancellationToken);
        }
        catch (CommandException e)
        {
            await error.WriteLineAsync(OneLine(e.Message));
            return e.ExitCode;
        }
    }

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
