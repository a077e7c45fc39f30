using System.Net;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>What a user viewed and has not bought, as an operation and as the recipe of a placement.</summary>
public sealed class RecentTests : IAsyncLifetime
{
    private const uint Start = 1_600_000_000;
    private static readonly string[] s_types = ["view", "purchase", "order", "dislike"];

    private readonly InProcessFactorStore _store = new();
    private RecommendHost _host = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _store.PutEventTypesAsync(s_types, Stop);
        await Shop.Whole.FillAsync(_store);
        await _store.PutItemsAsync([Shop.Record(8, available: false)], Stop);
        await PutAsync("ann", (5, "view"), (6, "purchase"), (7, "view"), (8, "view"), (9, "order"), (10, "view"), (11, "view"));
        _host = await RecommendHost.StartAsync(_store, ("EventTypes:order:Purchase", "true"),
            ("Placements:shelf:Recipe", "recent"), ("Placements:shelf:Count", "2"),
            ("Placements:shelf:Boosts:0:Filter:Must:0:Key", "itemId"), ("Placements:shelf:Boosts:0:Filter:Must:0:Any:0", Shop.IdOf(11)),
            ("Placements:shelf:Boosts:0:Factor", "10"), ("Placements:like:Recipe", "similar"), ("Placements:hot:Recipe", "trending"),
            ("Placements:new:Recipe", "latest"), ("Placements:best:Recipe", "popular"));
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Items_that_were_not_bought_are_listed_newest_first()
    {
        var answer = await _host.GetAsync("/v1/users/ann/recent?explain=true");
        Assert.Equal((Sources.Recent, null), (answer.Source, answer.ModelVersion));
        Assert.Equal([5, 7, 10, 11], Numbers(answer));
        Assert.Equal([1, 1f / 2, 1f / 3, 1f / 4], answer.Items.Select(item => item.Score));
        Assert.All(answer.Items, item =>
        {
            var reason = Assert.Single(item.Reasons!);
            Assert.Equal((item.ItemId, 1f, 0f), (reason.ItemId!, reason.Share, item.Rest!.Value));
        });
        Assert.Null((await _host.GetAsync("/v1/users/ann/recent")).Items[0].Reasons);
        var without = (await _host.GetAsync("/v1/users/ann/recent?reasons=0")).Items[0];
        Assert.Equal((0, 1f), (without.Reasons!.Count, without.Rest!.Value));
    }

    [Fact]
    public async Task An_item_that_was_bought_before_it_was_viewed_is_left_out_and_so_are_disliked_items()
    {
        await PutAsync("bob", [new SeenRecord(Shop.KeyOf(5), 1, 1000), new SeenRecord(Shop.KeyOf(7), 3, 1000)],
            (5, "view"), (6, "dislike"), (7, "view"));
        Assert.Equal([7], Numbers(await _host.GetAsync("/v1/users/bob/recent")));
    }

    [Fact]
    public async Task Items_whose_entrytypes_are_unknown_are_left_out()
    {
        await _store.PutUsersAsync([Shop.Whole.User("old", 1, Shop.Bought(3))], Stop);
        Assert.Empty((await _host.GetAsync("/v1/users/old/recent")).Items);
        await PutAsync("new", (3, "view"));
        Assert.Equal([3], Numbers(await _host.GetAsync("/v1/users/new/recent")));
    }

    [Fact]
    public async Task Filters_exclusions_and_pages_apply_and_nothing_is_appended()
    {
        Assert.Equal([7, 10], Numbers(await _host.GetAsync("/v1/users/ann/recent?category=games")));
        Assert.Equal([10], Numbers(await _host.GetAsync("/v1/users/ann/recent?tag=even")));
        Assert.Equal([7, 10, 11], Numbers(await _host.GetAsync("/v1/users/ann/recent?exclude=" + Shop.IdOf(5))));
        var first = await _host.GetAsync("/v1/users/ann/recent?count=3");
        Assert.Equal([5, 7, 10], Numbers(first));
        var second = await _host.GetAsync("/v1/users/ann/recent?count=3&cursor=" + first.Next);
        Assert.Equal([11], Numbers(second));
        Assert.Equal(1f / 4, second.Items[0].Score);
        Assert.Null(second.Next);
        var nobody = await _host.GetAsync("/v1/users/nobody/recent");
        Assert.Equal((Sources.Recent, 0), (nobody.Source, nobody.Items.Count));
    }

    [Fact]
    public async Task A_session_is_listed_while_the_user_is_unknown()
    {
        var state = Shop.Whole.State(UserRef.Session("s"), 1, Shop.Bought(20));
        await _store.PutUsersAsync([state with { HistoryClasses = new byte[] { 0 } }], Stop);
        Assert.Equal([20], Numbers(await _host.GetAsync("/v1/users/nobody/recent?sessionId=s")));
        Assert.Equal([5, 7, 10, 11], Numbers(await _host.GetAsync("/v1/users/ann/recent?sessionId=s")));
    }

