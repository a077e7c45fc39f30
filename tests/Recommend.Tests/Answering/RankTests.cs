using Recommender.Contracts;
using Recommender.FactorStore;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary><c>POST /v1/rank</c> returns every item it was given, once.</summary>
public sealed class RankTests : IAsyncLifetime
{
    private RecommendHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await store.PutItemsAsync(
        [
            Shop.Record(57, available: false), Shop.Record(56, deleted: true),
            Shop.Record(20) with { ItemKey = 9000, ItemId = "new-b" }, Shop.Record(20) with { ItemKey = 9007, ItemId = "new-a" },
                Shop.Record(30) with { ItemKey = 9014, ItemId = "new-c" },
        ], TestContext.Current.CancellationToken);
        _host = await RecommendHost.StartAsync(store);
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Items_are_scored_as_in_recommendations_and_ordered()
    {
        var all = (await _host.PostAsync(new { userId = "reader", count = 1000 })).Items;
        var ranked = await RankAsync("reader", Shop.IdOf(58), Shop.IdOf(9), Shop.IdOf(0));
        Assert.Equal(Sources.Personal, ranked.Source);
        Assert.Equal(3, ranked.Items.Count);
        Assert.Equal(ranked.Items.OrderByDescending(i => i.Score).Select(i => i.ItemId), ranked.Items.Select(i => i.ItemId));
        Assert.Equal(all.Single(i => i.ItemId == Shop.IdOf(9)).Score, ranked.Items.Single(i => i.ItemId == Shop.IdOf(9)).Score);
        Assert.All(ranked.Items, i => Assert.Null(i.Known ?? i.Available));
    }

    [Fact]
    public async Task What_cannot_be_recommended_comes_last_in_the_order_given_and_is_marked()
    {
        string odd = "a/\"é\\\u2028";
        var ranked = await RankAsync("reader", "unheard-of", Shop.IdOf(57), Shop.IdOf(9), odd, Shop.IdOf(56), "new-b", Shop.IdOf(12),
            "another");
        Assert.Equal([Shop.IdOf(9), Shop.IdOf(12)], ranked.Items.Take(2).Select(i => i.ItemId).Order());
        Assert.Equal(["new-b", "unheard-of", Shop.IdOf(57), odd, Shop.IdOf(56), "another"], ranked.Items.Skip(2).Select(i => i.ItemId));
        Assert.Equal([null, null, null, false, null, false, false, false], ranked.Items.Select(i => i.Known));
        Assert.Equal([null, null, null, null, false, null, null, null], ranked.Items.Select(i => i.Available));
        Assert.All(ranked.Items.Skip(2), i => Assert.Equal(0, i.Score));
        Assert.Equal(Shop.TitleOf(Shop.IdOf(57)), ranked.Items[4].Title);
        Assert.All(ranked.Items.Where(i => i.Known == false), i => Assert.Null(i.Title));
        Assert.All(ranked.Items.Skip(2), i => Assert.Null(i.Reasons));
    }

    [Fact]
    public async Task Each_item_is_returned_once()
    {
        var ranked = await RankAsync("reader", "x", Shop.IdOf(9), "x", Shop.IdOf(57), Shop.IdOf(9), Shop.IdOf(57), "y", "x");
        Assert.Equal([Shop.IdOf(9), "x", Shop.IdOf(57), "y"], ranked.Items.Select(i => i.ItemId));
    }

    [Fact]
    public async Task Nothing_but_unknown_items_is_an_answer_too()
    {
        Assert.Equal(["b", "a"], (await RankAsync("reader", "b", "a")).Items.Select(i => i.ItemId));
        Assert.Equal(["b", "a"], (await RankAsync("nobody", "b", "a")).Items.Select(i => i.ItemId));
        Assert.Empty((await RankAsync("reader")).Items);
    }

    /// <summary>Items the model has no factor for are known: they stand before what cannot be recommended, by popularity, then by
    /// id.</summary>
    [Fact]
    public async Task Items_without_a_score_are_ordered_by_popularity_and_equal_ones_by_id()
    {
        var ranked = await RankAsync("reader", "zzz", "new-b", "new-a", "new-c", Shop.IdOf(12));
        Assert.Equal([Shop.IdOf(12), "new-c", "new-a", "new-b", "zzz"], ranked.Items.Select(i => i.ItemId));
        var popular = await RankAsync("nobody", "zzz", Shop.IdOf(58), "new-b", Shop.IdOf(9), "new-a");
        Assert.Equal(Sources.Popular, popular.Source);
        Assert.Equal([Shop.IdOf(58), "new-a", "new-b", Shop.IdOf(9), "zzz"], popular.Items.Select(i => i.ItemId));
        Assert.Equal([58 / 59f, 20 / 59f, 20 / 59f, 9 / 59f, 0], popular.Items.Select(i => i.Score), (a, b) => Math.Abs(a - b) < 1e-6f);
    }

    private Task<RecommendationResponse> RankAsync(string userId, params string[] itemIds) =>
        _host.PostAsync(new { userId, itemIds }, "/v1/rank");
}
