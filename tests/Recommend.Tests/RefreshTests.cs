using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>Models, catalogue and factor store changing under the service.</summary>
public sealed class RefreshTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Releases_under_load_fail_no_request_and_mix_no_answer()
    {
        // Only even items have factors in one model, only odd ones in the other: every item of an answer tells which model it is from.
        var even = Shop.WithFactors(n => n % 2 == 0);
        var odd = Shop.WithFactors(n => n % 2 == 1, seed: 2);
        var store = new InProcessFactorStore();
        await even.FillAsync(store, 1, even.User("both", 1, Shop.Bought(0), Shop.Bought(3), Shop.Bought(6), Shop.Bought(9)));
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        await store.PutModelAsync(2, odd.Package(), Cancellation);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var versions = new System.Collections.Concurrent.ConcurrentDictionary<long, int>();
        async Task LoadAsync(string path)
        {
            while (!stop.IsCancellationRequested)
            {
                var answer = await host.GetAsync(path);
                long version = answer.ModelVersion ?? throw new InvalidOperationException("No model was used.");
                Assert.Equal(Sources.Personal, answer.Source);
                Assert.Equal(10, answer.Items.Count);
                Assert.All(answer.Items, i => Assert.Equal(version % 2, 1 - Shop.NumberOf(i.ItemId) % 2));
                Assert.All(answer.Items, i => Assert.All(i.Reasons!, r => Assert.Equal(version % 2, 1 - Shop.NumberOf(r.ItemId!) % 2)));
                versions.AddOrUpdate(version, 1, (_, n) => n + 1);
            }
        }

        var load = Enumerable.Range(0, 4).Select(_ => LoadAsync("/v1/users/both/recommendations?count=10&explain=true")).ToArray();
        for (int release = 0; release < 6; release++)
        {
            long version = release % 2 == 0 ? 2 : 1;
            int before = versions.GetValueOrDefault(version);
            await store.SetReleasedAsync(version, Cancellation);
            await Eventually.TrueAsync(() => versions.GetValueOrDefault(version) > before || load.Any(l => l.IsCompleted));
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Equal(2, versions.Count);
        Assert.Empty(host.Log.Warnings);
    }

    [Fact]
    public async Task Deleted_and_unavailable_items_disappear_and_come_back()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        string top = (await host.GetAsync("/v1/users/reader/recommendations?count=1")).Items[0].ItemId;
        int number = Shop.NumberOf(top);
        foreach (string path in new[] { "/v1/users/reader/recommendations?count=60", "/v1/items/popular?count=60",
            "/v1/items/latest?count=60", "/v1/users/reader/recommendations?count=60&category=books" })
        {
            async Task<bool> ShowsAsync() => (await host.GetAsync(path)).Items.Any(i => i.ItemId == top);
            Assert.True(await ShowsAsync());
            await store.PutItemsAsync([Shop.Record(number, available: false)], Cancellation);
            await Eventually.TrueAsync(async () => !await ShowsAsync(), TimeSpan.FromSeconds(5));
            await store.PutItemsAsync([Shop.Record(number)], Cancellation);
            await Eventually.TrueAsync(ShowsAsync, TimeSpan.FromSeconds(5));
            await store.PutItemsAsync([Shop.Record(number, deleted: true)], Cancellation);
            await Eventually.TrueAsync(async () => !await ShowsAsync(), TimeSpan.FromSeconds(5));
            await store.PutItemsAsync([Shop.Record(number)], Cancellation);
            await Eventually.TrueAsync(ShowsAsync, TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task A_new_item_is_servable_before_any_model_knows_it()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        var record = Shop.Record(1) with
        {
            ItemKey = 5000,
            ItemId = "brand-new",
            Popularity = 500,
            Item = new Item { ItemId = "brand-new", Categories = ["new"], PublishedAt = DateTimeOffset.UtcNow }
        };
        await store.PutItemsAsync([record], Cancellation);
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/items/latest?count=1")).Items[0].ItemId == "brand-new",
            TimeSpan.FromSeconds(5));
        Assert.Equal("brand-new", (await host.GetAsync("/v1/items/popular?count=1")).Items[0].ItemId);

        // Behind the model's items, from which it has no score, it fills the page; the source is that of the first items.
        var all = await host.GetAsync("/v1/users/reader/recommendations?count=60");
        Assert.Equal(Sources.Personal, all.Source);
        Assert.Equal("brand-new", all.Items[^1].ItemId);
        Assert.Equal(58, all.Items.Count);
        Assert.True(all.Items[^1].Score <= all.Items[^2].Score);
        Assert.Equal("brand-new", (await host.GetAsync("/v1/users/reader/recommendations?category=new")).Items.Single().ItemId);
        Assert.Equal("brand-new", (await host.GetAsync("/v1/items/brand-new/similar?category=books&count=1"))
            .Items.Count == 1 ? "brand-new" : "");
    }

    [Fact]
    public async Task A_new_item_with_a_factor_is_found_by_search_at_once_and_gone_at_once()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        var record = Shop.Record(1) with
        {
            ItemKey = 5000,
            ItemId = "brand-new",
            Item = new Item { ItemId = "brand-new", Categories = ["new"] }
        };
        await store.PutItemsAsync([record], Cancellation);
        await Eventually.TrueAsync(() => host.State.Catalogue.PositionOfId("brand-new") >= 0);
        var model = host.State.Model!;
        int position = host.State.Catalogue.PositionOfId("brand-new");
        Assert.False(model.HasFactor(position));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.PutFactor(3, new float[Shop.Rank]));

        // A factor in the direction of the reader's taste, longer than any other: it must come first, with the score of its dot product.
        float[] taste = Shop.Whole.User("reader", 1, Shop.Bought(0), Shop.Bought(3), Shop.Bought(6)).Factor.ToArray();
        model.PutFactor(position, [.. taste.Select(t => t * 50)]);
        await host.ServesAsync(1);
        var answer = await host.GetAsync("/v1/users/reader/recommendations?explain=true");
        Assert.Equal((Sources.Personal, "brand-new"), (answer.Source, answer.Items[0].ItemId));
        Assert.Equal(taste.Sum(t => t * t) * 50, answer.Items[0].Score, 3);
        Assert.Equal("brand-new", (await host.GetAsync("/v1/users/reader/recommendations?category=new")).Items[0].ItemId);
        Assert.Equal(answer.Items[0].Score,
            (await host.PostAsync(new { userId = "reader", itemIds = new[] { "brand-new" } }, "/v1/rank")).Items[0].Score);
        Assert.Equal("brand-new", (await host.PostAsync(new { userId = "reader", count = 3, diversity = 0.5 })).Items[0].ItemId);
        Assert.Equal(Sources.Similar, (await host.GetAsync("/v1/items/brand-new/similar")).Source);
        Assert.Contains((await host.GetAsync("/v1/items/item-09/similar?count=60")).Items, i => i.ItemId == "brand-new");

        await store.PutItemsAsync([record with { Deleted = true }], Cancellation);
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/users/reader/recommendations?count=100")).Items.All(i =>
            i.ItemId != "brand-new"));
        await store.PutItemsAsync([record], Cancellation);
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/users/reader/recommendations")).Items[0].ItemId == "brand-new");
    }

    [Theory]
    [InlineData("1", false, "exact")]
    [InlineData("0.97", false, "recall target 0.97")]
    [InlineData("0.97", true, "recall target 0.97")]
    public async Task The_index_is_chosen_by_settings_and_shown(string recallTarget, bool withUsers, string shown)
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        if (withUsers)
        {
            // Calibrated with users that come with the model; those of this sample look one way only.
            var package = ModelPackage.Decode(Shop.Whole.Package());
            await store.PutModelAsync(2,
                (package with
                {
                    SampleUsers =
                    [.. Shop.Whole.User("reader", 1, Shop.Bought(0), Shop.Bought(3)).Factor.ToArray()]
                }).Encode(), Cancellation);
            await store.SetReleasedAsync(2, Cancellation);
        }

        await using var host = await RecommendHost.StartAsync(store, ("Recommend:LargestScanRows", "30"),
            ("Recommend:RecallTarget", recallTarget));
        await host.ServesAsync(withUsers ? 2 : 1);
        var info = await host.Client.GetFromJsonAsync("/v1/serving", ContractsJson.Default.ServingInfo, Cancellation);
        Assert.StartsWith("neighbourhood of ", info!.IndexKind);
        Assert.Contains(shown, info.IndexKind);
        Assert.Equal(withUsers, host.State.Model!.IndexOptions.Cells.SampleQueries is { Length: Shop.Rank });
        Assert.Equal(20, (await host.GetAsync("/v1/users/reader/recommendations")).Items.Count);
    }

    [Theory]
    [InlineData("Recommend:LargestScanRows", "-1")]
    [InlineData("Recommend:RecallTarget", "0")]
    [InlineData("Recommend:RecallTarget", "1.1")]
    public async Task A_wrong_setting_of_the_index_is_named(string setting, string value)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            RecommendHost.StartAsync(new InProcessFactorStore(), (setting, value)));
        Assert.StartsWith($"Setting {setting} must be ", error.Message);
    }

    [Fact]
    public void Packages_hold_users_and_those_from_before_are_still_read()
    {
        byte[] old = [0x52, 0x50, 0x4B, 0x31, 2, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3];
        var before = ModelPackage.Decode(old);
        Assert.Equal([7, 9], before.ItemKeys);
        Assert.Empty(before.SampleUsers);
        Assert.Equal([1, 2, 3], before.Model.ToArray());
        var after = ModelPackage.Decode((before with { SampleUsers = [0.5f, -1, 2] }).Encode());
        Assert.Equal([7, 9], after.ItemKeys);
        Assert.Equal([0.5f, -1, 2], after.SampleUsers);
        Assert.Equal([1, 2, 3], after.Model.ToArray());
        Assert.Throws<InvalidDataException>(() => ModelPackage.Decode(after.Encode()[..20]));
        Assert.Throws<InvalidDataException>(() => ModelPackage.Decode(old[..10]));
    }

    [Fact]
    public async Task Many_new_items_are_taken_into_the_index_in_the_background()
    {
        // One item stays without a factor; the last of the others makes the index worth building again, and not one before it.
        const int items = 1026;
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        var model = host.State.Model!;
        await store.PutItemsAsync([.. Enumerable.Range(0, items)
            .Select(n => Shop.Record(n % 60) with { ItemKey = 5000 + n, ItemId = $"new-{n:0000}" })], Cancellation);
        await host.ServesAsync(1);
        var random = new Random(1);
        int without = host.State.Catalogue.PositionOfKey(5007);
        for (int n = 0; n < items; n++)
        {
            int position = host.State.Catalogue.PositionOfKey(5000 + n);
            if (position != without) model.PutFactor(position, [.. Enumerable.Range(0, Shop.Rank).Select(_ => random.NextSingle() - 0.5f)]);
        }

        await Eventually.TrueAsync(() => model.Index.AppendedRows == 0);
        Assert.False(model.HasFactor(without));
        float[] taste = Shop.Whole.User("gamer", 1, Shop.Bought(1), Shop.Bought(4)).Factor.ToArray();
        var expected = Enumerable.Range(0, host.State.Catalogue.Count)
            .Where(p => model.HasFactor(p) && host.State.Catalogue[p]!.Id is not ("item-01" or "item-04"))
            .OrderByDescending(p => System.Numerics.Tensors.TensorPrimitives.Dot(model.Factor(p), taste)).Take(30)
                .Select(p => host.State.Catalogue[p]!.Id);
        Assert.Equal(expected, (await host.GetAsync("/v1/users/gamer/recommendations?count=30")).Items.Select(i => i.ItemId));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task An_item_given_a_factor_of_the_served_model_is_recommended_for_whom_it_fits(bool withNeighbours)
    {
        var shop = withNeighbours ? Shop.WithNeighbours : Shop.Whole;
        var store = new InProcessFactorStore();
        await shop.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        var record = Shop.Record(1) with
        {
            ItemKey = 5000,
            ItemId = "brand-new",
            Popularity = 0,
            Item = new Item { ItemId = "brand-new", Title = "Brand new" }
        };
        await store.PutItemsAsync([record], Cancellation);
        var book = shop.Model.ItemFactors.Slice(shop.IndexOf(30) * Shop.Rank, Shop.Rank).ToArray().Select(f => 3 * f).ToArray();

        // A factor of another model is ignored.
        await store.PutItemFactorsAsync([new(5000, 2, book)], Cancellation);
        await host.ServesAsync(1);
        Assert.DoesNotContain("brand-new", (await host.GetAsync("/v1/users/reader/recommendations?count=50")).Items.Select(i => i.ItemId));

        await store.PutItemFactorsAsync([new(5000, 1, book)], Cancellation);
        await Eventually.TrueAsync(async () =>
            (await host.GetAsync("/v1/users/reader/recommendations?count=1")).Items[0].ItemId == "brand-new", TimeSpan.FromSeconds(5));
        var answer = await host.GetAsync("/v1/users/reader/recommendations?count=1&explain=true");
        Assert.Equal(3, answer.Items[0].Reasons!.Count);
        Assert.Equal(1, answer.Items[0].Reasons!.Sum(r => (double)r.Share), 1e-4);
        foreach (var (user, bought) in new[] { ("reader", new[] { 0, 3, 6 }), ("gamer", [1, 4]) })
        {
            var taste = new float[Shop.Rank];
            shop.Model.FoldIn(shop.Entries(bought.Select(n => Shop.Bought(n))), taste);
            var ranked = (await host.PostAsync(new { userId = user, itemIds = new[] { Shop.IdOf(9), "brand-new" } },
                "/v1/rank")).Items.Single(i => i.ItemId == "brand-new");
            Assert.Equal(System.Numerics.Tensors.TensorPrimitives.Dot<float>(taste, book), ranked.Score, 1e-4f);
        }


        // Another model is served: the factor is not of it until it gets one that is.
        await shop.ReleaseAsync(store, 2);
        await host.ServesAsync(2);
        Assert.DoesNotContain("brand-new", (await host.GetAsync("/v1/users/reader/recommendations?count=50")).Items.Select(i => i.ItemId));
        await store.PutItemFactorsAsync([new(5000, 3, book)], Cancellation);
        await shop.ReleaseAsync(store, 3);
        await host.ServesAsync(3);
        Assert.Equal("brand-new", (await host.GetAsync("/v1/users/reader/recommendations?count=1")).Items[0].ItemId);

        // So does the content of a store that was emptied and filled again.
        await store.SetGenerationAsync("second", Cancellation);
        await Eventually.TrueAsync(() =>
            host.Services.GetRequiredService<Recommender.Recommend.Serving.ServingIndexes>().Generation == "second");
        Assert.Equal("brand-new", (await host.GetAsync("/v1/users/reader/recommendations?count=1")).Items[0].ItemId);
    }

    [Fact]
    public async Task Before_any_model_everyone_gets_what_is_popular()
    {
        var store = new InProcessFactorStore();
        await store.PutItemsAsync([.. Enumerable.Range(0, 5).Select(n => Shop.Record(n))], Cancellation);
        await store.PutUsersAsync([Shop.Whole.User("u", 0, Shop.Bought(4))], Cancellation);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(null);
        var answer = await host.GetAsync("/v1/users/u/recommendations");
        Assert.Equal((Sources.Popular, null), (answer.Source, answer.ModelVersion));
        Assert.Equal([3, 2, 1, 0], answer.Items.Select(i => Shop.NumberOf(i.ItemId)));
        await Shop.Whole.ReleaseAsync(store, 1);
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/users/u/recommendations")).Source == Sources.Personal);

        // The model knows sixty items, the catalogue five: the others have no record and are never shown.
        Assert.Equal(4, (await host.GetAsync("/v1/users/u/recommendations?count=60")).Items.Count);
    }

    [Fact]
    public async Task An_empty_catalogue_answers_with_nothing()
    {
        await using var host = await RecommendHost.StartAsync(new InProcessFactorStore());
        await host.ServesAsync(null);
        Assert.Empty((await host.GetAsync("/v1/users/u/recommendations")).Items);
        Assert.Empty((await host.GetAsync("/v1/items/trending")).Items);
    }

    [Fact]
    public async Task A_released_model_that_cannot_be_read_changes_nothing_and_shows_in_health()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        await store.PutModelAsync(2, new byte[] { 1, 2, 3 }, Cancellation);
        await store.SetReleasedAsync(2, Cancellation);
        await Eventually.TrueAsync(async () => await HealthAsync(host) == (HttpStatusCode.OK, "degraded"));
        Assert.Equal(1, (await host.GetAsync("/v1/users/reader/recommendations")).ModelVersion);
        Assert.Single(host.Log.Warnings);
        await Shop.Whole.ReleaseAsync(store, 3);
        await host.ServesAsync(3);
        Assert.Equal((HttpStatusCode.OK, "healthy"), await HealthAsync(host));
    }

    [Fact]
    public async Task While_the_factor_store_is_gone_answers_come_from_memory_and_it_recovers_by_itself()
    {
        var inner = new InProcessFactorStore();
        await Shop.Whole.FillAsync(inner);
        var store = new FailingFactorStore(inner);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        Assert.Equal((HttpStatusCode.OK, "healthy"), await HealthAsync(host));

        store.IsGone = true;
        await Eventually.TrueAsync(async () => await HealthAsync(host) == (HttpStatusCode.OK, "degraded"));
        Assert.Equal(Sources.Popular, (await host.GetAsync("/v1/users/reader/recommendations")).Source);
        Assert.Equal(Sources.Session,
            (await host.PostAsync(new { userId = "reader", history = new[] { new { itemId = Shop.IdOf(1) } } })).Source);
        Assert.Equal(Sources.Trending, (await host.GetAsync("/v1/items/trending")).Source);
        Assert.Equal(Sources.Similar, (await host.GetAsync("/v1/items/item-05/similar")).Source);
        var history = await host.Client.GetAsync(new Uri("/v1/users/reader/history", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, history.StatusCode);
        int attempts = store.Attempts;
        await Eventually.TrueAsync(() => store.Attempts > attempts + 5);
        Assert.Single(host.Log.Warnings);

        await inner.PutItemsAsync([Shop.Record(1) with { ItemKey = 5000, ItemId = "meanwhile", Popularity = 500 }], Cancellation);
        store.IsGone = false;
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/users/reader/recommendations")).Source == Sources.Personal);
        Assert.Equal("meanwhile", (await host.GetAsync("/v1/items/popular?count=1")).Items[0].ItemId);
        await Eventually.EqualAsync((HttpStatusCode.OK, "healthy"), () => HealthAsync(host));
    }

    [Fact]
    public async Task A_factor_store_filled_anew_is_read_anew()
    {
        var first = new InProcessFactorStore();
        await Shop.Whole.FillAsync(first);
        var store = new FailingFactorStore(first);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);

        // Emptied: what is in memory stays. Filled again under another name: that is what counts, with nothing left of before.
        var second = new InProcessFactorStore();
        store.Inner = second;
        int attempts = store.Attempts;
        await Eventually.TrueAsync(() => store.Attempts > attempts + 5);
        Assert.Equal(60, (await host.GetAsync("/v1/items/popular?count=1000")).Items.Count);
        await second.PutItemsAsync([.. Enumerable.Range(0, 10).Select(n => Shop.Record(n))], Cancellation);
        await second.SetGenerationAsync("second", Cancellation);
        await Eventually.TrueAsync(async () => (await host.GetAsync("/v1/items/popular?count=1000")).Items.Count == 10);
        Assert.Equal(1, host.State.Model!.Version);
        await Shop.Whole.ReleaseAsync(second, 4);
        await host.ServesAsync(4);
    }

    private static async Task<(HttpStatusCode Status, string? Word)> HealthAsync(RecommendHost host)
    {
        var response = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative), Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        return (response.StatusCode, body.GetProperty("status").GetString());
    }
}
