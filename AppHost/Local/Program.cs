using System.CommandLine;
using System.Runtime.InteropServices;
using Recommender.AppHost;
using Recommender.LocalServers;

// Started without -p:Aspire=true. Everything below the data folder; nothing is written elsewhere.
var data = new Option<DirectoryInfo>("--data")
{
    Description = "Folder for everything that is kept.",
    HelpName = "DIR",
    DefaultValueFactory = _ => new DirectoryInfo(LocalHost.DefaultDataFolder),
};
var port = new Option<int>("--port") { Description = "Port of the page and the API on 127.0.0.1; with --servers the services take the three ports after it.", HelpName = "N", DefaultValueFactory = _ => 8080 };
var noDemo = new Option<bool>("--no-demo") { Description = "Start empty, without the demonstration catalogue." };
var servers = new Option<bool>("--servers") { Description = "Run Ingest, Trainer, Recommend and Console as processes over RabbitMQ, Redis and PostgreSQL, all started here. Starts empty." };
port.Validators.Add(result =>
{
    if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int number) && number is < 1 or > 65_000) result.AddError("--port must be between 1 and 65000.");
});
var root = new RootCommand("Recommender: starts the whole product on this machine.") { data, port, noDemo, servers };

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"{parsed.Errors[0].Message.ReplaceLineEndings(" ")} (--help lists what is possible)");
    return 2;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext context)
{
    context.Cancel = true; // The children are stopped in order first.
    stop.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

root.SetAction(async (result, _) =>
{
    var options = new LocalHostOptions(result.GetRequiredValue(data).FullName, result.GetValue(port), Demo: !result.GetValue(noDemo));
    try
    {
        return await (result.GetValue(servers) ? new ServersHost(options).RunAsync(stop.Token) : new EmbeddedHost(options).RunAsync(stop.Token));
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        return 0;
    }
    catch (Exception e) when (e is LocalHostException or ServerMissingException or ServerFailedException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"recommender: {e.Message}");
        return 1;
    }
});
return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
