using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Recommender.ServiceDefaults;

/// <summary>Runs a service as a process.</summary>
public static class ServiceProgram
{
    /// <summary>Runs the service until it is stopped.</summary>
    /// <param name="args">Settings, such as <c>--Ingest:GroupBytes=65536</c>. They override the environment and <c>appsettings.json</c>
    /// next to the program.</param>
    /// <param name="error">Receives one line if the service cannot start.</param>
    /// <param name="name">Name of the service in telemetry, e.g. <c>ingest</c>.</param>
    /// <param name="isSlim">Whether to leave out middleware that no service uses: host filtering and forwarded headers.</param>
    /// <returns>Exit code: 0, or 1 if a setting or an address cannot be used.</returns>
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
            // The slim builder leaves HTTPS out.
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
