using Recommender.Standalone;

return await CommandLine.RunAsync(args, Console.Out, Console.Error);
