using System.Net;
using Recommender.Contracts;
using Recommender.Messaging.Streams;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Insights.Tests;

/// <summary>What is published is stored and can be read, embedded and over servers.</summary>
public sealed class ServedAnswerTests(Servers servers) : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_is_stored_once_and_read_by_its_id(bool overServers)
    {
        await using var host = await StartAsync(overServers);
        int[] keys = await host.PutItemsAsync("lamp", "tea");
        var (mine, visit, nobody) = (host.Answer(UserRef.User("ann"), null, keys[1], keys[0]),
            host.Answer(UserRef.Session("visit"), null, keys[0]), host.Answer(null));
        mine.Placement = "home";
        await host.PublishAsync(mine, visit, nobody);
        await host.PublishAsync(mine);
        await host.StoredAsync(mine, visit, nobody);

        var (status, body) = await host.GetAsync($"/v1/recommendations/{mine.Id}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($$"""
            {"recommendationId":"{{mine.Id}}","at":"{{DateTimeOffset.FromUnixTimeMilliseconds(mine.AtMs):yyyy-MM-ddTHH:mm:ss.FFFFFFF}}+00:00","kind":"recommendations","source":"personal","placement":"home","userId":"ann","modelVersion":3,"share":1,"items":[{"itemId":"tea","title":"Title of tea","score":{{1f / keys[1]}}},{"itemId":"lamp","title":"Title of lamp","score":{{1f / keys[0]}}}]}
            """, body.GetRawText());
        body = (await host.GetAsync($"/v1/recommendations/{visit.Id}")).Body;
        Assert.Equal("visit", body.GetProperty("sessionId").GetString());
        Assert.False(body.TryGetProperty("userId", out _));
        body = (await host.GetAsync($"/v1/recommendations/{nobody.Id}")).Body;
        Assert.Equal(0, body.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("00000000000000070000000000000063")]
    [InlineData("an-id-of-the-application")]
    public async Task An_unknown_answer_is_not_found(string id)
    {
        await using var host = await StartAsync();
        var (status, body) = await host.GetAsync($"/v1/recommendations/{id}");
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains(id, body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_no_answer_becomes_a_dead_letter_and_the_rest_is_stored(bool overServers)
    {
        await using var host = await StartAsync(overServers);
        await host.Get<IStreamPublisher>().PublishAsync(Topology.Served, "[{}]"u8.ToArray(), [], Stop);
        var answer = host.Answer(UserRef.User("ann"));
        await host.PublishAsync(answer);
        await Eventually.TrueAsync(async () => (await host.GetAsync($"/v1/recommendations/{answer.Id}")).Status == HttpStatusCode.OK);
        await Eventually.TrueAsync(async () =>
            (await host.Get<IStreamAdministration>().ListDeadLettersAsync(10, Stop)).Letters is [{ Stream: Topology.Served }]);
    }

    [Fact]
    public async Task Days_beyond_the_retention_are_removed()
    {
        await using (var host = await StartAsync())
        {
            var (old, fresh) = (host.Answer(null, DateTimeOffset.UtcNow.AddDays(-9)), host.Answer(null));
            await host.PublishAsync(old, fresh);
            await host.StoredAsync(old, fresh);
        }

        await using var later = await StartAsync(settings: ("Insights:AnswerRetentionDays", "7"));
        await Eventually.EqualAsync(HttpStatusCode.NotFound,
            async () => (await later.GetAsync("/v1/recommendations/00000000000000070000000000000001")).Status);
        Assert.Equal(HttpStatusCode.OK, (await later.GetAsync("/v1/recommendations/00000000000000070000000000000002")).Status);
    }

    private async Task<InsightsHost> StartAsync(bool overServers = false, params (string Key, string? Value)[] settings) => overServers
        ? await InsightsHost.StartAsync(_folder.Path, (await servers.NewRabbitMqAsync()).ConnectionString, await servers.NewDatabaseAsync(),
            settings)
        : await InsightsHost.StartAsync(_folder.Path, settings: settings);
}
