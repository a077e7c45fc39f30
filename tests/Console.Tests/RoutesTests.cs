using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Recommender.Ingest;
using Recommender.Recommend;
using Recommender.ServiceDefaults;
using Recommender.TestKit;
using Recommender.Trainer;
using Xunit;

namespace Recommender.WebConsole.Tests;

public sealed partial class RoutesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>An endpoint that the gateway does not know cannot be reached at the public address.</summary>
    [Fact]
    public async Task Every_endpoint_of_every_service_is_forwarded_to_it()
    {
        await using var ingest = await StubService.StartAsync("ingest");
        await using var trainer = await StubService.StartAsync("trainer");
        await using var recommend = await StubService.StartAsync("recommend");
        await using var console = await ConsoleHost.StartAsync(
        [
            new("services:ingest:http:0", ingest.Address),
            new("services:trainer:http:0", trainer.Address),
            new("services:recommend:http:0", recommend.Address),
        ]);
        var endpoints = EndpointsOf("ingest", builder => builder.AddIngest(), app => app.MapIngest())
            .Concat(EndpointsOf("trainer", builder => builder.AddTrainer(), app => app.MapTrainer()))
            .Concat(EndpointsOf("recommend", builder => builder.AddRecommend(), app => app.MapRecommend()))
            .ToList();
        Assert.True(endpoints.Count > 25, $"only {endpoints.Count} endpoints were found");
        var missing = new List<string>();
        foreach (var (service, method, pattern) in endpoints)
        {
            string path = Parameters().Replace(pattern, "7");
            using var response = await console.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);
            string answer = await response.Content.ReadAsStringAsync(Cancel);
            if (answer != $"{service} {method} {path} 0")
                missing.Add($"{service}: {method} {pattern} is answered {(int)response.StatusCode} {answer}");
        }

        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    private static List<(string Service, string Method, string Pattern)> EndpointsOf(
        string service, Action<WebApplicationBuilder> add, Action<WebApplication> map)
    {
        using var folder = new TempFolder();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection([new("Data:Directory", folder.Path)]);
        builder.AddServiceDefaults(service);
        add(builder);
        var app = builder.Build();
        map(app);
        return
        [
            .. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
                .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
                    .Select(method => (service, method, endpoint.RoutePattern.RawText!))),
        ];
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameters();
}
