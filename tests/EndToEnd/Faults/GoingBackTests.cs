using System.Net;
using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>Backup, restore and replay of an embedded installation.</summary>
public class GoingBackTests
{
    private static readonly Dictionary<string, string?> s_settings = new()
    {
        ["Trainer__Rank"] = "8",
        ["Trainer__TuneBudgetSeconds"] = "0",
        ["Trainer__MinimumEvents"] = "1000000000", // Trained only when asked for.
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restored_backup_answers_as_before_and_a_replay_as_it_did_at_the_time()
    {
        using var folder = new TempFolder();
        string data = Path.Combine(folder.Path, "data"), restored = Path.Combine(folder.Path, "restored"),
            replayed = Path.Combine(folder.Path, "replayed"), file = Path.Combine(folder.Path, "backup.gz");
        var noon = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
        Dictionary<string, UserAnswer> then, now;
        await using (var standalone = await StartAsync(data))
        {
            await SendAsync(standalone, Events(0, 600, noon.AddSeconds(-600)));
            await LossCheck.TrainAsync(new Api(standalone.Client), [standalone]);
            then = await LossCheck.AnswersAsync(standalone);
            // What a broken tracker sends, for instance: everybody suddenly likes something else.
            await SendAsync(standalone, Events(1, 900, noon.AddSeconds(1)));
            await LossCheck.TrainAsync(new Api(standalone.Client), [standalone]);
            now = await LossCheck.AnswersAsync(standalone);
            Assert.NotEqual(then, now);

            // Both while it runs.
            await RunAsync("backup", file, "--data", data);
            await RunAsync("replay", "--data", data, "--until", "2026-03-01T12:00:00Z", "--into", replayed);
        }

        await RunAsync("restore", file, "--data", restored);
        await using (var standalone = await StartAsync(restored)) Assert.Equal(now, await ServedAsync(standalone));
        await using (var standalone = await StartAsync(replayed)) Assert.Equal(then, await ServedAsync(standalone));
    }

    private static IEnumerable<object> Events(int shift, int count, DateTimeOffset start) => Enumerable.Range(0, count).Select(n => new
    {
        eventId = $"e-{shift}-{n}",
        userId = $"{Producer.PersonalPrefix}{n % Producer.Users}",
        itemId = $"item-{(n + shift) % 2 * 12 + (n / Producer.Users + n * 7) % 12}",
        type = "view",
        occurredAt = start.AddSeconds(n),
    });

    private static async Task SendAsync(ServiceProcess standalone, IEnumerable<object> events)
    {
        var api = new Api(standalone.Client);
        long before = await api.EventsAsync();
        var all = events.ToList();
        Assert.Equal(HttpStatusCode.Accepted, await api.PostAsync("/v1/events", JsonSerializer.Serialize(all)));
        await Eventually.EqualAsync(before + all.Count, api.EventsAsync);
    }

    private static async Task<ServiceProcess> StartAsync(string data)
    {
        var standalone = new ServiceProcess("Standalone", s_settings, ["--data", data, "--port", "{PORT}", "--no-demo"]);
        await standalone.StartAsync();
        return standalone;
    }

    /// <summary>Completes once everything in memory is rebuilt, that is, once the factor store has a generation.</summary>
    internal static async Task<Dictionary<string, UserAnswer>> ServedAsync(ServiceProcess standalone)
    {
        var api = new Api(standalone.Client);
        await Eventually.TrueAsync(async () => await api.GetAsync("/v1/serving") is var serving
            && serving.TryGetProperty("modelVersion", out _)
            && serving.TryGetProperty("generation", out _), what: "a model and its users are served");
        return await LossCheck.AnswersAsync(standalone);
    }

    internal static async Task RunAsync(params string[] arguments)
    {
        await using var command = new ServiceProcess("Cli", s_settings, arguments);
        command.Launch();
        int code = await command.WaitForExitAsync(Cancel);
        Assert.True(code == 0, command.LogTail());
    }
}
