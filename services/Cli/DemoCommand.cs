using System.CommandLine;
using Recommender.Client;
using Recommender.CommandLines;
using Recommender.Demo;

namespace Recommender.Cli;

/// <summary><c>demo --to URL</c>: the demonstration catalogue for a server that runs already.</summary>
internal static class DemoCommand
{
    public static Command Create(TextWriter output)
    {
        var to = ServerOption.Create("--to", "Address of the server, which must be empty");
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that remembers how far the demonstration is loaded, so that an interrupted load continues.",
            HelpName = "DIR",
            Required = true,
        };
        string description = "Sends the demonstration catalogue to an empty server. "
            + $"A server that requires a key gets the one in {ServerOption.KeyVariable}.";
        var command = new Command("demo", description) { to, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = ServerOption.Connect(parsed.GetRequiredValue(to));
            try
            {
                bool sent = await DemoLoader.LoadAsync(client, parsed.GetRequiredValue(data).FullName, cancellationToken);
                await output.WriteLineAsync(sent ? "The demonstration is loaded and being trained on."
                    : "Nothing was sent: the server holds data already.");
                return 0;
            }
            catch (ClientException e)
            {
                throw new CommandException(e.Message, inner: e);
            }
        });
        return command;
    }
}
