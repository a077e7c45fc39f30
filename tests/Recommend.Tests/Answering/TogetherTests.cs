using System.Net;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Transitions;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Baskets;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Items bought together, as an operation and as the recipe of a placement.</summary>
public sealed class TogetherTests : IAsyncLifetime
{
    private const long Start = 1_600_000_000_000;
    private static readonly BasketSettings s_settings = new();

    private readonly InProcessFactorStore _store = new();
    private readonly TransitionTable _baskets = new(s_settings.Rows);
    private RecommendHost _host = null!;
    private long _sequence;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Shop.Whole.FillAsync(_store);
        var weights = new SessionWeights { Model = 1 };
        var mix = new ScoreMix
        {
            Number = 1,
            Rules = "rules",
            Transitions = new TransitionSettings(),
            Known = weights,
            Anonymous = weights,
            Mixed = weights,
        };
        await _store.PutScoreMixAsync(1, mix.Write(), Stop);
        // 1 with 2 and, as often, with 3, which is popular; with 4 once; 5 with 8, which is not available.
        await PutAsync((1, 2, 4), (1, 3, 4), (1, 4, 1), (3, 20, 30), (3, 21, 30), (5, 8, 1));
        await _store.PutItemsAsync([Shop.Record(8, available: false)], Stop);
        await _store.CompleteTransitionsAsync(new("rules.1.a", _sequence), null, Stop);
        _host = await RecommendHost.StartAsync(_store, ("Placements:cart:Recipe", "together"), ("Placements:cart:Count", "2"));
        await _host.ServesAsync(1);
        await Eventually.TrueAsync(() => _host.State.Transitions is not null);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Items_are_ranked_by_how_often_they_share_a_basket_in_relation_to_how_often_they_are_bought()
    {
        var answer = await _host.GetAsync($"/v1/items/{Shop.IdOf(1)}/together?explain=true");
        Assert.Equal((Sources.Together, null), (answer.Source, answer.ModelVersion));
        Assert.Equal([2, 3, 4], Numbers(answer));
        var expected = new BasketRanking(_baskets, s_settings).ScoresOf(Shop.KeyOf(1)).ToDictionary(e => e.Item, e => e.Weight);
        Assert.All(answer.Items, item =>
        {
            Assert.Equal(expected[Shop.KeyOf(Shop.NumberOf(item.ItemId))], item.Score, 1e-6f);
            var reason = Assert.Single(item.Reasons!);
            Assert.Equal((Shop.IdOf(1), Shop.TitleOf(Shop.IdOf(1)), 1f, 0f),
                (reason.ItemId!, reason.Title!, reason.Share, item.Rest!.Value));
        });
        Assert.Null((await _host.GetAsync($"/v1/items/{Shop.IdOf(1)}/together")).Items[0].Reasons);
    }

    [Fact]
    public async Task An_item_that_was_bought_alone_gets_similar_items()
    {
        foreach (int number in new[] { 40, 5 })
        {
            var similar = await _host.GetAsync($"/v1/items/{Shop.IdOf(number)}/similar");
            var answer = await _host.GetAsync($"/v1/items/{Shop.IdOf(number)}/together");
            Assert.Equal((Sources.Similar, 1L), (answer.Source, answer.ModelVersion!.Value));
            Assert.Equal(Numbers(similar), Numbers(answer));
        }
    }

    [Fact]
    public async Task Filters_exclusions_and_pages_apply_and_nothing_is_appended()
    {
        string path = $"/v1/items/{Shop.IdOf(1)}/together";
        Assert.Equal([4], Numbers(await _host.GetAsync(path + "?category=games")));
        Assert.Equal([2, 4], Numbers(await _host.GetAsync(path + "?tag=even")));
        Assert.Equal([3, 4], Numbers(await _host.GetAsync(path + "?exclude=" + Shop.IdOf(2))));
        var first = await _host.GetAsync(path + "?count=2");
        Assert.Equal([2, 3], Numbers(first));
        var second = await _host.GetAsync(path + "?count=2&cursor=" + first.Next);
        Assert.Equal((Sources.Together, null), (second.Source, second.Next));
        Assert.Equal([4], Numbers(second));
        // The filter leaves nothing: that is no reason for items of another source.
        var none = await _host.GetAsync(path + "?tag=nothing");
        Assert.Equal((Sources.Together, 0), (none.Source, none.Items.Count));
    }

