using Microsoft.Extensions.Time.Testing;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Recommend.Serving;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>Items that may not appear yet, or not at all, appear in no list and no search.</summary>
public class AvailabilityTests
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ItemRecord Record(int key, string id, DateTimeOffset? publishedAt, double popularity = 500) => Shop.Record(1) with
    {
        ItemKey = key,
        ItemId = id,
        Popularity = popularity,
        Trend = popularity + 100,
        Item = new Item { ItemId = id, Categories = ["soon"], PublishedAt = publishedAt },
    };

    /// <summary>A shop whose refresher looks on its own only once a minute, of the real time.</summary>
    private static async Task<RecommendHost> StartAsync(IFactorStore store, TimeProvider clock)
    {
        await Shop.Whole.FillAsync(store);
        var host = await RecommendHost.StartAsync(store, clock, ("Recommend:PollMilliseconds", "60000"));
        var refresher = (Refresher)host.Services.GetService(typeof(Refresher))!;
        await Eventually.TrueAsync(() =>
        {
            refresher.RequestRefresh();
            return host.State.Model is not null;
        });
        return host;
    }

    private static async Task PutAsync(RecommendHost host, params ItemRecord[] records)
    {
        await host.Store.PutItemsAsync(records, Cancellation);
        ((Refresher)host.Services.GetService(typeof(Refresher))!).RequestRefresh();
        await host.ServesAsync(1);
    }

    /// <summary>Every way to an item of the category, by name, with whether the item is there.</summary>
    private static async Task<Dictionary<string, bool>> PlacesAsync(RecommendHost host, string id)
    {
        var places = new Dictionary<string, RecommendationResponse>
        {
            ["popular"] = await host.GetAsync("/v1/items/popular?count=1000"),
            ["trending"] = await host.GetAsync("/v1/items/trending?count=1000"),
            ["latest"] = await host.GetAsync("/v1/items/latest?count=1000"),
            ["similar"] = await host.GetAsync($"/v1/items/{Shop.IdOf(3)}/similar?count=1000"),
            ["category"] = await host.GetAsync("/v1/items/popular?category=soon"),
            ["personal"] = await host.GetAsync("/v1/users/reader/recommendations?count=1000"),
            ["unknown user"] = await host.GetAsync("/v1/users/nobody/recommendations?count=1000"),
            ["filter"] = await host.PostAsync(new { filter = new { must = new[] { new { key = "itemId", any = new[] { id } } } } }),
            ["pin"] = await host.PostAsync(new { count = 1, pins = new[] { new { itemId = id, position = 1 } } }),
        };
        return places.ToDictionary(place => place.Key, place => place.Value.Items.Any(item => item.ItemId == id));
    }

    [Fact]
    public async Task An_item_appears_when_it_is_published_without_any_event()
    {
        var clock = new FakeTimeProvider(s_now);
        await using var host = await StartAsync(new InProcessFactorStore(), clock);
        await PutAsync(host, Record(5000, "tomorrow", s_now.AddDays(1)),
            Record(5001, "never", new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero)), Record(5002, "now", s_now));
        Assert.All(await PlacesAsync(host, "tomorrow"), place => Assert.False(place.Value, place.Key));
        Assert.All(await PlacesAsync(host, "never"), place => Assert.False(place.Value, place.Key));
        Assert.All(await PlacesAsync(host, "now"), place => Assert.True(place.Value, place.Key));
        Assert.Equal("now", (await host.GetAsync("/v1/items/latest?count=1")).Items[0].ItemId);

        clock.Advance(TimeSpan.FromDays(1));
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/items/latest?count=1")).Items[0].ItemId == "tomorrow");
        Assert.All(await PlacesAsync(host, "tomorrow"), place => Assert.True(place.Value, place.Key));
        Assert.All(await PlacesAsync(host, "never"), place => Assert.False(place.Value, place.Key));
        // 2099 is further away than timers reach; it comes all the same.
        for (int year = 2026; year < 2099; year++) clock.Advance(TimeSpan.FromDays(365.25));
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/items/latest?count=1")).Items[0].ItemId == "never");
    }

    [Fact]
    public async Task A_publication_that_is_moved_or_withdrawn_does_not_come_at_its_old_time()
    {
        var clock = new FakeTimeProvider(s_now);
        await using var host = await StartAsync(new InProcessFactorStore(), clock);
        await PutAsync(host, Record(5000, "moved", s_now.AddHours(1)), Record(5001, "withdrawn", s_now.AddHours(1)),
            Record(5002, "earlier", s_now.AddHours(9)), Record(5003, "mark", s_now.AddHours(1)));
        var withdrawn = Record(5001, "withdrawn", s_now.AddHours(1));
        await PutAsync(host, Record(5000, "moved", s_now.AddHours(2)),
            withdrawn with { Item = withdrawn.Item! with { Available = false } }, Record(5002, "earlier", s_now.AddMinutes(1)));
        clock.Advance(TimeSpan.FromHours(1));
        await Eventually.TrueAsync(() => host.State.Catalogue.IsAvailable(host.State.Catalogue.PositionOfId("mark")));
        bool Shows(string id) => host.State.Catalogue.IsAvailable(host.State.Catalogue.PositionOfId(id));
        Assert.Equal((false, false, true), (Shows("moved"), Shows("withdrawn"), Shows("earlier")));
        clock.Advance(TimeSpan.FromHours(1));
        await Eventually.TrueAsync(() => Shows("moved"));
        Assert.False(Shows("withdrawn"));
    }

    [Fact]
    public async Task A_model_swapped_in_keeps_what_is_not_published_back_and_publishes_it_in_time()
    {
        var clock = new FakeTimeProvider(s_now);
        await using var host = await StartAsync(new InProcessFactorStore(), clock);
        await PutAsync(host, Record(5000, "tomorrow", s_now.AddDays(1)));
        await Shop.Whole.ReleaseAsync(host.Store, 2);
        await Eventually.TrueAsync(() =>
        {
            ((Refresher)host.Services.GetService(typeof(Refresher))!).RequestRefresh();
            return host.State.Model?.Version == 2;
        });
        Assert.All(await PlacesAsync(host, "tomorrow"), place => Assert.False(place.Value, place.Key));
        clock.Advance(TimeSpan.FromDays(2));
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/items/latest?count=1")).Items[0].ItemId == "tomorrow");
    }

    [Fact]
    public async Task An_item_known_from_negative_events_alone_does_not_appear()
    {
        await using var host = await StartAsync(new InProcessFactorStore(), TimeProvider.System);
        var disliked = Record(5000, "disliked", null, double.NegativeInfinity) with { Item = null, Trend = double.NegativeInfinity };
        await PutAsync(host, disliked);
        foreach (var (place, shows) in await PlacesAsync(host, "disliked")) Assert.False(shows, place);
        // One user who likes it is enough, and so is a record in the catalogue.
        await host.Store.PutItemStatisticsAsync([new ItemStatisticsRecord(5000, "disliked", 0, 0, 1)], Cancellation);
        await PutAsync(host, Record(5001, "put", null, double.NegativeInfinity));
        foreach (string id in new[] { "disliked", "put" })
            Assert.Contains(id, (await host.GetAsync("/v1/items/popular?count=1000")).Items.Select(item => item.ItemId));
        Assert.Equal(0, (await host.GetAsync("/v1/items/popular?category=soon")).Items.Single(item => item.ItemId == "put").Score);
        await host.Store.PutItemStatisticsAsync(
            [new ItemStatisticsRecord(5000, "disliked", double.NegativeInfinity, double.NegativeInfinity, 2)], Cancellation);
        await PutAsync(host, Record(5002, "other", null));
        Assert.DoesNotContain("disliked", (await host.GetAsync("/v1/items/popular?count=1000")).Items.Select(item => item.ItemId));
    }

    [Fact]
    public async Task Items_with_equal_audiences_are_ordered_by_id_whatever_digits_their_sums_lost()
    {
        await using var host = await StartAsync(new InProcessFactorStore(), TimeProvider.System);
        await PutAsync(host, Record(5001, "b", null, 300), Record(5000, "a", null, 300 - 1e-13), Record(5002, "c", null, 300 + 1e-13));
        Assert.Equal(["a", "b", "c"], (await host.GetAsync("/v1/items/popular?category=soon")).Items.Select(item => item.ItemId));
    }
}
