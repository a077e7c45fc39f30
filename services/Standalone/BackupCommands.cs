using System.CommandLine;
using System.IO.Compression;
using Recommender.Storage;
using Recommender.Storage.Events;
using Rfc3339 = Recommender.Contracts.Rfc3339;

namespace Recommender.Standalone;

/// <summary><c>backup</c> and <c>restore</c>: everything the product holds, in one compressed file that fits either database.</summary>
internal static class BackupCommands
{
    public static IEnumerable<Command> Create(TextWriter output)
    {
        var data = new Option<DirectoryInfo?>("--data")
        {
            Description = "Data folder of a stopped or running one-process installation.",
            HelpName = "DIR"
        };
        var postgres = new Option<string?>("--postgres")
        {
            Description = "Connection string of PostgreSQL, in place of --data.",
            HelpName = "CONNECTION"
        };

        var to = new Argument<FileInfo>("FILE") { Description = "File to write; it must not exist." };
        var backup = new Command("backup", "Writes everything that is held into one file, while the services go on.") { to, data,
            postgres };
        backup.SetAction(async (parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(to).FullName;
            if (File.Exists(path)) throw new CommandException($"{path} exists. Choose another name, or remove it.");
            await using var store = Open(parsed.GetValue(data), parsed.GetValue(postgres), mustExist: true);
            await using (var file = new FileStream(path + ".new", FileMode.Create))
            await using (var packed = new GZipStream(file, CompressionLevel.Fastest))
            {
                await Guarded(() => store.BackupAsync(packed, cancellationToken));
            }

            File.Move(path + ".new", path);
            await output.WriteLineAsync($"Wrote {path}, {new FileInfo(path).Length:N0} bytes.");
            return 0;
        });

        var from = new Argument<FileInfo>("FILE") { Description = "File written by backup." };
        var restore = new Command("restore", "Fills an empty installation from a backup. Its services must be stopped.") { from, data,
            postgres };
        restore.SetAction(async (parsed, cancellationToken) =>
        {
            string path = parsed.GetRequiredValue(from).FullName;
            if (!File.Exists(path)) throw new CommandException($"There is no file {path}.");
            await using var store = Open(parsed.GetValue(data), parsed.GetValue(postgres), mustExist: false);
            await using var packed = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
            await Guarded(async () =>
            {
                await store.MigrateAsync(cancellationToken);
                await store.RestoreAsync(packed, cancellationToken);
            });
            await output.WriteLineAsync($"Restored {path}. The services rebuild factors from it when they start.");
            return 0;
        });
        return [backup, restore, Replay(output)];
    }

    private static Command Replay(TextWriter output)
    {
        var data = new Option<DirectoryInfo?>("--data")
        {
            Description = "Data folder of a stopped or running one-process installation.",
            HelpName = "DIR"
        };
        var postgres = new Option<string?>("--postgres")
        {
            Description = "Connection string of PostgreSQL, in place of --data.",
            HelpName = "CONNECTION"
        };
        var into = new Option<DirectoryInfo?>("--into") { Description = "Data folder of the new installation.", HelpName = "DIR" };
        var intoPostgres = new Option<string?>("--into-postgres")
        {
            Description =
            "Connection string of an empty database, in place of --into.",
            HelpName = "CONNECTION"
        };
        var until = new Option<DateTimeOffset>("--until")
        {
            Description = "Time of the last event that counts, RFC 3339 with an offset, as in 2026-01-31T12:00:00Z.",
            HelpName = "TIME",
            Required = true,
            CustomParser = result =>
            {
                if (!Rfc3339.TryParse(result.Tokens[0].Value, out var time, out string? error)) result.AddError($"--until {error}.");
                return time;
            },
        };
        var replay = new Command("replay",
            "Builds a new installation from the events up to a time, with factors and a model learnt from them alone. The old one stays "
                + "as it is.") { until, data, postgres, into, intoPostgres };
        replay.SetAction(async (parsed, cancellationToken) =>
        {
            await using var source = Open(parsed.GetValue(data), parsed.GetValue(postgres), mustExist: true);
            if ((parsed.GetValue(into) is null) == (parsed.GetValue(intoPostgres) is null))
                throw new CommandException("Say either --into or --into-postgres.", CommandLine.UsageError);
            await using var app = ReplayHost.Build(parsed.GetValue(into)?.FullName, parsed.GetValue(intoPostgres));
            await Guarded(async () =>
            {
                var (events, outcome) = await ReplayHost.RunAsync(app, source, parsed.GetValue(until), cancellationToken);
                await output.WriteLineAsync($"Replayed {events:N0} events; {outcome.TrimEnd('.')}. Start the services on the new "
                    + $"installation; with Redis, on an empty one.");
            });
            return 0;
        });
        return replay;
    }

    private static IStore Open(DirectoryInfo? data, string? postgres, bool mustExist)
    {
        if ((data is null) == (postgres is null)) throw new CommandException("Say either --data or --postgres.", CommandLine.UsageError);
        string file = Path.Combine(data?.FullName ?? "", "store.db");
        if (postgres is null && mustExist && !File.Exists(file))
            throw new CommandException($"{data!.FullName} holds no data: there is no store.db in it.");
        return Stores.Open(postgres, file, new StatisticsSettings());
    }

    /// <summary>What the store refuses is the user's to mend: one line, not a stack trace.</summary>
    private static async Task Guarded(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is StoreUnavailableException or InvalidOperationException or InvalidDataException)
        {
            throw new CommandException(e.Message, inner: e);
        }
    }
}
