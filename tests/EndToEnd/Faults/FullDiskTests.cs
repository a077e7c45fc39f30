using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Recommender.TestKit;
using Xunit;

namespace Recommender.EndToEnd.Faults;

/// <summary>The embedded installation on a file system of a few megabytes.</summary>
public class FullDiskTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_a_full_disk_events_are_refused_whole_and_with_room_it_goes_on_by_itself()
    {
        using var folder = new TempFolder();
        Assert.SkipUnless(await MountAsync("-t", "tmpfs", "-o", "size=5m", "tmpfs", folder.Path),
            "Only root may mount a small file system.");
        try
        {
            await using var standalone = new ServiceProcess("Standalone",
                new Dictionary<string, string?> { ["Trainer__MinimumEvents"] = "1000000000" },
                    ["--data", folder.Path, "--port", "{PORT}", "--no-demo"]);
            await standalone.StartAsync();
            var api = new Api(standalone.Client);
            var accepted = new List<int>();
            var refused = new List<int>();
            for (int n = 0; refused.Count < 5 && n < 2000; n++)
            {
                var status = await api.PostAsync("/v1/events", Batch(n));
                if (status == HttpStatusCode.Accepted)
                {
                    accepted.Add(n);
                    continue;
                }

                Assert.True(status is HttpStatusCode.InsufficientStorage or HttpStatusCode.ServiceUnavailable, $"answered {status}");
                refused.Add(n);
            }

            Assert.Equal(5, refused.Count);
            Assert.NotEmpty(accepted);
            Assert.True(standalone.IsRunning, standalone.LogTail());

            Assert.True(await MountAsync("-o", "remount,size=200m", folder.Path));
            // Accepted events (202) are stored automatically, and refused ones are not.
            await Eventually.EqualAsync(accepted.Count * BatchEvents, async () => (int)await api.EventsAsync());
            await Eventually.TrueAsync(async () => (await api.GetAsync("/v1/status"))
                .GetProperty("queueDepths").GetProperty("interactions").GetInt64() == 0);
            Assert.Equal(accepted.Count * BatchEvents, await api.EventsAsync());
            foreach (int n in refused) Assert.Equal(HttpStatusCode.Accepted, await api.PostAsync("/v1/events", Batch(n)));
            await Eventually.EqualAsync((accepted.Count + refused.Count) * BatchEvents, async () => (int)await api.EventsAsync());
            TestContext.Current.TestOutputHelper?.WriteLine($"[MEASURED] {accepted.Count} batches of {BatchEvents} events on 5 MB, then "
                + $"refused");
        }
        finally
        {
            using var unmount = Process.Start("umount", ["-l", folder.Path]);
            await unmount.WaitForExitAsync(CancellationToken.None);
        }
    }

    private const int BatchEvents = 20;

    private static string Batch(int number) => JsonSerializer.Serialize(Enumerable.Range(0, BatchEvents).Select(i => new
    {
        eventId = $"e-{number}-{i}",
        userId = $"u-{number % 50}",
        itemId = $"i-{i}",
        type = "view",
        context = new { filler = new string('x', 1000) },
    }));

    private static async Task<bool> MountAsync(params string[] arguments)
    {
        using var mount = Process.Start(new ProcessStartInfo("mount", arguments) { RedirectStandardError = true })!;
        await mount.WaitForExitAsync(Cancel);
        return mount.ExitCode == 0;
    }
}
