using System.Net;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Insights.Tests;

/// <summary>Events are attributed to answers, and both are counted.</summary>
public sealed class OutcomeTests(Servers servers) : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_follows_an_answer_is_attributed_and_counted(bool overServers)
    {
        await using var host = await StartAsync(overServers);
        int[] keys = await host.PutItemsAsync("lamp", "tea", "cup", "pot");
        var ann = host.Answer(UserRef.User("ann"), Now.AddMinutes(-30), keys[0], keys[1]);
        ann.Placement = "home";
        var older = host.Answer(UserRef.User("ann"), Now.AddMinutes(-40), keys[1]);
        var visit = host.Answer(UserRef.Session("visit"), Now.AddMinutes(-30), keys[2]);
        visit.Source = Sources.Popular;
        await host.PublishAsync(ann, older, visit);
        await host.StoredAsync(ann, older, visit);
        await host.Store.StoreInteractionsAsync(
        [
            // By the id, by the last showing, and by the session that a user was in.
            Event("e-1", "ann", "lamp", "view") with { RecommendationId = ann.Id.ToString() },
            Event("e-2", "ann", "tea", "purchase", 12.5),
            Event("e-3", "bob", "cup", "view") with { SessionId = "visit" },
            // Not shown; shown later; shown to another; no sign of interest; taken back.
            Event("e-4", "ann", "pot", "view"), Event("e-5", "ann", "lamp", "view", at: Now.AddMinutes(-35)),
            Event("e-6", "bob", "lamp", "view"), Event("e-7", "ann", "tea", "dislike"), Event("e-8", "ann", "tea", "purchase", -1),
        ], Stop);
        await AttributedAsync(host, 8);

        var body = await InsightsAsync(host, "by=placement,source");
        Assert.Equal(["", "", "home"], body.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("placement").GetString()));
        var home = body.GetProperty("rows")[2];
        Assert.Equal((1, 2, 1, 1, 12.5, 12500), (Number(home, "answers"), Number(home, "items"), Number(home, "clicks"),
            Number(home, "conversions"), Number(home, "value"), Number(home.GetProperty("valuePer1000Answers"), "mean")));
        var total = body.GetProperty("total");
        Assert.Equal((3, 2, 1), (Number(total, "answers"), Number(total, "clicks"), Number(total, "conversions")));
        var rate = total.GetProperty("clickThroughRate");
        // Wilson's interval of 2 of 3, computed by hand.
        Assert.Equal((2 / 3.0, 0.2077, 0.9385), (Number(rate, "mean"), Math.Round(Number(rate, "low"), 4),
            Math.Round(Number(rate, "high"), 4)));
        Assert.Equal(1 / 3.0, Number(total, "fallbackShare"), 1e-12);
        // lamp and cup once, tea twice, of 4 items.
        Assert.Equal((0.75, 0.375), (Number(body, "catalogueShare"), Number(body, "exposureGini")));
    }

    [Fact]
    public async Task An_event_that_comes_before_its_answer_is_counted_with_it_and_once()
    {
        await using var host = await StartAsync();
        int[] keys = await host.PutItemsAsync("lamp");
        var answer = host.Answer(UserRef.User("ann"), Now.AddMinutes(-1), keys[0]);
        var view = Event("e-1", "ann", "lamp", "view") with { RecommendationId = answer.Id.ToString() };
        await host.Store.StoreInteractionsAsync([view], Stop);
        await AttributedAsync(host, 1);
        await host.PublishAsync(answer);
        await host.PublishAsync(answer);
        await host.Store.StoreInteractionsAsync([view], Stop);
        await Eventually.EqualAsync(1, async () => Number((await InsightsAsync(host, "")).GetProperty("total"), "clicks"));
        // Behind everything before it.
        var last = host.Answer(null);
        await host.PublishAsync(last);
        await host.StoredAsync(last);
        Assert.Equal((1, 2), (Number((await InsightsAsync(host, "")).GetProperty("total"), "clicks"),
            Number((await InsightsAsync(host, "")).GetProperty("total"), "answers")));
    }

    [Fact]
    public async Task After_a_restart_attribution_goes_on_where_it_was()
    {
        ServedAnswer answer;
        await using (var host = await StartAsync())
        {
            int[] keys = await host.PutItemsAsync("lamp");
            await host.PublishAsync(answer = host.Answer(UserRef.User("ann"), Now.AddMinutes(-1), keys[0]));
            await host.StoredAsync(answer);
            await host.Store.StoreInteractionsAsync([Event("e-1", "ann", "lamp", "view")], Stop);
            await AttributedAsync(host, 1);
        }

        await using var again = await StartAsync();
        await again.Store.StoreInteractionsAsync([Event("e-2", "ann", "lamp", "view")], Stop);
        await AttributedAsync(again, 2);
        Assert.Equal(2, Number((await InsightsAsync(again, "")).GetProperty("total"), "clicks"));
    }

    [Fact]
    public async Task Figures_are_grouped_and_picked_as_asked()
    {
        await using var host = await StartAsync();
        var (today, old) = (host.Answer(null), host.Answer(null, Now.AddDays(-2)));
        old.ModelVersion = 0;
        await host.PublishAsync(today, old);
        await Eventually.EqualAsync(2, async () => Number((await InsightsAsync(host, "")).GetProperty("total"), "answers"));
        var rows = (await InsightsAsync(host, "by=day,modelVersion,kind&metric=answers")).GetProperty("rows");
        Assert.Equal([(old.AtMs / 86_400_000, 0, "recommendations", 1.0), (today.AtMs / 86_400_000, 3, "recommendations", 1.0)],
            rows.EnumerateArray().Select(row => (row.GetProperty("at").GetDateTimeOffset().ToUnixTimeSeconds() / 86_400,
                (int)Number(row, "modelVersion"), row.GetProperty("kind").GetString()!, Number(row, "answers"))));
        Assert.False(rows[0].TryGetProperty("items", out _));
        Assert.Equal(1, Number((await InsightsAsync(host, $"from={Uri.EscapeDataString(Now.AddDays(-1).ToString("O"))}"))
            .GetProperty("total"), "answers"));
        Assert.Equal(0, Number((await InsightsAsync(host, "placement=home")).GetProperty("total"), "answers"));
    }

    [Theory]
    [InlineData("from=yesterday", "from")]
    [InlineData("to=2026-01-01", "to")]
    [InlineData("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from")]
    [InlineData("from=2020-01-02T00:00:00Z", "from")]
    [InlineData("by=variety", "by")]
    [InlineData("by=hour,day", "by")]
    [InlineData("by=source,source", "by")]
    [InlineData("metric=clicks,luck", "metric")]
    [InlineData("placement=a%00b", "placement")]
    public async Task A_wrong_parameter_is_named(string query, string field)
    {
        await using var host = await StartAsync();
        var (status, body) = await host.GetAsync($"/v1/insights?{query}");
        Assert.Equal((HttpStatusCode.BadRequest, field), (status, body.GetProperty("field").GetString()));
    }

    private static Interaction Event(string id, string user, string item, string type, double? value = null, DateTimeOffset? at = null) =>
        new() { EventId = id, UserId = user, ItemId = item, Type = type, Value = value, OccurredAt = at ?? Now };

    private static double Number(JsonElement element, string property) => element.GetProperty(property).GetDouble();

    private static async Task<JsonElement> InsightsAsync(InsightsHost host, string query)
    {
        var (status, body) = await host.GetAsync($"/v1/insights?{query}");
        Assert.True(status == HttpStatusCode.OK, body.GetRawText());
        return body;
    }

    private async Task<InsightsHost> StartAsync(bool overServers = false)
    {
        (string, string?)[] settings = [("Insights:AttributionDelaySeconds", "0.1")];
        var host = overServers
            ? await InsightsHost.StartAsync(_folder.Path, (await servers.NewRabbitMqAsync()).ConnectionString,
                await servers.NewDatabaseAsync(), settings)
            : await InsightsHost.StartAsync(_folder.Path, settings: settings);
        // From here on events are followed.
        await Eventually.TrueAsync(async () => await host.Store.GetAttributedSequenceAsync(Stop) is not null);
        return host;
    }

    private static Task AttributedAsync(InsightsHost host, long sequence) =>
        Eventually.EqualAsync(sequence, async () => await host.Store.GetAttributedSequenceAsync(Stop) ?? -1);
}
