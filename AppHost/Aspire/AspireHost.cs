// The same topology as a .NET Aspire AppHost: compiled with -p:Aspire=true only.
//
//   dotnet run --project AppHost -p:Aspire=true                                     run, with the dashboard (needs Docker or Podman)
//   dotnet run --project AppHost -p:Aspire=true -- --operation publish --step publish --output-path out
//                                                                                    Docker Compose
//   … --target kubernetes                                                            a Helm chart
//
// Settings: Parameters:recommend-replicas (default 1); Parameters:api-key-id and Parameters:api-key-hash, of the key that published
// services ask for (`keys create` writes both into its file): beyond loopback no service starts without a key. As environment
// variables: Parameters__recommend_replicas and so on.
#pragma warning disable ASPIREPROBES001 // WithHttpProbe is the only way for a probe into the Helm chart.

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

// What an AppHost's launch settings say. Here they would be read by the plain host too, which is the same project.
if (!args.Contains("publish", StringComparer.OrdinalIgnoreCase))
{
    SetUnlessSet("ASPNETCORE_URLS", "http://localhost:15888");
    SetUnlessSet("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "http://localhost:18889");
    SetUnlessSet("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true");
    // Only in development are user secrets read, where the generated passwords of the data volumes are kept.
    SetUnlessSet("DOTNET_ENVIRONMENT", "Development");
}

var builder = DistributedApplication.CreateBuilder(args);
bool publish = builder.ExecutionContext.IsPublishMode;
string target = publish ? builder.Configuration["target"] ?? "compose" : "";
if (publish && target is not ("compose" or "kubernetes")) throw new InvalidOperationException($"--target {target}: only compose and kubernetes can be published.");
bool compose = target == "compose";
bool kubernetes = target == "kubernetes";
if (!int.TryParse(Setting("recommend-replicas") ?? "1", out int replicas) || replicas < 1) throw new InvalidOperationException("Parameters:recommend-replicas has to be a whole number of 1 or more.");

// One environment in a model, or every resource would have to say which it is for.
if (compose) builder.AddDockerComposeEnvironment("compose").WithDashboard();
if (kubernetes) builder.AddKubernetesEnvironment("kubernetes").WithHelm(helm => helm.WithChartName("recommender"));

var rabbitmq = builder.AddRabbitMQ("rabbitmq")
    .WithManagementPlugin()
    // The data folder is named after the node, and a container's host name changes.
    .WithEnvironment("RABBITMQ_NODENAME", "rabbit@localhost")
    .WithDataVolume("recommender-rabbitmq");
var redis = builder.AddRedis("redis")
    .WithDataVolume("recommender-redis")
    .WithPersistence(TimeSpan.FromSeconds(60), 1);
var server = builder.AddPostgres("postgres-server")
    .WithDataVolume("recommender-postgres");
// Aspire creates databases itself only where it runs them.
if (publish) server.WithEnvironment("POSTGRES_DB", "recommender");
var postgres = server.AddDatabase("postgres", "recommender");

// The Trainer owns the schema, so the others wait for it.
var trainer = builder.AddProject<Projects.Trainer>("trainer")
    .WithReference(rabbitmq).WaitFor(rabbitmq)
    .WithReference(redis).WaitFor(redis)
    .WithReference(postgres).WaitFor(postgres);
var ingest = builder.AddProject<Projects.Ingest>("ingest")
    .WithReference(rabbitmq).WaitFor(rabbitmq)
    .WithReference(redis).WaitFor(redis)
    .WithReference(postgres).WaitFor(postgres)
    .WaitFor(trainer);
var recommend = builder.AddProject<Projects.Recommend>("recommend")
    .WithReference(rabbitmq).WaitFor(rabbitmq)
    .WithReference(redis).WaitFor(redis)
    .WithReference(postgres).WaitFor(postgres)
    .WaitFor(trainer)
    .WithReplicas(replicas);
var console = builder.AddProject<Projects.Console>("console")
    .WithReference(ingest).WaitFor(ingest)
    .WithReference(trainer).WaitFor(trainer)
    .WithReference(recommend).WaitFor(recommend)
    .WithExternalHttpEndpoints();

IResourceBuilder<ProjectResource>[] services = [trainer, ingest, recommend, console];
foreach (var service in services)
{
    if (kubernetes)
    {
        // Only probes reach the chart, and on one path a probe and a health check exclude each other.
        service.WithHttpProbe(ProbeType.Readiness, "/health/ready", endpointName: "http");
        service.WithHttpProbe(ProbeType.Liveness, "/health/live", endpointName: "http");
    }
    else
    {
        service.WithHttpHealthCheck("/health/ready");
    }
}

if (publish)
{
    // Values by function: publishing never waits for one that is not given. Without them the services refuse to start and say why.
    var keyId = builder.AddParameter("api-key-id", () => Setting("api-key-id") ?? "");
    var keyHash = builder.AddParameter("api-key-hash", () => Setting("api-key-hash") ?? "", secret: true);
    foreach (var service in services)
    {
        service
            .WithEnvironment("Keys__0__Id", keyId)
            .WithEnvironment("Keys__0__Hash", keyHash)
            .WithEnvironment("Keys__0__Scopes", "ingest,read,admin");
    }
}

if (compose)
{
    foreach (var service in services)
    {
        int copies = service.Resource.Name == "recommend" ? replicas : 1;
        service.PublishAsDockerComposeService((_, published) =>
        {
            published.Restart = "unless-stopped";
            // WithReplicas does not reach compose.
            published.Deploy = new() { Replicas = copies };
        });
    }
}

builder.Build().Run();

// Environment variables cannot hold a dash in every shell, so the name with underscores counts too, as it does for Aspire's own parameters.
string? Setting(string name) => builder.Configuration[$"Parameters:{name}"] ?? builder.Configuration[$"Parameters:{name.Replace('-', '_')}"];

static void SetUnlessSet(string name, string value)
{
    if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))) Environment.SetEnvironmentVariable(name, value);
}
