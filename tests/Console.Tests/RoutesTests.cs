using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Recommender.Ingest;
using Recommender.Insights;
using Recommender.Recommend;
using Recommender.ServiceDefaults;
using Recommender.ServiceDefaults.Api;
using Recommender.TestKit;
using Recommender.Trainer;
using Xunit;

namespace Recommender.WebConsole.Tests;

public sealed partial class RoutesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>An endpoint that is no operation is not in the document, and cannot be reached at the public address.</summary>
    [Fact]
    public void The_services_implement_the_operations_of_the_api_and_nothing_else()
    {
        var endpoints = EndpointsOf(Operations.Ingest, builder => builder.AddIngest(), app => app.MapIngest())
            .Concat(EndpointsOf(Operations.Trainer, builder => builder.AddTrainer(), app => app.MapTrainer()))
            .Concat(EndpointsOf(Operations.Recommend, builder => builder.AddRecommend(), app => app.MapRecommend()))
            .Concat(EndpointsOf(Operations.Insights, builder => builder.AddInsights(), app => app.MapInsights()));
        var operations = Operations.All.Select(operation => (operation.Service, operation.Method, operation.Pattern));
        Assert.Equal(operations.Order(), endpoints.Order());
    }

    /// <summary>Every operation of the document at the public address is answered by its service.</summary>
    [Fact]
    public async Task Every_described_operation_is_forwarded_to_its_service()
    {
        await using var ingest = await StubService.StartAsync("ingest");
        await using var trainer = await StubService.StartAsync("trainer");
        await using var recommend = await StubService.StartAsync("recommend");
        await using var insights = await StubService.StartAsync("insights");
        await using var console = await ConsoleHost.StartAsync(
        [
            new("services:ingest:http:0", ingest.Address),
            new("services:trainer:http:0", trainer.Address),
            new("services:recommend:http:0", recommend.Address),
            new("services:insights:http:0", insights.Address),
        ]);
        var document = await console.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);
        var described = document.GetProperty("paths").EnumerateObject().SelectMany(path =>
            path.Value.EnumerateObject().Select(operation => (Path: path.Name, Method: operation.Name.ToUpperInvariant()))).ToList();
        Assert.Equal(Operations.All.Select(operation => (operation.Path, operation.Method)).Order(), described.Order());
        Assert.Contains(("/v1/serving", "GET"), described);
        var missing = new List<string>();
        foreach (var (pattern, method) in described)
        {
            string service = Operations.All.Single(operation => (operation.Path, operation.Method) == (pattern, method)).Service;
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
