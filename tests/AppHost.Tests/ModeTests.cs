using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Recommender.AppHost.Orchestration;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.AppHost.Tests;

/// <summary>The Aspire application in its modes, through the public API and the dashboard's commands.</summary>
public class ModeTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_default_one_process_answers_and_the_dashboards_commands_operate_it()
    {
        using var data = new TempFolder();
        int port = Ports.Free();
        await using var app = await StartAsync("--no-demo", "--data", data.Path, "--port", $"{port}");
        await app.ResourceNotifications.WaitForResourceHealthyAsync("standalone", Cancel).WaitAsync(s_patience, Cancel);

        using var client = app.CreateHttpClient("standalone", "http");
        Assert.Equal(port, client.BaseAddress!.Port);
        await SendAsync(client, "e-1", "ann", "tea");
        await Eventually.EqualAsync(1, () => EventsAsync(client));
        using (var answer = await client.GetAsync("/v1/users/ann/recommendations?count=5", Cancel))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var commands = app.Services.GetRequiredService<ResourceCommandService>();
        Assert.True((await commands.ExecuteCommandAsync("standalone", "train", Cancel)).Success);
        await Eventually.TrueAsync(async () =>
            (await client.GetFromJsonAsync<JsonElement>("/v1/models", Cancel)).GetProperty("models").GetArrayLength() > 0);
        var replayed = await commands.ExecuteCommandAsync("standalone", "replay-dead-letters", Cancel);
        Assert.True(replayed.Success);
        Assert.Contains("0 messages", replayed.Message, StringComparison.Ordinal);
        Assert.True((await commands.ExecuteCommandAsync("standalone", "back-up", Cancel)).Success);
        Assert.NotEqual(0, new FileInfo(Assert.Single(Directory.GetFiles(Path.Combine(data.Path, "backups")))).Length);

        Assert.True((await commands.ExecuteCommandAsync("standalone", "release", Arguments(("version", "1")), Cancel)).Success);
        Assert.Equal("released", (await client.GetFromJsonAsync<JsonElement>("/v1/models/1", Cancel)).GetProperty("state").GetString());
        Assert.False((await commands.ExecuteCommandAsync("standalone", "release", Arguments(("version", "999")), Cancel)).Success);

        // What the product refuses is what the operator reads.
        var refused = await commands.ExecuteCommandAsync("standalone", "import",
            Arguments(("set", "movielens"), ("path", "/no/such/folder")), Cancel);
        Assert.False(refused.Success);
        Assert.Contains("/no/such/folder", refused.Message, StringComparison.Ordinal);
        Assert.False((await commands.ExecuteCommandAsync("standalone", "import", Arguments(("set", "movielens")), Cancel)).Success);

        // A shop for an installation that is not empty would mix with its data.
        var imported = await commands.ExecuteCommandAsync("standalone", "import", Arguments(("set", "demonstration")), Cancel);
        Assert.True(imported.Success, imported.Message);
        Assert.Contains("holds data already", imported.Message, StringComparison.Ordinal);
        Assert.Equal(1, await EventsAsync(client));

        // The health of the resource names the problem.
        Assert.Equal(HealthStatus.Healthy, (await HealthAsync(app)).Status);
        int process = ProcessOf(app, "standalone");
        ProcessTree.Signal(process, ProcessTree.SigStop);
        // The signal stops the threads one by one, so an answer may still come out.
        HealthReportEntry frozen = default;
        await Eventually.TrueAsync(async () => (frozen = await HealthAsync(app)).Status == HealthStatus.Unhealthy);
        Assert.Contains("/health/ready does not answer", frozen.Description, StringComparison.Ordinal);
        ProcessTree.Signal(process, ProcessTree.SigCont);
        await Eventually.TrueAsync(async () => (await HealthAsync(app)).Status == HealthStatus.Healthy);
    }

    [Fact]
    public async Task With_servers_all_processes_answer_with_keys_and_what_dies_comes_back()
    {
        Servers.Require([.. RabbitMqServer.RequiredPrograms, .. RedisCompatibleServer.RequiredPrograms,
            .. PostgresServer.RequiredPrograms]);
        using var data = new TempFolder();
        await using var app = await StartAsync("--servers", "--recommend-replicas", "2", "--require-keys", "--data", data.Path, "--port",
            $"{Ports.Free()}");
        await app.ResourceNotifications.WaitForResourceHealthyAsync("console", Cancel).WaitAsync(s_patience, Cancel);
        foreach (string resource in (string[])["rabbitmq", "redis", "postgres", "trainer", "ingest", "recommend", "recommend-2",
            "insights"])
            await app.ResourceNotifications.WaitForResourceHealthyAsync(resource, Cancel).WaitAsync(s_patience, Cancel);

        using var client = app.CreateHttpClient("console", "http");
        using (var refused = await client.GetAsync("/v1/status", Cancel)) Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        string keyFile = Path.Combine(data.Path, "admin-key");
        Assert.True(IsPrivate(keyFile) && IsPrivate(Path.Combine(data.Path, "keys.json"))
            && IsPrivate(Path.Combine(data.Path, "environment", "trainer.env")));
        client.DefaultRequestHeaders.Add("X-API-Key", (await File.ReadAllTextAsync(keyFile, Cancel)).Trim());
        await SendAsync(client, "e-1", "ann", "tea");
        await Eventually.EqualAsync(1, () => EventsAsync(client));

        var commands = app.Services.GetRequiredService<ResourceCommandService>();
        Assert.True((await commands.ExecuteCommandAsync("console", "train", Cancel)).Success);
        Assert.True((await commands.ExecuteCommandAsync("console", "back-up", Cancel)).Success);
        Assert.Single(Directory.GetFiles(Path.Combine(data.Path, "backups")));

        // A service that is killed, and one that its operator stops.
        foreach (string resource in (string[])["recommend-2", "redis"])
        {
            int process = ProcessOf(app, resource);
            await ProcessTree.KillAsync(process);
            await Eventually.TrueAsync(() => ProcessOf(app, resource) is var now && now != 0 && now != process, s_patience);
            await app.ResourceNotifications.WaitForResourceHealthyAsync(resource, Cancel).WaitAsync(s_patience, Cancel);
        }
        Assert.True((await commands.ExecuteCommandAsync("recommend", "stop", Cancel)).Success);
        await app.ResourceNotifications.WaitForResourceAsync("recommend", KnownResourceStates.TerminalStates, Cancel)
            .WaitAsync(s_patience, Cancel);
        // The other replica answers every request meanwhile.
        for (int i = 0; i < 4; i++)
        {
            using var answer = await client.GetAsync("/v1/users/ann/recommendations?count=5", Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        Assert.Contains(StateOf(app, "recommend"), KnownResourceStates.TerminalStates);
        Assert.True((await commands.ExecuteCommandAsync("recommend", "start", Cancel)).Success);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("recommend", Cancel).WaitAsync(s_patience, Cancel);

        await SendAsync(client, "e-2", "ann", "cake");
        await Eventually.EqualAsync(2, () => EventsAsync(client));

        // Its owner is the application: after the stop nothing runs and the folder is free.
        var servers = app.Services.GetRequiredService<DistributedApplicationModel>().Resources.OfType<LocalServerResource>()
            .Select(resource => resource.Server).ToList();
        await app.StopAsync(Cancel);
        await Eventually.TrueAsync(() => servers.All(server => !server.IsRunning));
    }

    [Fact]
    public async Task Containers_are_described_without_being_started_and_without_a_password_in_sight()
    {
        using var data = new TempFolder();
        await using var builder = await CreateAsync("--containers", "--recommend-replicas", "2", "--data", data.Path, "--port",
            $"{Ports.Free()}");
        var resources = builder.Resources.ToDictionary(resource => resource.Name);
        Assert.Equal(["postgres-server", "rabbitmq", "redis"], resources.Values.Where(resource => resource.IsContainer())
            .Select(resource => resource.Name).Order());
        Assert.All(resources.Values.Where(resource => resource.IsContainer()), resource =>
            Assert.Contains(resource.Annotations.OfType<ContainerMountAnnotation>(), mount => mount.Type == ContainerMountType.Volume));
        Assert.All((string[])["rabbitmq-password", "redis-password", "postgres-password"], name =>
            Assert.True(Assert.IsType<ParameterResource>(resources[name]).Secret));

        Assert.Equal(["postgres", "rabbitmq", "redis"], WaitsOf("trainer"));
        Assert.Equal(["rabbitmq", "redis", "trainer"], WaitsOf("recommend-2"));
        Assert.Equal(["ingest", "recommend", "recommend-2"], WaitsOf("console"));
        Assert.Equal(["back-up", "import", "release", "replay-dead-letters", "train"],
            resources["console"].Annotations.OfType<ResourceCommandAnnotation>().Select(command => command.Name).Order());

        // A database brings its server along.
        IEnumerable<string> WaitsOf(string service) => resources[service].Annotations.OfType<WaitAnnotation>()
            .Select(wait => wait.Resource.Name).Where(name => name != "postgres-server").Distinct().Order();
    }

    private static async Task<HealthReportEntry> HealthAsync(DistributedApplication app) =>
        (await app.Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Name == "standalone-ready", Cancel)).Entries.Single().Value;

    private static bool IsPrivate(string file) => OperatingSystem.IsWindows()
        || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static Task<IDistributedApplicationTestingBuilder> CreateAsync(params string[] arguments) =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(arguments, Cancel);

    private static async Task<DistributedApplication> StartAsync(params string[] arguments)
    {
        var builder = await CreateAsync(arguments);
        var app = await builder.BuildAsync(Cancel);
        await app.StartAsync(Cancel).WaitAsync(s_patience, Cancel);
        return app;
    }

    private static InteractionInputCollection Arguments(params (string Name, string Value)[] arguments) =>
        new([.. arguments.Select(argument =>
            new InteractionInput { Name = argument.Name, InputType = InputType.Text, Value = argument.Value })]);

    private static CustomResourceSnapshot? SnapshotOf(DistributedApplication app, string resource) =>
        app.ResourceNotifications.TryGetCurrentState(resource, out var now) ? now.Snapshot : null;

    private static string StateOf(DistributedApplication app, string resource) => SnapshotOf(app, resource)?.State?.Text ?? "";

    /// <summary>0 while it has none.</summary>
    private static int ProcessOf(DistributedApplication app, string resource) =>
        SnapshotOf(app, resource) is { } snapshot && snapshot.State?.Text == KnownResourceStates.Running
            && snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value is int process ? process : 0;

    private static async Task SendAsync(HttpClient client, string id, string user, string item) => await Eventually.TrueAsync(async () =>
    {
        using var answer = await client.PostAsJsonAsync("/v1/events", new { eventId = id, userId = user, itemId = item, type = "view" },
            Cancel);
        return answer.StatusCode == HttpStatusCode.Accepted;
    });

    private static async Task<long> EventsAsync(HttpClient client) => (await client.GetFromJsonAsync<JsonElement>("/v1/status", Cancel))
        .GetProperty("events").GetInt64();
}
