// The same topology as a .NET Aspire AppHost: compiled with -p:Aspire=true only.
//
//   dotnet run --project AppHost -p:Aspire=true                                     run, with the dashboard (needs Docker or Podman)
//   dotnet run --project AppHost -p:Aspire=true -- --operation publish --step publish --output-path out
//                                                                                    Docker Compose
//   … --target kubernetes                                                            a Helm chart
//
// Settings: Parameters:recommend-replicas (default 1); Parameters:api-key-id and Parameters:api-key-hash, of the key that published
// services ask for (`keys create` prints both): beyond loopback no service starts without a key.
#pragma warning disable ASPIREPROBES001 // WithHttpProbe is the only way for a probe into the Helm chart.

using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);
bool publish = builder.ExecutionContext.IsPublishMode;
string target = builder.Configuration["target"] ?? "compose";
if (target is not ("compose" or "kubernetes")) throw new InvalidOperationException($"--target {target}: only compose and kubernetes can be published.");
bool compose = publish && target == "compose";
bool kubernetes = publish && target == "kubernetes";
int replicas = builder.Configuration.GetValue("Parameters:recommend-replicas", 1);

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
var postgres = builder.AddPostgres("postgres-server")
    .WithDataVolume("recommender-postgres")
    .AddDatabase("postgres", "recommender");

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
    var keyId = builder.AddParameter("api-key-id", () => builder.Configuration["Parameters:api-key-id"] ?? "");
    var keyHash = builder.AddParameter("api-key-hash", () => builder.Configuration["Parameters:api-key-hash"] ?? "", secret: true);
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
