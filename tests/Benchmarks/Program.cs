using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.Json;
using Recommender.Benchmarks;
using Recommender.Benchmarks.Running;
using Recommender.LocalServers;

// One verb per benchmark: progress on stderr, one JSON object as the last line of stdout. Each verb has its own file.
var root = new RootCommand("Benchmarks of Recommender. Run with -c Release.");
foreach (var verb in Verbs.All()) root.Subcommands.Add(verb);
root.Subcommands.Add(BareServer.CreateCommand());
var parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction) return Fail(parsed.Errors[0].Message);
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException
    or InvalidDataException or JsonException or ServerMissingException or OperationCanceledException)
{
    // Inputs and programs that are missing or damaged. Anything else is a failure of the benchmark, and its trace is needed.
    return Fail(e.Message);
}

static int Fail(string message)
{
    Console.Error.WriteLine($"benchmarks: {message.ReplaceLineEndings(" ")}");
    return 1;
}
