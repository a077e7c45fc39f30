using System.CommandLine;
using System.IO.Compression;
using Recommender.CommandLines;

namespace Recommender.Cli.Backup;

/// <summary><c>backup FILE</c>: everything the product holds, in one compressed file that fits either database.</summary>
internal static class BackupCommand
{
    public static Command Create(TextWriter output)
    {
        var options = new StoreOptions();
        var to = new Argument<FileInfo>("FILE") { Description = "File to write; it must not exist." };
        var command = new Command("backup", "Writes everything that is held into one file, while the services run.") { to };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(to).FullName;
            if (File.Exists(path)) throw new CommandException($"{path} exists. Choose another name, or remove it.");
            await using var store = options.Open(parsed, mustExist: true);
            await using (var file = new FileStream(path + ".new", FileMode.Create))
            await using (var packed = new GZipStream(file, CompressionLevel.Fastest))
            {
                await StoreOptions.RunAsync(() => store.BackupAsync(packed, cancellationToken));
            }

            File.Move(path + ".new", path);
            await output.WriteLineAsync($"Wrote {path}, {new FileInfo(path).Length:N0} bytes.");
            return 0;
        });
        return command;
    }
}
