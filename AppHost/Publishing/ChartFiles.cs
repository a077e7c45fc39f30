using System.Text;
using Recommender.AppHost.Topology;

namespace Recommender.AppHost.Publishing;

/// <summary>
/// A Helm chart of the services and the dashboard, for a RabbitMQ, a Redis and a PostgreSQL that run as their operators run them. Its
/// templates use values and <c>if</c> alone.
/// </summary>
internal static class ChartFiles
{
    private const string Folder = "kubernetes";
    private const string Version = "0.1.0";
    private const string PartOf = "app.kubernetes.io/part-of: recommender";

    public static IEnumerable<PublishedFile> Of(ProductTopology topology) =>
    [
        new($"{Folder}/Chart.yaml", Chart.ReplaceLineEndings("\n")),
        new($"{Folder}/values.yaml", Values(topology)),
        .. topology.StartOrder().SelectMany(step => step)
            .Select(service => new PublishedFile($"{Folder}/templates/{service.Name}.yaml", Template(topology, service))),
        new($"{Folder}/templates/dashboard.yaml", Dashboard.ReplaceLineEndings("\n")),
    ];

    private const string Chart = $"""
        # Written by: dotnet run --project AppHost -- --operation publish --output-path infra
        apiVersion: v2
        name: recommender
        description: A self-hosted recommendation system
        type: application
        version: {Version}
        appVersion: {Version}

        """;

