using System.CommandLine;
using Recommender.Benchmarks;

// One verb per benchmark: progress on stderr, one JSON object as the last line of stdout. Each verb lives in a file of its own.
var root = new RootCommand("Benchmarks of Recommender. Run with -c Release.");
foreach (var verb in Verbs.All()) root.Subcommands.Add(verb);
return await root.Parse(args).InvokeAsync();
