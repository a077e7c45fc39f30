using System.CommandLine;
using Recommender.CommandLines;
using Recommender.Storage;
using Recommender.Storage.Events;

namespace Recommender.Cli.Backup;

/// <summary>The options of a command that works on the data of an installation: a data folder or PostgreSQL.</summary>
internal sealed class StoreOptions
{
    private readonly Option<DirectoryInfo?> _data = new("--data")
    {
        Description = "Data folder of a stopped or running one-process installation.",
        HelpName = "DIR"
    };

    private readonly Option<string?> _postgres = new("--postgres")
    {
        Description = "Connection string of PostgreSQL, in place of --data.",
        HelpName = "CONNECTION"
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_data);
        command.Options.Add(_postgres);
    }

    /// <param name="mustExist">Whether a data folder without data is an error.</param>
    /// <exception cref="CommandException">The options name no installation, or more than one.</exception>
    public IStore Open(ParseResult parsed, bool mustExist)
    {
        var data = parsed.GetValue(_data);
        string? postgres = parsed.GetValue(_postgres);
        if ((data is null) == (postgres is null)) throw new CommandException("Give either --data or --postgres.", ExitCode.UsageError);
        string file = Path.Combine(data?.FullName ?? "", "store.db");
        if (postgres is null && mustExist && !File.Exists(file))
            throw new CommandException($"{data!.FullName} holds no data: there is no store.db in it.");
        return Stores.Open(postgres, file, new StatisticsSettings());
    }

    /// <summary>Runs work on a store. What the store refuses is the user's to mend: one line, not a stack trace.</summary>
    /// <exception cref="CommandException">The store refused.</exception>
    public static async Task RunAsync(Func<Task> work)
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
