using System.CommandLine;
using System.Net;
using Recommender.Client;
using Recommender.CommandLines;

namespace Recommender.Cli;

/// <summary><c>export USER --from URL</c>: everything a server holds on a user.</summary>
internal static class ExportCommand
{
    public static Command Create(TextWriter output)
    {
        var user = new Argument<string>("USER") { Description = "Id of the user." };
        var from = ServerOption.Create("--from", "Address of the server");
        string description = "Writes everything that a server holds on a user, as JSON. "
            + $"A server that requires a key gets the one in {ServerOption.KeyVariable}; its scope is 'admin'.";
        var command = new Command("export", description) { user, from };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = ServerOption.Connect(parsed.GetRequiredValue(from));
            // The id is a query parameter, because a path cannot hold the ids "." and "..".
            string path = $"v1/users/export?userId={Uri.EscapeDataString(parsed.GetRequiredValue(user))}";
            try
            {
                using var response = await client.GetAsync(path, cancellationToken);
                if (response.StatusCode != HttpStatusCode.OK)
                    throw new CommandException($"{client.BaseAddress} answered {await ProblemText.ReadAsync(response, cancellationToken)}");
                await output.WriteLineAsync(await response.Content.ReadAsStringAsync(cancellationToken));
                return 0;
            }
            catch (HttpRequestException e)
            {
                throw new CommandException($"{client.BaseAddress} could not be reached: {e.GetBaseException().Message}", inner: e);
            }
        });
        return command;
    }
}
