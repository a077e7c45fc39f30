using System.CommandLine;
using Recommender.Standalone.Demo;

namespace Recommender.Standalone;

/// <summary><c>demo --to URL</c>: the demonstration catalogue for a server that runs already.</summary>
internal static class DemoCommand
{
    public static Command Create(TextWriter output)
    {
        var to = new Option<Uri>("--to")
        {
            Description = "Address of the server, e.g. http://127.0.0.1:8080. It must be empty.",
            HelpName = "URL",
            Required = true,
        };
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that remembers how far the demonstration is loaded, so that an interrupted load continues.",
            HelpName = "DIR",
            Required = true,
        };
        to.CustomParser = result =>
        {
            if (result.Tokens is [var token] && Uri.TryCreate(token.Value, UriKind.Absolute, out var uri)
                && uri.Scheme is "http" or "https")
            {
                return uri;
            }
            result.AddError("--to is not an address such as http://127.0.0.1:8080.");
            return null;
        };
        const string description =
            "Sends the demonstration catalogue to an empty server. Its key, where one is asked for, is RECOMMENDER_KEY in the environment.";
        var command = new Command("demo", description) { to, data };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new HttpClient { BaseAddress = parsed.GetRequiredValue(to) };
            if (Environment.GetEnvironmentVariable("RECOMMENDER_KEY") is { Length: > 0 } key)
                client.DefaultRequestHeaders.Add("X-API-Key", key);
            bool sent = await DemoLoader.LoadAsync(client, parsed.GetRequiredValue(data).FullName, progress: null, cancellationToken);
            await output.WriteLineAsync(sent ? "The demonstration is loaded and being trained on."
                : "Nothing was sent: the server holds data already.");
            return 0;
        });
        return command;
    }
}
