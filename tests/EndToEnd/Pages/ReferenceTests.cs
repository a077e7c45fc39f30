using System.Text.Json;
using Microsoft.Playwright;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Pages;

/// <summary>The interactive API reference in a real browser.</summary>
public class ReferenceTests
{
    [Theory]
    [InlineData("Standalone")]
    [InlineData("Console")]
    public async Task The_reference_shows_the_operations_and_asks_no_other_host(string mode)
    {
        Servers.Require("chromium");
        using var data = new TempFolder();
        await using var process = mode == "Standalone"
            ? new ServiceProcess(mode, arguments: ["--data", data.Path, "--port", "{PORT}", "--no-demo"])
            : new ServiceProcess(mode, ((string[])["ingest", "trainer", "recommend", "insights"])
                .ToDictionary(name => $"services__{name}__http__0", string? (_) => "http://127.0.0.1:9"));
        await process.StartAsync();
        var document = JsonDocument.Parse(await process.Client.GetStringAsync("openapi/v1.json", TestContext.Current.CancellationToken));
        string[] summaries =
        [
            .. document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
                .Select(operation => operation.Value.GetProperty("summary").GetString()!),
        ];

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = Programs.Find("chromium"), Headless = true, Args = PageTests.BrowserFlags });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1400, Height = 1000 } });
        page.SetDefaultTimeout(30_000);
        List<string> problems = [], foreign = [];
        page.Console += (_, message) => { if (message.Type is "error" or "warning") problems.Add(message.Text); };
        page.PageError += (_, error) => problems.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(process.Address.ToString(), StringComparison.Ordinal)
                && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
                foreign.Add(request.Url);
        };

        var answer = await page.GotoAsync(process.Address + "scalar/v1");
        Assert.DoesNotContain("unsafe-inline", answer!.Headers["content-security-policy"].Split(';').Single(rule =>
            rule.TrimStart().StartsWith("script-src", StringComparison.Ordinal)), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Heading, new() { Name = "Recommender API" }).First.WaitForAsync();
        Assert.True(summaries.Length > 30, $"only {summaries.Length} operations are described");
        foreach (string summary in summaries)
            await Assertions.Expect(page.GetByText(summary, new() { Exact = true }).First).ToBeVisibleAsync();
        // An operation is drawn when it is looked at.
        foreach (string summary in (string[])["Get recommendations for a user", "Replay dead letters"])
        {
            await page.GetByText(summary, new() { Exact = true }).First.ClickAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = summary, Exact = true })).ToBeInViewportAsync();
        }

        Assert.Empty(foreign);
        Assert.Empty(problems);
    }
}
