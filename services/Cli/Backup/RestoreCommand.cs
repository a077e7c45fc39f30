using System.CommandLine;
using System.IO.Compression;
using Recommender.CommandLines;

namespace Recommender.Cli.Backup;

/// <summary><c>restore FILE</c>: an empty installation filled from a backup.</summary>
internal static class RestoreCommand
{
    public static Command Create(TextWriter output)
    {
        var options = new StoreOptions();
        var from = new Argument<FileInfo>("FILE") { Description = "File written by backup." };
        var command = new Command("restore", "Fills an empty installation from a backup. Its services must be stopped.") { from };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(from).FullName;
            if (!File.Exists(path)) throw new CommandException($"There is no file {path}.");
            await using var store = options.Open(parsed, mustExist: false);
            await using var packed = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
            await StoreOptions.RunAsync(async () =>
            {
                await store.MigrateAsync(cancellationToken);
                await store.RestoreAsync(packed, cancellationToken);
            });
            await output.WriteLineAsync($"Restored {path}. The services rebuild factors from it when they start.");
            return 0;
        });
        return command;
    }
}
