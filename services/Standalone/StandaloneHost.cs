using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Recommender.Client;
using Recommender.CommandLines;
using Recommender.Demo;
using Recommender.Ingest;
using Recommender.Insights;
using Recommender.Recommend;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Keys;
using Recommender.Trainer;
using Recommender.WebConsole;

namespace Recommender.Standalone;

/// <summary>Ingest, Trainer, Recommend, Insights and the page in one process: in-memory bus, SQLite, in-process factor store.</summary>
public static class StandaloneHost
{
    private const string DemoKey = "Demo:Key";

    /// <summary>Runs until stopped; returns the exit code.</summary>
    /// <exception cref="CommandException">The data folder or the port is taken, or the demonstration cannot be loaded.</exception>
    public static async Task<int> RunAsync(StandaloneOptions options, CancellationToken cancellationToken = default)
    {
        using var ownership = LockDataFolder(options.DataDirectory);
        await using var app = await StartAsync(options, cancellationToken);
        if (options.Demo) await LoadDemoAsync(app, options.DataDirectory, cancellationToken);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    private static async Task<WebApplication> StartAsync(StandaloneOptions options, CancellationToken cancellationToken)
    {
        WebApplication? app = null;
        bool started = false;
        try
        {
            app = Build(options);
            await app.StartAsync(cancellationToken);
            started = true;
            return app;
        }
        catch (Exception e) when (e is OptionsValidationException or InvalidOperationException)
        {
            // A setting that cannot be used: the message names it.
            throw new CommandException($"Cannot start: {e.Message}", inner: e);
        }
        catch (IOException e)
        {
            throw new CommandException($"Port {options.Port} cannot be used ({e.Message}). Choose another with --port.", inner: e);
        }
        finally
        {
            if (!started && app is not null) await app.DisposeAsync();
        }
    }

    private static WebApplication Build(StandaloneOptions options)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration["Data:Directory"] = options.DataDirectory;
        // Connection strings of the environment are for separate services and are ignored in one process.
        foreach (string server in new[] { "rabbitmq", "redis", "postgres" }) builder.Configuration[$"ConnectionStrings:{server}"] = "";
        builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port}");
        builder.AddServiceDefaults("standalone");
        if (options.Demo) AddDemoKey(builder.Configuration);
        builder.AddIngest();
        builder.AddTrainer();
        builder.AddRecommend();
        builder.AddInsights();

        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapIngest();
        app.MapTrainer();
        app.MapRecommend();
        app.MapInsights();
        app.MapConsolePage();
        return app;
    }

    /// <summary>If keys are required, the loader of the demonstration has a separate key, which only exists in this process.</summary>
    private static void AddDemoKey(ConfigurationManager configuration)
    {
        if (!configuration.GetSection("Keys").GetChildren().Any() && string.IsNullOrEmpty(configuration["KeyFile"])) return;
        var (key, entry) = ApiKeys.Create("demonstration", [Scopes.Ingest, Scopes.Admin]);
        configuration[DemoKey] = key;
        configuration["Keys:demonstration:Id"] = entry.Id;
        configuration["Keys:demonstration:Hash"] = entry.Hash;
        configuration["Keys:demonstration:Scopes"] = string.Join(',', entry.Scopes);
    }

    /// <summary>Locks the data folder, because two processes must not share its journal.</summary>
    private static FileStream LockDataFolder(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The data folder {directory} cannot be created ({e.Message}). Choose another with --data.",
                inner: e);
        }

        string path = Path.Combine(directory, "lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CommandException($"The data folder {directory} cannot be written ({e.Message}). Choose another with --data.",
                inner: e);
        }
        catch (IOException e)
        {
            throw new CommandException($"The data folder {directory} is in use by another process. Stop it, or choose another folder with "
                + $"--data.", inner: e);
        }
    }

    private static async Task LoadDemoAsync(WebApplication app, string dataDirectory, CancellationToken cancellationToken)
    {
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        if (app.Configuration[DemoKey] is { } key) client.DefaultRequestHeaders.Add("X-API-Key", key);

        // Ctrl-C stops the server, and the loader must not wait for it.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, app.Lifetime.ApplicationStopping);
        try
        {
            await DemoLoader.LoadAsync(client, dataDirectory, stop.Token);
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The next start continues.
        }
        catch (ClientException e)
        {
            throw new CommandException(e.Message, inner: e);
        }
    }
}
