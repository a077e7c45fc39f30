using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Recommender.ServiceDefaults;

/// <summary>A service in a process of its own: all of them are composed and started alike.</summary>
public static class ServiceProgram
{
    /// <summary>Runs the service until it is stopped.</summary>
    /// <param name="args">Settings, e.g. <c>--Ingest:GroupBytes=65536</c>. They replace those of the environment and of
    /// <c>appsettings.json</c>
    /// next to the program.</param>
    /// <param name="error">Receives one line if the service cannot start.</param>
    /// <param name="name">Name of the service in telemetry, e.g. <c>ingest</c>.</param>
    /// <param name="isSlim">Leaves out what every request would pass through and no service uses: host filtering and forwarded
    /// headers.</param>
    /// <returns>The exit code: 0; 1 if a setting or an address cannot be used.</returns>
    public static async Task<int> RunAsync(
        string[] args,
        TextWriter error,
        string name,
        Func<WebApplicationBuilder, WebApplicationBuilder> add,
        Func<WebApplication, WebApplication> map,
        bool isSlim = false)
    {
        WebApplication? app = null;
        try
        {
            var options = new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory };
            var builder = isSlim ? WebApplication.CreateSlimBuilder(options) : WebApplication.CreateBuilder(options);
            // The slim builder leaves it out; an https address needs it.
            if (isSlim) builder.WebHost.UseKestrelHttpsConfiguration();
            builder.AddServiceDefaults(name);
            app = add(builder).Build();
            map(app.UseServiceDefaults());
            await app.StartAsync();
        }
        catch (Exception e) when (e is OptionsValidationException or InvalidOperationException or IOException)
        {
            if (app is not null) await app.DisposeAsync();
            await error.WriteLineAsync($"The service {name} cannot start: {e.Message.ReplaceLineEndings(" ")}");
            return 1;
        }

        await using (app) await app.WaitForShutdownAsync();
        return 0;
    }
}