    [Fact]
    public async Task A_basket_that_arrives_is_in_the_next_answers()
    {
        await PutAsync((1, 4, 100));
        await Eventually.PassesAsync(async () =>
            Assert.Equal([4, 2, 3], Numbers(await _host.GetAsync($"/v1/items/{Shop.IdOf(1)}/together"))));
        await PutAsync((40, 41, 1));
        await Eventually.PassesAsync(async () =>
            Assert.Equal([41], Numbers(await _host.GetAsync($"/v1/items/{Shop.IdOf(40)}/together"))));
    }

    [Fact]
    public async Task A_placement_answers_with_what_was_bought_with_the_item_of_the_request()
    {
        Assert.Equal([2, 3], Numbers(await _host.PostAsync(new { itemId = Shop.IdOf(1), placement = "cart" })));
        Assert.Equal([2, 3], Numbers(await _host.GetAsync($"/v1/items/{Shop.IdOf(1)}/together?placement=cart")));
        var boosted = await _host.PostAsync(new
        {
            itemId = Shop.IdOf(1),
            placement = "cart",
            reasons = "all",
            boosts = new[] { new { factor = 100, filter = new { must = new[] { new { key = "itemId", any = new[] { Shop.IdOf(4) } } } } } },
        });
        Assert.Equal([4, 2], Numbers(boosted));
        Assert.Equal(Shop.IdOf(1), Assert.Single(boosted.Items[0].Reasons!).ItemId);

        // What the user has seen is left out, unless the request includes it.
        await _store.PutUsersAsync([Shop.Whole.User("ann", 1, Shop.Bought(2))], Stop);
        Assert.Equal([3, 4], Numbers(await _host.PostAsync(new { userId = "ann", itemId = Shop.IdOf(1), placement = "cart" })));
        Assert.Equal([2, 3],
            Numbers(await _host.PostAsync(new { userId = "ann", itemId = Shop.IdOf(1), placement = "cart", includeSeen = true })));
        Assert.StartsWith("itemId is required: placement 'cart' has the recipe together",
            await _host.PostErrorAsync(new { userId = "ann", placement = "cart" }));
        Assert.Equal(HttpStatusCode.NotFound, (await _host.SendAsync(new { itemId = "nothing", placement = "cart" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound,
            (await _host.Client.GetAsync(new Uri("/v1/items/nothing/together", UriKind.Relative), Stop)).StatusCode);
    }

    [Theory]
    [InlineData("count=1001", "count")]
    [InlineData("sessionId=s", "sessionId")]
    [InlineData("diversity=0.5", "diversity")]
    [InlineData("includeSeen=true", "includeSeen")]
    [InlineData("placement=nowhere", "placement")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("reasons=few", "reasons")]
    public async Task A_wrong_parameter_is_named(string query, string place) =>
        Assert.StartsWith(place + " ", await _host.GetErrorAsync($"/v1/items/{Shop.IdOf(1)}/together?{query}"));

    private static IEnumerable<int> Numbers(RecommendationResponse answer) => answer.Items.Select(item => Shop.NumberOf(item.ItemId));

    private async Task PutAsync(params (int A, int B, float Weight)[] pairs)
    {
        foreach (var (a, b, weight) in pairs)
        {
            _baskets.Add(Shop.KeyOf(a), Shop.KeyOf(b), weight, Start);
            _baskets.Add(Shop.KeyOf(b), Shop.KeyOf(a), weight, Start);
        }

        _sequence++;
        var rows = pairs.SelectMany(pair => new[] { pair.A, pair.B }).Distinct().Select(number => new TransitionRowRecord(
            TransitionRowRecord.BasketKey(Shop.KeyOf(number)), 1, _sequence, _baskets.SaveRow(Shop.KeyOf(number))));
        await _store.PutTransitionsAsync([.. rows], null, Stop);
    }
}
