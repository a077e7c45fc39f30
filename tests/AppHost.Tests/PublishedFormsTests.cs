using System.Diagnostics;
using System.Text.RegularExpressions;
using Recommender.AppHost.Publishing;
using Recommender.AppHost.Topology;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using k8s;
using k8s.Models;

namespace Recommender.AppHost.Tests;

/// <summary>Docker Compose and the Kubernetes chart, which are written from the topology.</summary>
public partial class PublishedFormsTests
{
    private static readonly ProductTopology s_topology = ProductTopology.OverServers();
    private static readonly IReadOnlyList<PublishedFile> s_files = PublishedForms.Files(s_topology);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Infra => Path.Combine(DataSets.RepositoryRoot, "infra");

    [Fact]
    public async Task Publishing_writes_exactly_what_lies_in_infra()
    {
        using var folder = new TempFolder();
        await using var host = new ServiceProcess("AppHost", arguments: ["--operation", "publish", "--output-path", folder.Path]);
        host.Launch();
        Assert.Equal(0, await host.WaitForExitAsync(Cancel));

        var written = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder.Path, path)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(s_files.Select(file => file.Path).Order(StringComparer.Ordinal), written);
        foreach (string path in written)
        {
            Assert.True(File.Exists(Path.Combine(Infra, path)), Remedy(path));
            string kept = await File.ReadAllTextAsync(Path.Combine(Infra, path), Cancel);
            Assert.True(kept == await File.ReadAllTextAsync(Path.Combine(folder.Path, path), Cancel), Remedy(path));
        }
        // Nothing in the chart that is no longer written.
        Assert.Equal(written.Where(path => path.StartsWith("kubernetes", StringComparison.Ordinal)),
            Directory.EnumerateFiles(Path.Combine(Infra, "kubernetes"), "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Infra, path)).Order(StringComparer.Ordinal));

        static string Remedy(string path) =>
            $"infra/{path} differs from the topology: dotnet run --project AppHost -- --operation publish --output-path infra";
    }

    [Fact]
    public async Task A_publication_that_fails_ends_with_1()
    {
        using var folder = new TempFolder();
        await using var host = new ServiceProcess("AppHost",
            arguments: ["--operation", "publish", "--step", "no-such-step", "--output-path", folder.Path]);
        host.Launch();
        Assert.Equal(1, await host.WaitForExitAsync(Cancel));
    }

    [Fact]
    public async Task Aspires_manifest_names_the_parameters_and_holds_no_password()
    {
        using var folder = new TempFolder();
        string manifest = Path.Combine(folder.Path, "manifest.json");
        var environment = new Dictionary<string, string?> { ["Parameters__redis-password"] = "do-not-write-me" };
        await using var host = new ServiceProcess("AppHost", environment,
            ["--operation", "publish", "--publisher", "manifest", "--step", "publish-manifest", "--output-path", manifest]);
        host.Launch();
        await host.WaitForExitAsync(Cancel);
        string text = await File.ReadAllTextAsync(manifest, Cancel);
        Assert.Contains("{redis-password.value}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("do-not-write-me", text, StringComparison.Ordinal);
        foreach (var service in s_topology.Services) Assert.Contains($"\"{service.Name}\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_chart_holds_objects_that_Kubernetes_knows(bool dashboard)
    {
        var objects = Render(dashboard);
        var deployments = objects.OfType<V1Deployment>().ToDictionary(deployment => deployment.Metadata.Name);
        var services = objects.OfType<V1Service>().ToDictionary(service => service.Metadata.Name);
        Assert.Equal(s_topology.Services.Select(service => service.Name).Concat(dashboard ? ["dashboard"] : []).Order(),
            deployments.Keys.Order());
        Assert.Equal(deployments.Keys.Order(), services.Keys.Order());
        Assert.Equal(deployments.Count * 2, objects.Count);

        foreach (var spec in s_topology.Services)
        {
            var deployment = deployments[spec.Name];
            Assert.Equal(spec.PublishedReplicas, deployment.Spec.Replicas);
            var container = Assert.Single(deployment.Spec.Template.Spec.Containers);
            Assert.Equal([spec.Project], container.Args);
            Assert.Equal(ProductTopology.ReadinessPath, container.ReadinessProbe.HttpGet.Path);
            Assert.Equal(ProductTopology.LivenessPath, container.LivenessProbe.HttpGet.Path);
            Assert.NotNull(container.StartupProbe);
            Assert.True(container.Resources.Requests.ContainsKey("cpu") && container.Resources.Requests.ContainsKey("memory")
                && container.Resources.Limits.ContainsKey("memory"));
            Assert.True(container.SecurityContext.RunAsNonRoot);
            Assert.Equal(services[spec.Name].Spec.Selector,
                deployment.Spec.Template.Metadata.Labels.Where(label => label.Key == "app.kubernetes.io/name").ToDictionary());

            var environment = container.Env.ToDictionary(variable => variable.Name);
            foreach (string server in s_topology.Servers.Select(server => server.Name))
            {
                bool given = environment.TryGetValue(ProductTopology.ConnectionSetting(server), out var variable);
                Assert.Equal(spec.Servers.Contains(server), given);
                if (given) Assert.Equal("recommender", variable!.ValueFrom.SecretKeyRef.Name);
            }
            Assert.All((string[])["Keys__0__Id", "Keys__0__Hash", "Keys__0__Scopes"], name =>
                Assert.NotNull(environment[name].ValueFrom.SecretKeyRef));
            Assert.Equal(dashboard, environment.ContainsKey("OTEL_EXPORTER_OTLP_ENDPOINT"));
            foreach (string called in spec.Calls) Assert.Equal($"http://{called}:8080", environment[$"services__{called}__http__0"].Value);
        }
    }

    [Fact]
    public void Compose_starts_the_same_topology_with_probes_replicas_and_no_password()
    {
        var compose = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build()
            .Deserialize<Dictionary<string, object>>(new MergingParser(new Parser(new StringReader(ContentOf("compose.yaml")))));
        var services = Map(compose["services"]);
        Assert.Equal(s_topology.Services.Select(service => service.Name).Concat(s_topology.Servers.Select(server => server.Name))
            .Append("dashboard").Order(), services.Keys.Order());
        foreach (var spec in s_topology.Services)
        {
            var service = Map(services[spec.Name]);
            Assert.Equal(ProductTopology.ReadinessPath, List(Map(service["healthcheck"])["test"])[^1]);
            Assert.Equal(spec.IsPublic, service.ContainsKey("ports"));
            Assert.Equal(!spec.IsPublic, Map(service["deploy"]).ContainsKey("replicas"));
            var environment = Map(service["environment"]);
            foreach (var server in s_topology.Servers)
            {
                Assert.Equal(spec.Servers.Contains(server.Name),
                    environment.TryGetValue(ProductTopology.ConnectionSetting(server.Name), out object? connection));
                if (connection is not string text) continue;
                Assert.Contains($"${{{server.PasswordVariable}:?", text, StringComparison.Ordinal);
            }
            Assert.Contains("Keys__0__Hash", environment.Keys);
            Assert.Equal("http://dashboard:18889", environment["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        }
        // Every variable that must be set is in the example.
        string example = ContentOf("compose.env.example");
        Assert.All(RequiredVariable().Matches(ContentOf("compose.yaml")).Select(match => match.Groups[1].Value).Distinct(), name =>
            Assert.Contains($"\n{name}=", example, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Docker_accepts_the_compose_file()
    {
        using var folder = new TempFolder();
        foreach (var file in s_files) await WriteAsync(Path.Combine(folder.Path, file.Path), file.Content);
        await WriteAsync(Path.Combine(folder.Path, ".env"),
            Regex.Replace(ContentOf("compose.env.example"), "^([A-Z_]+)=(''|)$", "$1=x", RegexOptions.Multiline));
        string? docker = Programs.Find("docker");
        bool composes = docker is not null && (await RunAsync(docker, ["compose", "version"])).Code == 0;
        Assert.SkipUnless(composes, "There is no docker compose on this machine.");
        var (code, output) = await RunAsync(docker!, ["compose", "-f", Path.Combine(folder.Path, "compose.yaml"), "config", "--quiet"]);
        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task The_health_check_of_the_image_tells_ready_from_not_ready()
    {
        using var folder = new TempFolder();
        await using var standalone = new ServiceProcess("Standalone", arguments: ["--data", folder.Path, "--port", "{PORT}"]);
        await standalone.StartAsync();
        string script = Path.Combine(Infra, "healthcheck.sh");
        Assert.Equal(0, (await RunAsync("/bin/bash", [script, $"{standalone.Port}", ProductTopology.ReadinessPath])).Code);
        Assert.NotEqual(0, (await RunAsync("/bin/bash", [script, $"{standalone.Port}", "/no-such-page"])).Code);
        await standalone.StopAsync();
        Assert.NotEqual(0, (await RunAsync("/bin/bash", [script, $"{standalone.Port}", ProductTopology.ReadinessPath])).Code);
    }

    /// <summary>What Helm makes of the templates: they use values and <c>if</c> alone.</summary>
    private static List<IKubernetesObject> Render(bool dashboard)
    {
        var values = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(ContentOf("kubernetes/values.yaml"));
        var objects = new List<IKubernetesObject>();
        foreach (var file in s_files.Where(file => file.Path.StartsWith("kubernetes/templates/", StringComparison.Ordinal)))
        {
            string text = Condition().Replace(file.Content, match =>
            {
                Assert.Equal(".Values.dashboard.enabled", match.Groups[1].Value);
                return dashboard ? match.Groups[2].Value : "";
            });
            text = Value().Replace(text, match =>
                match.Groups[1].Value.Split('.').Aggregate((object)values, (at, name) => Map(at)[name]).ToString()!);
            Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
            if (text.Trim().Length == 0) continue;
            objects.AddRange(KubernetesYaml.LoadAllFromString(text, null, strict: true).Cast<IKubernetesObject>());
        }
        return objects;
    }

    private static string ContentOf(string path) => s_files.Single(file => file.Path == path).Content;

    private static Dictionary<string, object> Map(object value) => value as Dictionary<string, object>
        ?? ((Dictionary<object, object>)value).ToDictionary(pair => (string)pair.Key, pair => pair.Value);

    private static List<string> List(object value) => [.. ((List<object>)value).Select(entry => $"{entry}")];

    private static async Task WriteAsync(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, content, Cancel);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, await output + await error);
    }

    [GeneratedRegex(@"\$\{([A-Z_]+):\?")]
    private static partial Regex RequiredVariable();

    [GeneratedRegex(@"\{\{ \.Values\.([a-zA-Z.]+) \}\}")]
    private static partial Regex Value();

    [GeneratedRegex(@"^\{\{- if (\S+) \}\}\n(.*?)^\{\{- end \}\}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Condition();
}
