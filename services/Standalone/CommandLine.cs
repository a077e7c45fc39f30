using System.CommandLine;
using System.Globalization;
using Recommender.Standalone.Import;

namespace Recommender.Standalone;

/// <summary>The command line: without a command everything runs; each command has a file of its own.</summary>
public static class CommandLine
{
    /// <summary>Exit code of a command line that cannot be understood.</summary>
    public const int UsageError = 2;

    /// <summary>Exit code of a command stopped by Ctrl-C.</summary>
    public const int Interrupted = 130;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error,
        CancellationToken cancellationToken = default)
    {
        var result = Build(output, error).Parse(args);
        if (result.Errors.Count > 0)
        {
            await error.WriteLineAsync($"{OneLine(result.Errors[0].Message)} (--help lists the options)");
            return UsageError;
        }

        try
        {
            // The commands stop by themselves on Ctrl-C and SIGTERM, so the library's own handling, which ends the process after a while,
            // is off.
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

    private static RootCommand Build(TextWriter output, TextWriter error)
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder for everything that is kept.",
            HelpName = "DIR",
            DefaultValueFactory = _ => new DirectoryInfo("data")
        };
        var port = new Option<int>("--port")
        {
            Description = "Port on 127.0.0.1; 0 takes a free one.",
            HelpName = "N",
            DefaultValueFactory = _ => 8080
        };
        var demo = new Option<bool>("--demo") { Description = "Fill an empty data folder with the demonstration catalogue." };
        var noDemo = new Option<bool>("--no-demo") { Description = "Start empty (the default)." };
        port.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && !(int.TryParse(token.Value, CultureInfo.InvariantCulture, out int number)
                && number is >= 0 and <= 65535)) r.AddError("--port must be a number from 0 to 65535.");
        });

        var root = new RootCommand("Recommender: everything in one process, nothing to install.") { data, port, demo, noDemo };
        root.Validators.Add(r =>
        {
            if (r.GetValue(demo) && r.GetValue(noDemo)) r.AddError("--demo and --no-demo exclude each other.");
        });
        root.SetAction((parsed, cancellationToken) => StandaloneHost.RunAsync(
            new StandaloneOptions(parsed.GetRequiredValue(data).FullName, parsed.GetValue(port), parsed.GetValue(demo)),
                cancellationToken));
        root.Subcommands.Add(ImportCommand.Create(output, error));
        root.Subcommands.Add(DemoCommand.Create(output));
        root.Subcommands.Add(KeysCommand.Create(output));
        foreach (var command in BackupCommands.Create(output)) root.Subcommands.Add(command);
        return root;
    }

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
