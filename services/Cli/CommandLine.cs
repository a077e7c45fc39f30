using System.CommandLine;
using Recommender.Cli.Backup;
using Recommender.Cli.Import;
using Recommender.CommandLines;

namespace Recommender.Cli;

/// <summary>The program <c>recommender</c>: each command has a file of its own.</summary>
public static class CommandLine
{
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var root = new RootCommand("Recommender: imports, keys, backups and exports.")
        {
            ImportCommand.Create(output, error),
            DemoCommand.Create(output),
            ExportCommand.Create(output),
            KeysCommand.Create(output),
            BackupCommand.Create(output),
            RestoreCommand.Create(output),
            ReplayCommand.Create(output),
        };
        return CommandRunner.RunAsync(root, args, output, error, cancellationToken);
    }
}
