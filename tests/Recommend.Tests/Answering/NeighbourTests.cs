using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Models with an item–item term in addition to their factors, or instead of them.</summary>
public sealed class NeighbourTests
{
    private static readonly HistoryRecord[] s_read = [Shop.Bought(0), Shop.Bought(3), Shop.Bought(6)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_ranks_and_batches_score_by_factors_and_neighbours_together_and_shares_sum_to_it()
    {
        var shop = Shop.WithNeighbours;
        await using var host = await ServeAsync(shop);
        var personal = await host.GetAsync("/v1/users/reader/recommendations?count=57&explain=true");
        string[] expected = [.. Enumerable.Range(0, Shop.Items).Except([0, 3, 6]).OrderByDescending(n => shop.ScoreOf(s_read, n))
            .Select(Shop.IdOf)];
        Assert.Equal(expected, personal.Items.Select(i => i.ItemId));
        int lifted = 0;
        foreach (var item in personal.Items)
        {
            int number = Shop.NumberOf(item.ItemId);
            Assert.Equal(shop.ScoreOf(s_read, number), item.Score, 1e-5f);
            Assert.Equal(1, item.Reasons!.Sum(r => (double)r.Share), 1e-4);
            var contributions = new float[3];
            float told = shop.Model.Explain(shop.Entries(s_read), shop.IndexOf(number), contributions);
            Assert.Equal(told, item.Score, 1e-4f);
            Assert.Equal(contributions[1] / told, item.Reasons!.Single(r => r.ItemId == Shop.IdOf(3)).Share, 1e-3f);
            if (item.Score - FactorsAlone(shop, number) > 1e-3f) lifted++;
        }

        Assert.InRange(lifted, 5, 30); // The neighbours of three items, seven each, and no other item.

        var ranked = await host.PostAsync(new { userId = "reader", itemIds = expected.Reverse() }, "/v1/rank");
        Assert.Equal(personal.Items.Select(i => (i.ItemId, i.Score)), ranked.Items.Select(i => (i.ItemId, i.Score)));
        using var batch = await host.SendAsync(new { userIds = new[] { "reader" }, count = 57 }, "/v1/recommendations/batch");
        var line = System.Text.Json.JsonSerializer.Deserialize(await batch.Content.ReadAsStringAsync(Cancellation),
            ContractsJson.Default.RecommendationResponse)!;
        Assert.Equal(personal.Items.Select(i => (i.ItemId, i.Score)), line.Items.Select(i => (i.ItemId, i.Score)));

        // The same history given in the request is folded in on the spot and scored alike.
        var given = await host.PostAsync(
            new { history = s_read.Select(h => new { itemId = Shop.IdOf((h.ItemKey - 100) / 7), type = "view" }), count = 57 });
        Assert.Equal(expected.Take(10), given.Items.Select(i => i.ItemId).Take(10));
    }

    [Fact]
    public async Task Where_a_model_counts_by_recency_the_newest_decide_and_shares_sum_to_the_score()
    {
        const uint Time = 1_600_000_000;
        var shop = Shop.WithRecency;
        HistoryRecord[] history = [Shop.Bought(1, lastAtSeconds: Time + 50), Shop.Bought(4, lastAtSeconds: Time + 50),
            Shop.Bought(0, lastAtSeconds: Time + 9), Shop.Bought(3, lastAtSeconds: Time + 8)];
        await using var host = await ServeAsync(shop, shop.User("mixed", 1, history), shop.User("stale", 99, history));
        foreach (string user in new[] { "mixed", "stale" }) // Folded in by the Trainer, and on the spot.
        {
            var answer = await host.GetAsync($"/v1/users/{user}/recommendations?count=56&explain=true");
            foreach (var item in answer.Items)
            {
                Assert.Equal(shop.ScoreOf(history, Shop.NumberOf(item.ItemId)), item.Score, 1e-5f);
                Assert.Equal(1, item.Reasons!.Sum(r => (double)r.Share), 1e-4);
            }

            Assert.Equal("games", Shop.CategoryOf(answer.Items[0].ItemId));
        }

        // What the request adds is the newest: the user has turned to music.
        var given = await host.PostAsync(new
        {
            userId = "mixed",
            count = 5,
            history = new[] { new { itemId = Shop.IdOf(2), type = "view" }, new { itemId = Shop.IdOf(5), type = "view" } }
        });
        Assert.Equal("music", Shop.CategoryOf(given.Items[0].ItemId));
    }

    [Fact]
    public async Task Filters_exclusions_and_availability_hold_for_neighbours_too()
    {
        var shop = Shop.WithNeighbours;
        await using var host = await ServeAsync(shop);
        var all = (await host.GetAsync("/v1/users/reader/recommendations?count=57")).Items.Select(i => i.ItemId).ToList();
        string best = all[0], second = all[1];
        await host.Store.PutItemsAsync([Shop.Record(Shop.NumberOf(second), available: false)], Cancellation);
        await Eventually.TrueAsync(() => host.State.Catalogue.IsAvailable(host.State.Catalogue.PositionOfId(second)) == false);
        var answer = await host.PostAsync(new
        {
            userId = "reader",
            count = 57,
            exclude = new[] { best },
            filter = new { must = new[] { new { key = "tags", any = new[] { "even" } } } }
        });
        Assert.Equal(all.Skip(2).Where(id => Shop.NumberOf(id) % 2 == 0), answer.Items.Select(i => i.ItemId));
    }

    [Fact]
    public async Task Neighbours_alone_recommend_what_is_consumed_together_and_then_what_is_popular()
    {
        var shop = Shop.NeighboursAlone;
        await using var host = await ServeAsync(shop);
        var answer = await host.GetAsync("/v1/users/reader/recommendations?count=40&explain=true");
        Assert.Equal(Sources.Personal, answer.Source);
        var scored = answer.Items.Where(i => i.Score > 0).ToList();
        Assert.InRange(scored.Count, 12, 25);
        Assert.All(scored, i => Assert.Equal("books", Shop.CategoryOf(i.ItemId)));
        Assert.All(scored, i => Assert.Equal(1, i.Reasons!.Sum(r => (double)r.Share), 1e-4));
        var rest = answer.Items.Skip(scored.Count).Select(i => Shop.NumberOf(i.ItemId)).ToList();
        Assert.Equal(rest.OrderDescending(), rest); // By popularity, which is the number.
        Assert.All(answer.Items.Skip(scored.Count), i => Assert.Null(i.Reasons));
    }

    [Fact]
    public async Task Similar_items_are_those_of_like_factors_that_are_consumed_together()
    {
        var shop = Shop.WithNeighbours;
        await using var host = await ServeAsync(shop);
        var answer = await host.GetAsync($"/v1/items/{Shop.IdOf(12)}/similar?count=59");
        Assert.Equal(Sources.Similar, answer.Source);
        int of = shop.IndexOf(12);
        float strongest = shop.Model.Neighbours!.StrengthsOf(of).ToArray().Max();
        float[] Row(int index) => shop.Model.ItemFactors.Slice(index * Shop.Rank, Shop.Rank).ToArray();
        Assert.All(answer.Items, i =>
        {
            int index = shop.IndexOf(Shop.NumberOf(i.ItemId));
            float together = shop.Model.Neighbours.Strength(of, index) / strongest;
            Assert.Equal(System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(Row(of), Row(index)) + together, i.Score, 1e-4f);
        });
        Assert.Equal(answer.Items.OrderByDescending(i => i.Score).Select(i => i.ItemId), answer.Items.Select(i => i.ItemId));

        await using var alone = await ServeAsync(Shop.NeighboursAlone);
        var together = await alone.GetAsync($"/v1/items/{Shop.IdOf(12)}/similar?count=12");
        Assert.Equal(Sources.Similar, together.Source);
        Assert.Equal(1, together.Items[0].Score, 1e-5f);
        Assert.All(together.Items, i => Assert.Equal("books", Shop.CategoryOf(i.ItemId)));
    }

    private static float FactorsAlone(Shop shop, int number)
    {
        var factor = new float[shop.Model.Rank];
        shop.Model.FoldIn(shop.Entries(s_read), factor);
        return System.Numerics.Tensors.TensorPrimitives.Dot(factor,
            shop.Model.ItemFactors.Span.Slice(shop.IndexOf(number) * factor.Length, factor.Length));
    }

    private static async Task<RecommendHost> ServeAsync(Shop shop, params UserState[] users)
    {
        var store = new InProcessFactorStore();
        await shop.FillAsync(store, 1, users);
        var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        return host;
    }
}
