using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Orchestration;

/// <summary>Commands of the dashboard: train, release and roll back, replay dead letters, import, back up.</summary>
/// <param name="servers">Servers by name.</param>
/// <param name="data">The data folder.</param>
internal sealed class OperatorCommands(
    LocalDeployment deployment, IReadOnlyDictionary<string, IResourceWithConnectionString> servers, string data)
{
    private const string Shop = "demonstration";
    private const string Version = "version", Set = "set", Path = "path";

    private static readonly KeyValuePair<string, string>[] s_sets =
    [
        new(Shop, "The demonstration shop"), new("online-retail", "Online Retail (UCI)"), new("movielens", "MovieLens"),
        new("deskdrop", "DeskDrop"), new("lightgcn", "A LightGCN split"),
    ];

    public void AddTo(IResourceBuilder<ExecutableResource> resource)
    {
        resource
            .WithCommand("train", "Train now", Guarded(TrainAsync), new CommandOptions
            {
                Description = "Trains a model on all events; it is released if it is not worse than the one in service.",
                IconName = "BrainCircuit",
                IsHighlighted = true,
            })
            .WithCommand("release", "Release or roll back", Guarded(ReleaseAsync), new CommandOptions
            {
                Description = "Puts a model version into service, a newer or an older one.",
                IconName = "ArrowSwap",
                Arguments =
                [
                    new InteractionInput
                    {
                        Name = Version,
                        Label = "Version",
                        InputType = InputType.Choice,
                        Required = true,
                        Options = [],
                        DynamicLoading = new InputLoadOptions { LoadCallback = LoadVersionsAsync, AlwaysLoadOnStart = true },
                    },
                ],
            })
            .WithCommand("replay-dead-letters", "Replay dead letters", Guarded(ReplayAsync), new CommandOptions
            {
                Description = "Sends the messages that could not be read through the stream again.",
                IconName = "ArrowRepeatAll",
            })
            .WithCommand("import", "Import a data set", Guarded(ImportAsync), new CommandOptions
            {
                Description = "Fills the catalogue and the event stream. Repeating an import changes nothing.",
                IconName = "ArrowImport",
                Arguments =
                [
                    new InteractionInput
                    {
                        Name = Set,
                        Label = "Data set",
                        InputType = InputType.Choice,
                        Required = true,
                        Value = Shop,
                        Options = s_sets,
                    },
                    new InteractionInput
                    {
                        Name = Path,
                        Label = "File or folder",
                        Description = "Not needed for the demonstration shop.",
                        InputType = InputType.Text,
                    },
                ],
                ValidateArguments = context =>
                {
                    var path = context.Inputs[Path];
                    if (context.Inputs[Set].Value != Shop && string.IsNullOrWhiteSpace(path.Value))
                    {
                        context.AddValidationError(path, "Give the file or folder that holds the data set.");
                    }
                    return Task.CompletedTask;
                },
            })
            .WithCommand("back-up", "Back up", Guarded(BackUpAsync), new CommandOptions
            {
                Description = "Writes everything that is held into one file in the data folder while the services run.",
                IconName = "SaveArrowRight",
            });
    }

    private async Task<ExecuteCommandResult> TrainAsync(ExecuteCommandContext context)
    {
        var answer = await Api(context.Services).SendAsync(HttpMethod.Post, "/v1/models", context.CancellationToken);
        return CommandResults.Success(answer.GetProperty("detail").GetString()!);
    }

    private async Task<ExecuteCommandResult> ReleaseAsync(ExecuteCommandContext context)
    {
        if (!long.TryParse(context.Arguments[Version].Value, NumberStyles.None, CultureInfo.InvariantCulture, out long version))
        {
            throw new LocalHostException("The version must be a number; GET /v1/models lists them.");
        }
        await Api(context.Services).SendAsync(HttpMethod.Post, $"/v1/models/{version}/release", context.CancellationToken);
        return CommandResults.Success($"Version {version} is in service.");
    }

    private async Task<ExecuteCommandResult> ReplayAsync(ExecuteCommandContext context)
    {
        var answer = await Api(context.Services).SendAsync(HttpMethod.Post, "/v1/deadletters/replay", context.CancellationToken);
        return CommandResults.Success($"{answer.GetProperty("replayed").GetInt64()} messages are in the stream again.");
    }

    private async Task<ExecuteCommandResult> ImportAsync(ExecuteCommandContext context)
    {
        string set = context.Arguments[Set].Value ?? Shop;
        string[] arguments = set == Shop
            ? ["demo", "--to", deployment.Public.Address, "--data", data]
            : ["import", context.Arguments[Path].Value ?? "", "--preset", set, "--to", deployment.Public.Address];
        var environment = new Dictionary<string, string>();
        // Not on the command line, where everybody could read it.
        if (deployment.Key is { } key) environment["RECOMMENDER_KEY"] = key.Secret;
        return CommandResults.Success(await CliCommand.RunAsync(arguments, environment, context.Logger, context.CancellationToken));
    }

    private async Task<ExecuteCommandResult> BackUpAsync(ExecuteCommandContext context)
    {
        string folder = System.IO.Path.Combine(data, "backups");
        Directory.CreateDirectory(folder);
        string file = System.IO.Path.Combine(folder, $"recommender-{DateTime.UtcNow:yyyyMMdd-HHmmss}.backup");
        var environment = new Dictionary<string, string>();
        string[] source = deployment.Public.Service.KeepsData
            ? ["--data", data]
            : ["--postgres", await PostgresAsync(environment, context.CancellationToken)];
        string said = await CliCommand.RunAsync(["backup", file, .. source], environment, context.Logger, context.CancellationToken);
        return CommandResults.Success(said);
    }

    /// <summary>
    /// The connection string without its password, which goes into the environment: a command line can be read by everybody.
    /// </summary>
    private async Task<string> PostgresAsync(Dictionary<string, string> environment, CancellationToken cancellationToken)
    {
        string? connection = await servers[ProductTopology.Postgres].GetConnectionStringAsync(cancellationToken);
        var settings = new DbConnectionStringBuilder { ConnectionString = connection };
        environment["PGPASSWORD"] = (string)settings["Password"];
        settings.Remove("Password");
        return settings.ConnectionString!;
    }

    private async Task LoadVersionsAsync(LoadInputContext context)
    {
        var answer = await Api(context.Services).SendAsync(HttpMethod.Get, "/v1/models", context.CancellationToken);
        context.Input.Options = [.. answer.GetProperty("models").EnumerateArray().Select(Describe)];

        static KeyValuePair<string, string> Describe(JsonElement model)
        {
            string version = model.GetProperty("version").GetInt64().ToString(CultureInfo.InvariantCulture);
            var trainedAt = model.GetProperty("trainedAt").GetDateTimeOffset();
            return new(version, $"{version}: {model.GetProperty("state").GetString()}, trained {trainedAt:yyyy-MM-dd HH:mm}");
        }
    }

    private OperatorApi Api(IServiceProvider services) => new(deployment, services.GetRequiredService<IHttpClientFactory>());

    /// <summary>A refusal of the product is shown as its message, not as a stack trace.</summary>
    private static Func<ExecuteCommandContext, Task<ExecuteCommandResult>> Guarded(
        Func<ExecuteCommandContext, Task<ExecuteCommandResult>> command) => async context =>
    {
        try
        {
            return await command(context);
        }
        catch (LocalHostException e)
        {
            return CommandResults.Failure(e.Message);
        }
    };
}
