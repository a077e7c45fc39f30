using Recommender.ServiceDefaults;
using Recommender.WebConsole;

return await ServiceProgram.RunAsync(args, Console.Error, "console", ConsoleService.AddConsole, ConsoleService.MapConsole);
