using System.CommandLine;
using System.Globalization;
using Recommender.CommandLines;

namespace Recommender.Standalone;

/// <summary>The command line of the one-process installation.</summary>
public static class CommandLine
{
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default) =>
        CommandRunner.RunAsync(Build(), args, output, error, cancellationToken);

    private static RootCommand Build()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder for everything that is kept.",
            HelpName = "DIR",
            DefaultValueFactory = _ => new DirectoryInfo("data")
        };
        var port = new Option<int>("--port")
        {
            Description = "Port on 127.0.0.1; 0 takes a free one.",
            HelpName = "N",
            DefaultValueFactory = _ => 8080
        };
        var demo = new Option<bool>("--demo") { Description = "Fill an empty data folder with the demonstration catalogue." };
        var noDemo = new Option<bool>("--no-demo") { Description = "Start empty (the default)." };
        port.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && !(int.TryParse(token.Value, CultureInfo.InvariantCulture, out int number)
                && number is >= 0 and <= 65535)) r.AddError("--port must be a number from 0 to 65535.");
        });

        var root = new RootCommand("Recommender: everything in one process, nothing to install.") { data, port, demo, noDemo };
        root.Validators.Add(r =>
        {
            if (r.GetValue(demo) && r.GetValue(noDemo)) r.AddError("--demo and --no-demo exclude each other.");
        });
        root.SetAction((parsed, cancellationToken) => StandaloneHost.RunAsync(
            new StandaloneOptions(parsed.GetRequiredValue(data).FullName, parsed.GetValue(port), parsed.GetValue(demo)),
                cancellationToken));
        return root;
    }
}
