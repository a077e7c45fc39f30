using Recommender.AppHost;
using Recommender.AppHost.Orchestration;
using Recommender.AppHost.Plain;
using Recommender.LocalServers;

return await new HostCommandLine().RunAsync(args, async options =>
{
    try
    {
        // Aspire's assemblies are loaded where they are first used, so --plain runs without them.
        return options.Plain && !options.IsPublishing ? await PlainHost.RunAsync(options) : await AspireHost.RunAsync(options);
    }
    catch (Exception e) when (
        e is LocalHostException or ServerMissingException or ServerFailedException or IOException or UnauthorizedAccessException)
    {
        await Console.Error.WriteLineAsync($"recommender: {e.Message}");
        return 1;
    }
});
