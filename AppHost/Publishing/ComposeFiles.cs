using System.Text;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Publishing;

/// <summary>Docker Compose: everything in containers on one machine.</summary>
internal static class ComposeFiles
{
    private const string Generated = "# Written by: dotnet run --project AppHost -- --operation publish --output-path infra";

    public static IEnumerable<PublishedFile> Of(ProductTopology topology) =>
    [
        new("compose.yaml", Compose(topology)),
        new("compose.env.example", Environment(topology)),
    ];

    private static string Compose(ProductTopology topology)
    {
        var text = new StringBuilder();
        text.Append($$"""
            # The product in containers, without Aspire:
            #   cp infra/compose.env.example infra/.env       and fill it in
            #   docker compose -f infra/compose.yaml up --build
            # Only the page, the API and the dashboard are reachable, on 127.0.0.1; put a TLS proxy in front to serve others.
            {{Generated}}
            name: recommender

            x-service: &service
              image: ${RECOMMENDER_IMAGE:-recommender}
              build:
                context: ${RECOMMENDER_SOURCE:-..}
                dockerfile: infra/Dockerfile
                args:
                  SDK_IMAGE: ${SDK_IMAGE:?set it in .env}
                  RUNTIME_IMAGE: ${RUNTIME_IMAGE:?set it in .env}
              restart: unless-stopped
              healthcheck:
                test: [CMD, /bin/bash, /app/healthcheck.sh, "{{ProductTopology.ContainerPort}}", {{ProductTopology.ReadinessPath}}]
                interval: 5s
                timeout: 5s
                retries: 24

            x-environment: &environment
              ASPNETCORE_HTTP_PORTS: "{{ProductTopology.ContainerPort}}"
              # Beyond loopback no service starts without a key.
              Keys__0__Id: ${API_KEY_ID:?set it in .env}
              Keys__0__Hash: ${API_KEY_HASH:?set it in .env}
              Keys__0__Scopes: ingest,read,admin
              OTEL_EXPORTER_OTLP_ENDPOINT: http://dashboard:18889
              OTEL_EXPORTER_OTLP_HEADERS: x-otlp-api-key=${DASHBOARD_OTLP_KEY:?set it in .env}

            services:

            """.ReplaceLineEndings("\n"));
        foreach (var service in topology.StartOrder().SelectMany(step => step)) AppendService(text, topology, service);
        text.Append(Servers.ReplaceLineEndings("\n"));
        return text.ToString();
    }

    private static void AppendService(StringBuilder text, ProductTopology topology, ServiceSpec service)
    {
        text.Append($"  {service.Name}:\n    <<: *service\n    command: [{service.Project}]\n")
            .Append($"    environment:\n      <<: *environment\n      OTEL_SERVICE_NAME: {service.Name}\n");
        foreach (string server in service.Servers)
        {
            var spec = topology.Server(server);
            string connection = spec.ConnectionString(server, $"${{{spec.PasswordVariable}:?set it in .env}}");
            text.Append($"      {ProductTopology.ConnectionSetting(server)}: {connection}\n");
        }
        foreach (var (name, value) in topology.CallSettings(service, Addresses)) text.Append($"      {name}: {value}\n");
        if (service.Servers.Count + service.StartsAfter.Count > 0) text.Append("    depends_on:\n");
        foreach (string server in service.Servers) text.Append($"      {server}: {{ condition: service_healthy }}\n");
        foreach (string other in service.StartsAfter) text.Append($"      {other}: {{ condition: service_healthy }}\n");
        if (service.IsPublic) text.Append($"    ports: [\"127.0.0.1:${{PORT:-8080}}:{ProductTopology.ContainerPort}\"]\n");
        text.Append("    deploy:\n");
        if (!service.IsPublic) text.Append($"      replicas: ${{{ReplicasVariable(service)}:-{service.PublishedReplicas}}}\n");
        string memory = service.Needs.MemoryLimit.Replace("i", "", StringComparison.Ordinal).ToLowerInvariant();
        text.Append($"      resources: {{ limits: {{ memory: {memory} }} }}\n\n");
    }

    private static IEnumerable<string> Replicas(ProductTopology topology) =>
        topology.Services.Where(service => !service.IsPublic)
        .Select(service => $"# {ReplicasVariable(service)}={service.PublishedReplicas}");

    private static string ReplicasVariable(ServiceSpec service) => $"{service.Name.ToUpperInvariant()}_REPLICAS";