    [Fact]
    public async Task A_placement_answers_by_its_recipe()
    {
        // The boost makes the last of four the first.
        foreach (var answer in new[]
        {
            await _host.GetAsync("/v1/users/ann/recommendations?placement=shelf"),
            await _host.PostAsync(new { userId = "ann", placement = "shelf" }),
            await _host.GetAsync("/v1/users/ann/recent?placement=shelf"),
            await _host.PostLineAsync(new { userIds = new[] { "ann" }, placement = "shelf" }),
        })
        {
            Assert.Equal((Sources.Recent, 2), (answer.Source, answer.Items.Count));
            Assert.Equal([11, 5], Numbers(answer));
            Assert.Equal(2.5f, answer.Items[0].Score);
        }

        var pinned = await _host.PostAsync(new
        {
            userId = "ann",
            placement = "shelf",
            count = 5,
            pins = new[] { new { itemId = Shop.IdOf(30), position = 2 } },
            filter = new { must = new[] { new { key = "categories", any = new[] { "music", "games" } } } },
        });
        Assert.Equal([11, 30, 5, 7, 10], Numbers(pinned));
    }

    [Fact]
    public async Task Lists_are_recipes_as_well_and_leave_out_what_the_user_has_seen()
    {
        foreach (var (placement, list) in new[] { ("best", "popular"), ("hot", "trending"), ("new", "latest") })
        {
            var seen = new[] { 5, 6, 7, 8, 9, 10, 11 };
            var all = await _host.GetAsync($"/v1/items/{list}?count=60");
            var answer = await _host.PostAsync(new { userId = "ann", placement, count = 60 });
            Assert.Equal(list, answer.Source);
            Assert.Equal(Numbers(all).Except(seen), Numbers(answer));
            Assert.Equal(Numbers(all), Numbers(await _host.PostAsync(new { userId = "ann", placement, count = 60, includeSeen = true })));
        }
    }

    [Fact]
    public async Task Similar_items_are_a_recipe_that_needs_an_item()
    {
        var similar = await _host.GetAsync($"/v1/items/{Shop.IdOf(1)}/similar?count=60");
        var answer = await _host.PostAsync(new { userId = "nobody", itemId = Shop.IdOf(1), placement = "like", count = 60 });
        Assert.Equal((Sources.Similar, 1L), (answer.Source, answer.ModelVersion!.Value));
        Assert.Equal(Numbers(similar), Numbers(answer));
        var boosted = await _host.PostAsync(new
        {
            itemId = Shop.IdOf(1),
            placement = "like",
            count = 3,
            boosts = new[]
            {
                new { factor = 1e6, filter = new { must = new[] { new { key = "itemId", any = new[] { Shop.IdOf(13) } } } } },
            },
        });
        Assert.Equal([13, .. Numbers(similar).Where(number => number != 13).Take(2)], Numbers(boosted));
        Assert.StartsWith("itemId is required: placement 'like' has the recipe similar",
            await _host.PostErrorAsync(new { userId = "ann", placement = "like" }));
        Assert.StartsWith("itemId is required", await _host.GetErrorAsync("/v1/users/ann/recommendations?placement=like"));
        Assert.StartsWith("itemId is required",
            await _host.PostErrorAsync(new { userIds = new[] { "ann" }, placement = "like" }, "/v1/recommendations/batch"));
        foreach (string placement in new[] { "shelf", "hot" })
            Assert.StartsWith("itemId is allowed only", await _host.PostErrorAsync(new { itemId = Shop.IdOf(1), placement }));
        Assert.StartsWith("itemId is allowed only", await _host.PostErrorAsync(new { itemId = Shop.IdOf(1) }));
        Assert.StartsWith("itemId is '..'", await _host.PostErrorAsync(new { itemId = "..", placement = "like" }));
        var missing = await _host.SendAsync(new { itemId = "nothing", placement = "like" });
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Theory]
    [InlineData("count=-1", "count")]
    [InlineData("cout=1", "cout")]
    [InlineData("diversity=0.5", "diversity")]
    [InlineData("includeSeen=true", "includeSeen")]
    [InlineData("placement=nowhere", "placement")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("reasons=few", "reasons")]
    [InlineData("explain=maybe", "explain")]
    public async Task A_wrong_parameter_is_named(string query, string place) =>
        Assert.StartsWith(place + " ", await _host.GetErrorAsync("/v1/users/ann/recent?" + query));

    [Fact]
    public async Task A_wrong_recipe_is_named_when_the_service_starts()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() =>
            RecommendHost.StartAsync(new InProcessFactorStore(), ("Placements:shelf:Recipe", "recnt")));
        Assert.Contains("Placements:shelf:Recipe must be recommendations or together or similar", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<int> Numbers(RecommendationResponse answer) => answer.Items.Select(item => Shop.NumberOf(item.ItemId));

    private Task PutAsync(string id, params (int Number, string Type)[] history) => PutAsync(id, [], history);

    /// <param name="history">Newest first.</param>
    private Task PutAsync(string id, SeenRecord[] seen, params (int Number, string Type)[] history)
    {
        var records = history.Select((entry, n) =>
            Shop.Bought(entry.Number, 1, entry.Type == "dislike" ? 0 : 1, Start - (60 * (uint)n))).ToArray();
        var classes = history.Select(entry => (byte)Array.IndexOf(s_types, entry.Type)).ToArray();
        return _store.PutUsersAsync([Shop.Whole.User(id, 1, records) with { HistoryClasses = classes, Seen = seen }], Stop);
    }
}