    private static string Values(ProductTopology topology)
    {
        var text = new StringBuilder($"""
            # The services on Kubernetes, for a RabbitMQ, a Redis and a PostgreSQL that you run as you run yours (operators, or a provider's).
            #   kubectl create namespace recommender
            #   kubectl -n recommender create secret generic recommender \

            """.ReplaceLineEndings("\n"));
        foreach (var server in topology.Servers)
        {
            string connection = server.ConnectionString("HOST", "PASSWORD");
            text.Append($"#     --from-literal={ProductTopology.ConnectionSetting(server.Name)}='{connection}' \\\n");
        }
        text.Append($$"""
            #     --from-literal=Keys__0__Id='operator' --from-literal=Keys__0__Hash='HASH' \
            #     --from-literal=Keys__0__Scopes='ingest,read,admin' \
            #     --from-literal=DashboardToken='TOKEN' --from-literal=DashboardOtlpKey='ANOTHER'
            #   helm -n recommender install recommender infra/kubernetes \
            #     --set image=REGISTRY/recommender:{{Version}} --set dashboard.image=REGISTRY/aspire-dashboard:TAG
            # Recommend and Ingest scale by replicas. Several Trainers may run too: one holds the right to train, all of them store and
            # fold in.
            # Put an ingress with TLS in front of the service "console".

            # Built with infra/Dockerfile.
            image: recommender:{{Version}}

            # Name of the secret above. No password is part of the chart.
            secret: recommender

            # The Aspire dashboard, for traces, metrics and logs: kubectl -n recommender port-forward service/dashboard 18888
            dashboard:
              enabled: true
              image: aspire-dashboard


            """.ReplaceLineEndings("\n"));
        foreach (var service in topology.StartOrder().SelectMany(step => step))
        {
            text.Append($"{service.Name}:\n  replicas: {service.PublishedReplicas}\n  processor: {service.Needs.Processor}\n")
                .Append($"  memory: {service.Needs.Memory}\n  memoryLimit: {service.Needs.MemoryLimit}\n\n");
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static string Template(ProductTopology topology, ServiceSpec service)
    {
        string name = service.Name;
        var text = new StringBuilder($$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: {{{name}}}
              labels: { app.kubernetes.io/name: {{{name}}}, {{{PartOf}}} }
            spec:
              replicas: {{ .Values.{{{name}}}.replicas }}
              selector:
                matchLabels: { app.kubernetes.io/name: {{{name}}} }
              template:
                metadata:
                  labels: { app.kubernetes.io/name: {{{name}}}, {{{PartOf}}} }
                spec:
                  automountServiceAccountToken: false
                  terminationGracePeriodSeconds: {{{(int)ProductTopology.StopTimeout.TotalSeconds + 15}}}
                  containers:
                    - name: {{{name}}}
                      image: {{ .Values.image }}
                      args: [{{{service.Project}}}]
                      ports: [{ name: http, containerPort: {{{ProductTopology.ContainerPort}}} }]
                      env:
                        - { name: ASPNETCORE_HTTP_PORTS, value: "{{{ProductTopology.ContainerPort}}}" }

            """.ReplaceLineEndings("\n"));
        var connections = service.Servers.Select(ProductTopology.ConnectionSetting);
        string[] secrets = [.. connections, "Keys__0__Id", "Keys__0__Hash", "Keys__0__Scopes"];
        foreach (string setting in secrets) AppendSecret(text, setting, setting);
        foreach (var (setting, value) in topology.CallSettings(service, Addresses)) AppendValue(text, setting, value);
        text.Append("{{- if .Values.dashboard.enabled }}\n");
        AppendSecret(text, "DASHBOARD_OTLP_KEY", "DashboardOtlpKey");
        AppendValue(text, "OTEL_SERVICE_NAME", name);
        AppendValue(text, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://dashboard:18889");
        AppendValue(text, "OTEL_EXPORTER_OTLP_HEADERS", "x-otlp-api-key=$(DASHBOARD_OTLP_KEY)");
        text.Append("{{- end }}\n");
        text.Append($$$"""
                      resources:
                        requests: { cpu: {{ .Values.{{{name}}}.processor }}, memory: {{ .Values.{{{name}}}.memory }} }
                        limits: { memory: {{ .Values.{{{name}}}.memoryLimit }} }
                      # A start replays the catalogue and the model: other probes wait until it is over.
                      startupProbe:
                        httpGet: { path: {{{ProductTopology.LivenessPath}}}, port: http }
                        periodSeconds: 2
                        failureThreshold: {{{(int)ProductTopology.ReadyTimeout.TotalSeconds / 2}}}
                      readinessProbe:
                        httpGet: { path: {{{ProductTopology.ReadinessPath}}}, port: http }
                        periodSeconds: 5
                      livenessProbe:
                        httpGet: { path: {{{ProductTopology.LivenessPath}}}, port: http }
                        periodSeconds: 10
                      securityContext:
                        allowPrivilegeEscalation: false
                        runAsNonRoot: true
                        capabilities: { drop: [ALL] }
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: {{{name}}}
              labels: { {{{PartOf}}} }
            spec:
              selector: { app.kubernetes.io/name: {{{name}}} }
              ports: [{ name: http, port: {{{ProductTopology.ContainerPort}}}, targetPort: http }]

            """.ReplaceLineEndings("\n"));
        return text.ToString();
    }

    private static IReadOnlyList<string> Addresses(ServiceSpec service) => [$"http://{service.Name}:{ProductTopology.ContainerPort}"];

    private static void AppendValue(StringBuilder text, string name, string value) =>
        text.Append($"            - {{ name: {name}, value: \"{value}\" }}\n");

    private static void AppendSecret(StringBuilder text, string name, string key) => text
        .Append($"            - name: {name}\n")
        .Append($"              valueFrom: {{ secretKeyRef: {{ name: {{{{ .Values.secret }}}}, key: {key} }} }}\n");

    private const string Dashboard = $$$"""
        {{- if .Values.dashboard.enabled }}
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: dashboard
          labels: { app.kubernetes.io/name: dashboard, {{{PartOf}}} }
        spec:
          # It keeps telemetry in memory.
          replicas: 1
          selector:
            matchLabels: { app.kubernetes.io/name: dashboard }
          template:
            metadata:
              labels: { app.kubernetes.io/name: dashboard, {{{PartOf}}} }
            spec:
              automountServiceAccountToken: false
              containers:
                - name: dashboard
                  image: {{ .Values.dashboard.image }}
                  ports: [{ name: http, containerPort: 18888 }, { name: otlp, containerPort: 18889 }]
                  env:
                    - { name: ASPNETCORE_URLS, value: "http://0.0.0.0:18888" }
                    - { name: ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL, value: "http://0.0.0.0:18889" }
                    - { name: Dashboard__Otlp__AuthMode, value: ApiKey }
                    - name: Dashboard__Otlp__PrimaryApiKey
                      valueFrom: { secretKeyRef: { name: {{ .Values.secret }}, key: DashboardOtlpKey } }
                    - name: Dashboard__Frontend__BrowserToken
                      valueFrom: { secretKeyRef: { name: {{ .Values.secret }}, key: DashboardToken } }
                  resources:
                    requests: { cpu: 100m, memory: 256Mi }
                    limits: { memory: 1Gi }
                  readinessProbe:
                    tcpSocket: { port: http }
                    periodSeconds: 5
                  securityContext:
                    allowPrivilegeEscalation: false
                    runAsNonRoot: true
                    capabilities: { drop: [ALL] }
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: dashboard
          labels: { {{{PartOf}}} }
        spec:
          selector: { app.kubernetes.io/name: dashboard }
          ports: [{ name: http, port: 18888, targetPort: http }, { name: otlp, port: 18889, targetPort: otlp }]
        {{- end }}

        """;
}
