using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost;

/// <summary>The command line of the host: its own options, and those that Aspire's tools give every AppHost.</summary>
internal sealed partial class HostCommandLine
{
    // What Aspire's command line tool calls an AppHost with.
    private readonly Option<string?>[] _aspire =
    [
        .. ((string[])
            [
                "--operation", "--publisher", "--step", "--output-path",
                "--log-level", "--include-exception-details", "--environment", "--clear-cache",
            ])
            .Select(name => new Option<string?>(name) { Hidden = true, Arity = ArgumentArity.ZeroOrOne }),
    ];

    private readonly Option<DirectoryInfo> _data = new("--data")
    {
        Description = "Folder for everything that is kept.",
        HelpName = "DIR",
        DefaultValueFactory = _ => new DirectoryInfo(LocalHost.DefaultDataFolder),
    };

    private readonly Option<int> _port = Number("--port",
        "Port of the page and the API on 127.0.0.1; with --servers the services take the three ports after it.", 8080, 1, 65_000);
    private readonly Option<int> _dashboardPort = Number("--dashboard-port",
        "Port of the dashboard on 127.0.0.1; another is taken where it is in use.", 15_888, 1, 65_000);
    private readonly Option<bool> _noDemo = new("--no-demo") { Description = "Start empty, without the demonstration catalogue." };
    private readonly Option<bool> _plain = new("--plain")
    {
        Description = "Without Aspire: no dashboard, 60 MB instead of 700 MB for the host.",
    };

    private readonly Option<bool> _servers = new("--servers")
    {
        Description = "Run Ingest, Trainer, Recommend and Console as processes over RabbitMQ, Redis and PostgreSQL, all started here. "
            + "Starts empty.",
    };

    private readonly Option<bool> _containers = new("--containers")
    {
        Description = "Like --servers, with RabbitMQ, Redis and PostgreSQL in containers (needs Docker or Podman).",
    };

    private readonly Option<int> _replicas = Number("--recommend-replicas",
        "Instances of Recommend (--servers and --containers).", 1, 1, 16);

    private readonly Option<bool> _requireKeys = new("--require-keys")
    {
        Description = "Services require an API key; an administrator's key is generated and kept in the data folder.",
    };

    private readonly Option<string[]> _without = new("--without")
    {
        Description = "Service that is not started, because you run it in a debugger; may be repeated.",
        HelpName = "SERVICE",
    };

    private readonly RootCommand _root;

    public HostCommandLine()
    {
        _root = new RootCommand("Recommender: starts the whole product on this machine, with the Aspire dashboard.")
        {
            _data, _port, _dashboardPort, _noDemo, _plain, _servers, _containers, _replicas, _requireKeys, _without,
        };
        foreach (var option in _aspire) _root.Options.Add(option);
        _without.Validators.Add(result =>
        {
            var names = ProductTopology.OverServers().Services.Select(service => service.Name).ToList();
            foreach (var token in result.Tokens.Where(token => !names.Contains(token.Value)))
            {
                result.AddError($"--without: there is no service '{token.Value}'; there are {string.Join(", ", names)}.");
            }
        });
        _root.Validators.Add(result =>
        {
            bool servers = result.GetValue(_servers), containers = result.GetValue(_containers);
            bool counted = result.GetResult(_replicas) is { Implicit: false };
            if (servers && containers) result.AddError("--servers and --containers exclude each other.");
            if (containers && result.GetValue(_plain)) result.AddError("--plain starts installed servers only; leave --containers out.");
            if (!servers && !containers && counted) result.AddError("--recommend-replicas is for --servers and --containers.");
            bool leftOut = result.GetResult(_without) is not null;
            if (!servers && !containers && leftOut) result.AddError("--without is for --servers and --containers.");
        });
    }

    /// <summary>Parses the arguments and runs the action with the resulting options; returns the exit code.</summary>
    public async Task<int> RunAsync(string[] args, Func<HostOptions, Task<int>> action)
    {
        // `--Section:Key=value` is a setting of Aspire's configuration.
        string[] settings = [.. args.Where(argument => Setting().IsMatch(argument))];
        var parsed = _root.Parse([.. args.Except(settings)]);
        if (parsed.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{parsed.Errors[0].Message.ReplaceLineEndings(" ")} (--help lists the options)");
            return 2;
        }

        _root.SetAction((result, _) => action(Read(result, settings)));
        // The hosts stop in order on Ctrl-C and SIGTERM, so the library's own handling is off.
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await parsed.InvokeAsync(invocation);
    }

    private HostOptions Read(ParseResult result, string[] settings)
    {
        // A switch without a value is on.
        var given = _aspire.Where(option => result.GetResult(option) is { Implicit: false })
            .ToDictionary(option => option.Name, option => result.GetValue(option) ?? "true");
        bool publishes = given.GetValueOrDefault("--operation") == "publish";
        // Without a step Aspire would deploy.
        if (publishes) given.TryAdd("--step", "publish");
        return new HostOptions
        {
            Data = result.GetRequiredValue(_data).FullName,
            Port = result.GetValue(_port),
            DashboardPort = result.GetValue(_dashboardPort),
            Mode = result.GetValue(_servers) ? HostMode.Servers : result.GetValue(_containers) ? HostMode.Containers : HostMode.Embedded,
            Plain = result.GetValue(_plain),
            Demo = !result.GetValue(_noDemo),
            RecommendReplicas = result.GetValue(_replicas),
            RequireKeys = result.GetValue(_requireKeys),
            Without = result.GetValue(_without) ?? [],
            IsPublishing = publishes,
            AspireArguments = [.. given.Select(option => $"{option.Key}={option.Value}"), .. settings],
        };
    }

    private static Option<int> Number(string name, string description, int value, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            // What is no number is refused by the library.
            if (result.Tokens is not [var token] || !int.TryParse(token.Value, CultureInfo.InvariantCulture, out int number)) return;
            if (number < least || number > most)
            {
                result.AddError($"{name} must be between {least} and {most}; got {number}.");
            }
        });
        return option;
    }

    [GeneratedRegex("^--[A-Za-z]+:[^=]+=", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Setting();
}
