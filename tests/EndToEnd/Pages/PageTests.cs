using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Recommender.LocalServers;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Pages;

/// <summary>The first page in a real browser, over the demonstration.</summary>
[Collection(Demonstration.Name)]
public class PageTests(Demonstration demonstration)
{
    internal static readonly string[] BrowserFlags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync",
    ];

    [Fact]
    public async Task One_picks_a_user_sees_history_and_reasons_and_an_event_changes_the_next_answer()
    {
        Servers.Require("chromium");
        var standalone = await demonstration.StartAsync();
        await new Api(standalone.Client).FirstPersonalAsync(TimeSpan.FromSeconds(180), byModel: true);

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = Programs.Find("chromium"), Headless = true, Args = BrowserFlags });
        var page = await browser.NewPageAsync();
        page.SetDefaultTimeout(20_000);
        List<string> problems = [], foreign = [];
        page.Console += (_, message) => { if (message.Type is "error" or "warning") problems.Add(message.Text); };
        page.PageError += (_, error) => problems.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(standalone.Address.ToString(), StringComparison.Ordinal))
                foreign.Add(request.Url);
        };

        await new Api(standalone.Client).FirstPersonalAsync(TimeSpan.FromSeconds(180), byModel: true);
        await page.GotoAsync(standalone.Address.ToString());
        // The page initially shows the first user; the assertions are on the second.
        var second = page.Locator("#user-list button").Nth(1);
        await second.ClickAsync();
        await Assertions.Expect(page.Locator("#history-hint")).ToContainTextAsync((await second.GetAttributeAsync("data-user"))! + ":");
        await page.Locator("#history li .title").First.WaitForAsync();
        await page.Locator("#recommendations li .reasons li").First.WaitForAsync();
        await Assertions.Expect(page.Locator("#source")).ToContainTextAsync("personal");
        await Assertions.Expect(page.Locator("#model")).ToHaveTextAsync(new Regex("version [0-9]+"));

        var first = page.Locator("#recommendations > li").First;
        string item = (await first.GetAttributeAsync("data-item"))!;
        await first.GetByRole(AriaRole.Button, new() { Name = "Buy" }).ClickAsync();
        await Assertions.Expect(page.Locator("#fresh")).ToContainTextAsync("counted after");
        await Assertions.Expect(page.Locator($"#history li[data-item='{item}']")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator($"#recommendations > li[data-item='{item}']")).ToHaveCountAsync(0);

        // The model in service with its metrics, those of the baselines, and the bands.
        await Assertions.Expect(page.Locator("#model-list li").First).ToContainTextAsync("NDCG@20");
        await page.Locator("#model-list li",
                new() { HasNot = page.GetByRole(AriaRole.Button, new() { Name = "Release", Exact = true }) })
            .GetByRole(AriaRole.Button, new() { NameRegex = new Regex("version") }).ClickAsync();
        foreach (string shown in new[] { "this model", "popularity", "recent popularity", "item–item", "Coverage", "Gini", "Novelty",
            "Diversity", "users: many items", "items: tail" })
            await Assertions.Expect(page.Locator("#model-detail")).ToContainTextAsync(shown);

        // An unknown user gets an answer too.
        await page.GetByLabel("Find or name a user").FillAsync("nobody-knows-me");
        await page.Locator("#user-list button", new() { HasText = "nobody-knows-me" }).ClickAsync();
        await Assertions.Expect(page.Locator("#source")).ToContainTextAsync(new Regex("popular|trending|latest"));
        await Assertions.Expect(page.Locator("#recommendations > li")).Not.ToHaveCountAsync(0);

        Assert.Empty(foreign);
        Assert.Empty(problems);
    }
}
