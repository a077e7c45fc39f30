using System.CommandLine;
using Recommender.CommandLines;
using Recommender.ServiceDefaults.Keys;

namespace Recommender.Cli;

/// <summary><c>keys create</c> and <c>keys remove</c>: API keys of a file that services read by the setting <c>KeyFile</c>.</summary>
internal static class KeysCommand
{
    public static Command Create(TextWriter output)
    {
        var id = new Option<string>("--id")
        {
            Description = "Name of the key: 1 to 32 of a-z, 0-9 and '-'.",
            HelpName = "ID",
            Required = true
        };
        var file = new Option<FileInfo>("--file")
        {
            Description =
            "Key file, as given to the services by the setting KeyFile (environment: KeyFile=PATH).",
            HelpName = "FILE",
            DefaultValueFactory = _ => new FileInfo("keys.json")
        };
        var scopes = new Option<string[]>("--scopes")
        {
            Description = $"What it may do: {string.Join(", ", Scopes.All)}.",
            HelpName = "SCOPE",
            Required = true,
            AllowMultipleArgumentsPerToken = true
        };
        var rate = new Option<int>("--rate") { Description = "Requests per second.", HelpName = "N", DefaultValueFactory = _ => 10_000 };

        var create = new Command("create",
            "Creates a key and shows it once; the file keeps only its hash. Running services reload the file.") { id, scopes, rate, file };
        create.SetAction(result => Run(() =>
        {
            string[] given = [.. result.GetRequiredValue(scopes)
                .SelectMany(s => s.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
            var (key, entry) = ApiKeys.Create(result.GetRequiredValue(id), given, result.GetValue(rate));
            ApiKeys.AddToFile(result.GetRequiredValue(file).FullName, entry);
            output.WriteLine(key);
        }));
        var remove = new Command("remove", "Removes a key. Running services refuse it within seconds.") { id, file };
        remove.SetAction(result => Run(() =>
        {
            string path = result.GetRequiredValue(file).FullName;
            if (!ApiKeys.RemoveFromFile(path, result.GetRequiredValue(id)))
                throw new CommandException($"{path} has no key '{result.GetValue(id)}'.");
        }));
        return new Command("keys", "API keys.") { create, remove };
    }

    private static void Run(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(e.Message, inner: e);
        }
    }
}
