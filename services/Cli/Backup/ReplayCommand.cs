using System.CommandLine;
using Recommender.CommandLines;
using Rfc3339 = Recommender.Contracts.Rfc3339;

namespace Recommender.Cli.Backup;

/// <summary><c>replay --until TIME</c>: a new installation as it was at a time.</summary>
internal static class ReplayCommand
{
    public static Command Create(TextWriter output)
    {
        var options = new StoreOptions();
        var into = new Option<DirectoryInfo?>("--into") { Description = "Data folder of the new installation.", HelpName = "DIR" };
        var intoPostgres = new Option<string?>("--into-postgres")
        {
            Description = "Connection string of an empty database, in place of --into.",
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
        const string description =
            "Builds a new installation from the events up to a time, with factors and a model learnt from them alone. "
            + "The old one stays as it is.";
        var command = new Command("replay", description) { until, into, intoPostgres };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var source = options.Open(parsed, mustExist: true);
            if ((parsed.GetValue(into) is null) == (parsed.GetValue(intoPostgres) is null))
                throw new CommandException("Give either --into or --into-postgres.", ExitCode.UsageError);
            await using var app = ReplayHost.Build(parsed.GetValue(into)?.FullName, parsed.GetValue(intoPostgres));
            await StoreOptions.RunAsync(async () =>
            {
                var (events, outcome) = await ReplayHost.RunAsync(app, source, parsed.GetValue(until), cancellationToken);
                await output.WriteLineAsync($"Replayed {events:N0} events; {outcome.TrimEnd('.')}. Start the services on the new "
                    + $"installation; with Redis, on an empty one.");
            });
            return 0;
        });
        return command;
    }
}
