using System.Net;
using System.Text.Json;
using Recommender.EndToEnd.Pages;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd;

/// <summary>Everything in one process, as `dotnet run --project AppHost` runs it.</summary>
[Collection(Demonstration.Name)]
public class StandaloneTests(Demonstration demonstration)
{
    [Fact]
    public async Task The_demonstration_recommends_within_a_minute_and_with_the_first_model_for_reasons_that_add_up()
    {
        var standalone = await demonstration.StartAsync();
        await new Api(standalone.Client).FirstPersonalAsync(TimeSpan.FromSeconds(60));
        var (user, answer) = await new Api(standalone.Client).FirstPersonalAsync(TimeSpan.FromSeconds(180), byModel: true);
        var items = answer.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(10, items.Count);
        Assert.True(answer.GetProperty("modelVersion").GetInt64() > 0);
        foreach (var item in items)
        {
            Assert.False(string.IsNullOrWhiteSpace(item.GetProperty("title").GetString()));
            double sum = item.GetProperty("reasons").EnumerateArray().Sum(reason => reason.GetProperty("share").GetDouble());
            Assert.InRange(item.GetProperty("reasons").GetArrayLength(), 1, 5);
            Assert.InRange(sum + item.GetProperty("rest").GetDouble(), 0.99, 1.01);
        }
        var scores = items.Select(item => item.GetProperty("score").GetDouble()).ToList();
        Assert.Equal(scores.OrderDescending(), scores);

        // What the user has had is not recommended again.
        var history = await new Api(standalone.Client).HistoryAsync(user);
        Assert.NotEmpty(history);
        Assert.Empty(history.Intersect(items.Select(item => item.GetProperty("itemId").GetString()!)));
    }

    [Fact]
    public async Task An_event_answered_202_survives_a_kill_and_counts_once()
    {
        using var data = new TempFolder();
        await using var standalone = await StartAsync(data);
        var api = new Api(standalone.Client);
        for (int round = 0; round < 3; round++)
        {
            string body = JsonSerializer.Serialize(new
            {
                eventId = $"e-{round}",
                userId = "ann",
                itemId = $"item-{round}",
                type = "purchase",
                occurredAt = DateTimeOffset.UtcNow
            });
            Assert.Equal(HttpStatusCode.Accepted, await api.PostAsync("/v1/events", body));
            await standalone.KillAsync();
            await standalone.StartAsync();
            // The producer that never saw the answer sends it again.
            Assert.Equal(HttpStatusCode.Accepted, await api.PostAsync("/v1/events", body));
        }
        await Eventually.EqualAsync(3, () => api.EventsAsync());
        await Eventually.TrueAsync(async () => (await api.HistoryAsync("ann")).Count == 3);
        Assert.Equal(3, await api.EventsAsync());
    }

    [Fact]
    public async Task It_writes_nowhere_but_in_its_data_folder_and_ends_cleanly()
    {
        using var data = new TempFolder();
        using var elsewhere = new TempFolder();
        string folder = Path.Combine(data.Path, "kept");
        await using var standalone = new ServiceProcess("Standalone",
            new Dictionary<string, string?> { ["HOME"] = elsewhere.Path, ["TMPDIR"] = elsewhere.Path, ["DOTNET_EnableDiagnostics"] = "0" },
            ["--data", folder, "--port", "{PORT}", "--no-demo"]);
        await standalone.StartAsync();
        Assert.Equal(HttpStatusCode.Accepted, await new Api(standalone.Client).PostAsync("/v1/events",
            """{"userId":"a","itemId":"b","type":"view"}"""));
        Assert.Equal(0, await standalone.StopAsync());
        Assert.NotEmpty(Directory.GetFileSystemEntries(folder));
        Assert.Equal([folder], Directory.GetFileSystemEntries(data.Path));
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere.Path));
    }

    private static async Task<ServiceProcess> StartAsync(TempFolder data)
    {
        var standalone = new ServiceProcess("Standalone", arguments: ["--data", data.Path, "--port", "{PORT}", "--no-demo"]);
        await standalone.StartAsync();
        return standalone;
    }
}