    private static IReadOnlyList<string> Addresses(ServiceSpec service) => [$"http://{service.Name}:{ProductTopology.ContainerPort}"];

    private const string Servers = """
          dashboard:
            image: ${DASHBOARD_IMAGE:?set it in .env}
            restart: unless-stopped
            environment:
              Dashboard__Frontend__BrowserToken: ${DASHBOARD_TOKEN:?set it in .env}
              Dashboard__Otlp__AuthMode: ApiKey
              Dashboard__Otlp__PrimaryApiKey: ${DASHBOARD_OTLP_KEY:?set it in .env}
              ASPNETCORE_URLS: http://0.0.0.0:18888
              ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL: http://0.0.0.0:18889
            ports: ["127.0.0.1:${DASHBOARD_PORT:-18888}:18888"]
            deploy:
              resources: { limits: { memory: 1g } }

          rabbitmq:
            image: ${RABBITMQ_IMAGE:-rabbitmq:4-management}
            # The data folder is named after the host.
            hostname: rabbitmq
            restart: unless-stopped
            environment:
              RABBITMQ_DEFAULT_USER: recommender
              RABBITMQ_DEFAULT_PASS: ${RABBITMQ_PASSWORD}
            volumes:
              - rabbitmq:/var/lib/rabbitmq
              - ${RECOMMENDER_SOURCE:-..}/infra/rabbitmq.conf:/etc/rabbitmq/conf.d/20-recommender.conf:ro
            healthcheck:
              test: [CMD, rabbitmq-diagnostics, -q, check_port_connectivity]
              interval: 10s
              timeout: 10s
              retries: 12

          redis:
            image: ${REDIS_IMAGE:-redis:8}
            restart: unless-stopped
            # The password comes in by the environment: a command line can be read by everybody.
            command:
              - sh
              - -c
              - >-
                printf "requirepass %s\n" "$$REDISCLI_AUTH" | cat /etc/recommender/redis.conf - >/tmp/redis.conf
                && exec docker-entrypoint.sh redis-server /tmp/redis.conf
            environment:
              REDISCLI_AUTH: ${REDIS_PASSWORD}
            volumes:
              - redis:/data
              - ${RECOMMENDER_SOURCE:-..}/infra/redis.conf:/etc/recommender/redis.conf:ro
            healthcheck:
              test: [CMD-SHELL, "redis-cli ping | grep -q PONG"]
              interval: 5s
              retries: 12

          postgres:
            image: ${POSTGRES_IMAGE:-postgres:17}
            restart: unless-stopped
            command: [postgres, -c, config_file=/etc/recommender/postgresql.conf, -c, "listen_addresses=*"]
            environment:
              POSTGRES_USER: recommender
              POSTGRES_DB: recommender
              POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}
            volumes:
              - postgres:/var/lib/postgresql/data
              - ${RECOMMENDER_SOURCE:-..}/infra/postgresql.conf:/etc/recommender/postgresql.conf:ro
            healthcheck:
              test: [CMD-SHELL, "pg_isready -U recommender -d recommender -h 127.0.0.1"]
              interval: 5s
              retries: 12

        volumes:
          rabbitmq:
          redis:
          postgres:

        """;

    private static string Environment(ProductTopology topology) => $"""
        {Generated}

        # The images the product is built with and on: .NET 10 SDK and ASP.NET 10 runtime, as your registry names them.
        SDK_IMAGE=
        RUNTIME_IMAGE=
        # The Aspire dashboard, as your registry names it.
        DASHBOARD_IMAGE=
        # Folder of the sources, where this file does not lie in their folder infra/.
        # RECOMMENDER_SOURCE=/path/to/recommender

        # Letters and digits only: they become part of addresses. For example: openssl rand -hex 16
        {string.Join("\n", topology.Servers.Select(server => server.PasswordVariable + "="))}

        # Login of the dashboard, and what services show it to be let in.
        DASHBOARD_TOKEN=
        DASHBOARD_OTLP_KEY=

        # id and hash of the entry that this writes into operator.json (what it prints is the key itself, shown once):
        #   dotnet run --project services/Cli -- keys create --id operator --scopes admin --file operator.json
        # In single quotes, because the hash holds dollar signs.
        API_KEY_ID=operator
        API_KEY_HASH=''

        # Instances.
        {string.Join("\n", Replicas(topology))}

        """.ReplaceLineEndings("\n");
}
