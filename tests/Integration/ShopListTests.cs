using System.Net.Http.Json;
using Recommender.Contracts;
using Recommender.TestKit;

namespace Recommender.Integration;

/// <summary>What shops ask: bought together, buy again, recently viewed, from the event to the answer.</summary>
public class ShopListTests(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_follow_every_event_and_an_erased_user_is_gone_from_them()
    {
        await using var trio = await ServiceTrio.StartAsync(servers);
        var now = DateTimeOffset.UtcNow;
        await trio.SendAsync([Event("bob", "coffee", "purchase", now.AddDays(-20)), Event("bob", "coffee", "purchase", now.AddDays(-10)),
            Event("bob", "filter", "purchase", now.AddDays(-10)), Event("bob", "grinder", "view", now.AddDays(-5)),
            Event("bob", "kettle", "view", now.AddDays(-4)), Event("bob", "filter", "view", now.AddDays(-3)),
            Event("cid", "coffee", "purchase", now.AddDays(-1)), Event("cid", "mug", "purchase", now.AddDays(-1))]);
        await ShowsAsync("v1/users/bob/recent", Sources.Recent, "kettle", "grinder");
        await ShowsAsync("v1/users/bob/again", Sources.Again, "coffee");
        await ShowsAsync("v1/users/cid/again", Sources.Again);
        await ShowsAsync("v1/items/filter/together", Sources.Together, "coffee");
        var together = await EventuallyAsync("v1/items/coffee/together", answer => answer.Items.Count == 2);
        Assert.Equal(["filter", "mug"], together.Items.Select(item => item.ItemId).Order(StringComparer.Ordinal));

        // A purchase ends that the item is one that was not bought, and makes a basket.
        await trio.SendAsync([Event("bob", "kettle", "purchase", now), Event("bob", "mug", "purchase", now)]);
        await ShowsAsync("v1/users/bob/recent", Sources.Recent, "grinder");
        await ShowsAsync("v1/items/kettle/together", Sources.Together, "mug");

        using var erased = await trio.Ingest.DeleteAsync("v1/users/bob", Cancel);
        erased.EnsureSuccessStatusCode();
        await ShowsAsync("v1/users/bob/recent", Sources.Recent);
        await ShowsAsync("v1/users/bob/again", Sources.Again);
        await ShowsAsync("v1/items/coffee/together", Sources.Together, "mug");
        await EventuallyAsync("v1/items/filter/together", answer => answer.Source != Sources.Together);

        async Task ShowsAsync(string path, string source, params string[] items) => await EventuallyAsync(path, answer =>
            answer.Source == source && answer.Items.Select(item => item.ItemId).SequenceEqual(items));

        async Task<RecommendationResponse> EventuallyAsync(string path, Func<RecommendationResponse, bool> isShown)
        {
            RecommendationResponse? answer = null;
            await Eventually.TrueAsync(async () => isShown(answer =
                (await trio.Recommend.GetFromJsonAsync(path, ContractsJson.Default.RecommendationResponse, Cancel))!));
            return answer!;
        }
    }

    private static Interaction Event(string user, string item, string type, DateTimeOffset at) => new()
    {
        EventId = Guid.NewGuid().ToString("N"),
        UserId = user,
        ItemId = item,
        Type = type,
        OccurredAt = at,
    };
}
