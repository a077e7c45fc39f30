using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

public sealed class RecommendationTests : IAsyncLifetime
{
    private RecommendHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        _host = await RecommendHost.StartAsync(store,
            ("Placements:home:Count", "5"),
            ("Placements:home:Filter:Must:0:Key", "categories"),
            ("Placements:home:Filter:Must:0:Any:0", "games"),
            ("Placements:cheap:Boosts:0:Factor", "1000"),
            ("Placements:cheap:Boosts:0:Filter:Must:0:Key", "price"),
            ("Placements:cheap:Boosts:0:Filter:Must:0:Lt", "10"),
            ("Placements:rotating:Count", "4"),
            ("Placements:rotating:RotationMinutes", "60"));
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_known_user_gets_the_best_of_the_model_without_what_they_have_seen()
    {
        var answer = await _host.GetAsync("/v1/users/reader/recommendations");
        Assert.Equal(Sources.Personal, answer.Source);
        Assert.Equal(1, answer.ModelVersion);
        Assert.Equal(20, answer.Items.Count);
        HistoryRecord[] history = [Shop.Bought(0), Shop.Bought(3), Shop.Bought(6)];
        string[] expected = [.. Enumerable.Range(0, Shop.Items).Except([0, 3, 6]).OrderByDescending(n => Shop.Whole.ScoreOf(history, n))
            .Select(Shop.IdOf).Take(20)];
        Assert.Equal(expected, answer.Items.Select(i => i.ItemId));
        Assert.All(answer.Items.Take(10), i => Assert.Equal("books", Shop.CategoryOf(i.ItemId)));
        Assert.All(answer.Items, i => Assert.Equal(Shop.TitleOf(i.ItemId), i.Title));
        Assert.Null(answer.Items[0].Reasons);
    }

    [Fact]
    public async Task IncludeSeen_brings_back_what_was_seen()
    {
        var answer = await _host.GetAsync("/v1/users/reader/recommendations?includeSeen=true&count=60");
        Assert.Contains(Shop.IdOf(0), answer.Items.Select(i => i.ItemId));
        Assert.Equal(60, answer.Items.Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(1000, 57)]
    public async Task Count_is_what_comes_back_as_far_as_there_are_items(int count, int expected)
    {
        var answer = await _host.GetAsync($"/v1/users/reader/recommendations?count={count}");
        Assert.Equal(expected, answer.Items.Count);
        Assert.Equal(count is 0 or 1000, answer.Next is null);
    }

    private static System.Diagnostics.ActivityContext Trace(HttpResponseMessage response)
    {
        Assert.True(System.Diagnostics.ActivityContext.TryParse(Assert.Single(response.Headers.GetValues("traceparent")), null,
            out var context));
        return context;
    }

    [Fact]
    public async Task Recommendation_ids_are_never_the_same_and_every_answer_names_its_trace()
    {
        var response = await _host.Client.GetAsync(new Uri("/v1/users/reader/recommendations", UriKind.Relative),
            TestContext.Current.CancellationToken);
        var own = Trace(response);
        Assert.NotEqual(own.TraceId, Trace(await _host.Client.GetAsync(new Uri("/v1/users/reader/recommendations", UriKind.Relative),
            TestContext.Current.CancellationToken)).TraceId);

        // The trace of the caller is continued.
        using var request = new HttpRequestMessage(HttpMethod.Get,
            "/v1/users/reader/recommendations")
        {
            Headers =
                { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } }
        };
        var continued = Trace(await _host.Client.SendAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", continued.TraceId.ToString());
        Assert.NotEqual("b7ad6b7169203331", continued.SpanId.ToString());
        var first = await _host.GetAsync("/v1/users/reader/recommendations");
        var second = await _host.GetAsync("/v1/users/reader/recommendations");
        Assert.False(string.IsNullOrEmpty(first.RecommendationId));
        Assert.NotEqual(first.RecommendationId, second.RecommendationId);
    }

    [Fact]
    public async Task An_unknown_user_gets_what_is_popular()
    {
        var answer = await _host.GetAsync("/v1/users/nobody/recommendations?count=3");
        Assert.Equal(Sources.Popular, answer.Source);
        Assert.Null(answer.ModelVersion);
        Assert.Equal([Shop.IdOf(59), Shop.IdOf(58), Shop.IdOf(57)], answer.Items.Select(i => i.ItemId));
        // Shares of the strongest.
        Assert.Equal([1, 58 / 59f, 57 / 59f], answer.Items.Select(i => i.Score), (a, b) => Math.Abs(a - b) < 1e-6f);
    }

    [Fact]
    public async Task A_user_whose_history_has_nothing_positive_gets_what_is_popular_without_it()
    {
        await _host.Store.PutUsersAsync([Shop.Whole.User("hater", 1, Shop.Bought(59, target: 0))], TestContext.Current.CancellationToken);
        var answer = await _host.GetAsync("/v1/users/hater/recommendations?count=2");
        Assert.Equal(Sources.Popular, answer.Source);
        Assert.Equal([Shop.IdOf(58), Shop.IdOf(57)], answer.Items.Select(i => i.ItemId));
    }

    [Fact]
    public async Task An_unknown_user_with_a_known_session_gets_the_session()
    {
        await _host.Store.PutUsersAsync([Shop.Whole.State(UserRef.Session("s-1"), 1, Shop.Bought(2), Shop.Bought(5))],
            TestContext.Current.CancellationToken);
        foreach (var answer in new[]
        {
            await _host.GetAsync("/v1/users/nobody/recommendations?sessionId=s-1&count=5"),
            await _host.PostAsync(new { sessionId = "s-1", count = 5 }),
            await _host.PostAsync(new { userId = "nobody", sessionId = "s-1", count = 5 }),
        })
        {
            Assert.Equal(Sources.Session, answer.Source);
            Assert.Equal(1, answer.ModelVersion);
            Assert.Equal("music", Shop.CategoryOf(answer.Items[0].ItemId));
            Assert.DoesNotContain(Shop.IdOf(2), answer.Items.Select(i => i.ItemId));
        }

        // A session has more information than a user with dislikes only.
        await _host.Store.PutUsersAsync([Shop.Whole.State(UserRef.User("grumbler"), 1, Shop.Bought(9, target: 0))],
            TestContext.Current.CancellationToken);
        Assert.Equal(Sources.Session, (await _host.GetAsync("/v1/users/grumbler/recommendations?sessionId=s-1&count=5")).Source);
        Assert.Equal(Sources.Session, (await _host.PostAsync(new { userId = "grumbler", sessionId = "s-1", count = 5 })).Source);

        // A user and a session of one name have nothing in common.
        Assert.Equal(Sources.Popular, (await _host.GetAsync("/v1/users/s-1/recommendations")).Source);
        Assert.Equal(Sources.Personal, (await _host.PostAsync(new { userId = "reader", sessionId = "s-1" })).Source);
    }

    [Fact]
    public async Task A_given_history_makes_a_recommendation_for_anyone()
    {
        var answer = await _host.PostAsync(
            new
            {
                history = new[] { new { itemId = Shop.IdOf(1), type = "purchase" }, new { itemId = Shop.IdOf(4), type = "view" },
                new { itemId = "unheard-of", type = "view" } },
                count = 5
            });
        Assert.Equal(Sources.Session, answer.Source);
        Assert.All(answer.Items, i => Assert.Equal("games", Shop.CategoryOf(i.ItemId)));
        Assert.DoesNotContain(Shop.IdOf(1), answer.Items.Select(i => i.ItemId));
    }

    [Fact]
    public async Task A_given_history_adds_to_what_is_known()
    {
        var history = Enumerable.Range(0, 8).Select(i => new { itemId = Shop.IdOf(3 * i + 1), type = "purchase" });
        var answer = await _host.PostAsync(new { userId = "reader", history, count = 57, explain = true, reasons = "all" });
        Assert.Equal(Sources.Personal, answer.Source);
        Assert.Equal("games", Shop.CategoryOf(answer.Items[0].ItemId));
        Assert.Equal(11, answer.Items[0].Reasons!.Count);
        Assert.DoesNotContain(Shop.IdOf(0), answer.Items.Select(i => i.ItemId));
        Assert.DoesNotContain(Shop.IdOf(1), answer.Items.Select(i => i.ItemId));
    }

    [Fact]
    public async Task A_value_of_another_model_is_folded_in_on_the_spot()
    {
        var stale = Shop.Whole.User("stale", 99, Shop.Bought(0), Shop.Bought(3), Shop.Bought(6)) with { Factor = new float[] { 9, 9, 9 } };
        await _host.Store.PutUsersAsync([stale], TestContext.Current.CancellationToken);
        var fresh = await _host.GetAsync("/v1/users/reader/recommendations");
        var folded = await _host.GetAsync("/v1/users/stale/recommendations");
        Assert.Equal(1, folded.ModelVersion);
        Assert.Equal(fresh.Items.Select(i => i.ItemId), folded.Items.Select(i => i.ItemId));
        Assert.All(fresh.Items.Zip(folded.Items), p => Assert.Equal(p.First.Score, p.Second.Score, 1e-4f));
    }

    [Fact]
    public async Task Reasons_are_the_exact_shares_of_the_score()
    {
        var answer = await _host.GetAsync("/v1/users/reader/recommendations?explain=true&count=57");
        foreach (var item in answer.Items)
        {
            Assert.Equal(3, item.Reasons!.Count);
            Assert.Equal(1, item.Reasons.Sum(r => (double)r.Share), 1e-4);
            Assert.Equal(item.Reasons.OrderByDescending(r => r.Share).Select(r => r.ItemId), item.Reasons.Select(r => r.ItemId));
            Assert.Equal(Shop.TitleOf(item.Reasons[0].ItemId!), item.Reasons[0].Title);
        }

        // Each share is the contribution the model itself names.
        var entries = Shop.Whole.Entries([Shop.Bought(0), Shop.Bought(3), Shop.Bought(6)]);
        var contributions = new float[3];
        float score = Shop.Whole.Model.Explain(entries, Shop.Whole.IndexOf(Shop.NumberOf(answer.Items[0].ItemId)), contributions);
        Assert.Equal(contributions[0] / score, answer.Items[0].Reasons!.Single(r => r.ItemId == Shop.IdOf(0)).Share, 1e-4f);
    }

    [Fact]
    public async Task Category_and_tag_narrow_what_comes_back()
    {
        var answer = await _host.GetAsync("/v1/users/reader/recommendations?category=games&tag=even&count=60");
        Assert.Equal(10, answer.Items.Count);
        Assert.All(answer.Items, i => Assert.True(Shop.CategoryOf(i.ItemId) == "games" && Shop.NumberOf(i.ItemId) % 2 == 0));
        var two = await _host.GetAsync("/v1/users/reader/recommendations?category=games&category=music&count=60");
        Assert.Equal(40, two.Items.Count);
        Assert.Empty((await _host.GetAsync("/v1/users/reader/recommendations?category=unheard-of")).Items);
    }

    [Fact]
    public async Task Excluded_items_do_not_appear()
    {
        var before = await _host.GetAsync("/v1/users/reader/recommendations?count=3");
        var after = await _host.PostAsync(new { userId = "reader", exclude = new[] { before.Items[0].ItemId, "unheard-of" }, count = 2 });
        Assert.Equal(before.Items.Skip(1).Select(i => i.ItemId), after.Items.Select(i => i.ItemId));
        var byQuery = await _host.GetAsync($"/v1/users/reader/recommendations?count=2&exclude={before.Items[0].ItemId}");
        Assert.Equal(after.Items.Select(i => i.ItemId), byQuery.Items.Select(i => i.ItemId));
    }

    public static TheoryData<string, Func<int, bool>> Filters => new()
    {
        { """{"must":[{"key":"price","lte":10}]}""", n => n <= 10 },
        { """{"must":[{"key":"price","gt":10,"lt":13}]}""", n => n is > 10 and < 13 },
        { """{"must":[{"key":"price","gte":50},{"key":"categories","any":["books","games"]}]}""", n => n >= 50 && n % 3 != 2 },
        { """{"mustNot":[{"key":"inStock","any":[true]}]}""", n => n % 4 == 0 },
        { """{"mustNot":[{"key":"price","gt":5,"lt":59}]}""", n => n is <= 5 or 59 },
        { """{"should":[{"key":"brand","any":["brand-0"]},{"key":"price","any":[7,8]}]}""", n => n % 5 == 0 || n is 7 or 8 },
        { """{"must":[{"key":"tags","all":["even"]}],"should":[{"key":"brand","any":["brand-1","brand-2"]}]}""", n => n % 2 == 0
            && n % 5 is 1 or 2 },
        { """{"must":[{"key":"itemId","any":["item-07","item-08","unheard-of"]}]}""", n => n is 7 or 8 },
        { """{"must":[{"key":"tags","exists":false}]}""", n => n % 2 == 1 },
        { """{"must":[{"key":"publishedAt","gte":"2019-12-30T00:00:00Z"}]}""", n => n <= 2 },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Filters_let_through_exactly_what_they_say(string filter, Func<int, bool> passes)
    {
        var answer = await _host.SendAsync($$"""{"userId":"nobody","count":1000,"filter":{{filter}}}""");
        var body = await answer.Content.ReadFromJsonAsync(ContractsJson.Default.RecommendationResponse,
            TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, Shop.Items).Where(passes).Select(Shop.IdOf),
            body!.Items.Select(i => i.ItemId).Order(StringComparer.Ordinal));
        var personal = await _host.PostAsync($$"""{"userId":"reader","includeSeen":true,"count":1000,"filter":{{filter}}}""");
        Assert.Equal(body.Items.Select(i => i.ItemId).Order(StringComparer.Ordinal),
            personal.Items.Select(i => i.ItemId).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Boosts_multiply_the_score_exactly()
    {
        var plain = (await _host.PostAsync(new { userId = "reader", count = 57 })).Items.ToDictionary(i => i.ItemId, i => i.Score);
        var boosted = await _host.PostAsync(
            """{"userId":"reader","count":5,"boosts":[{"filter":{"must":[{"key":"tags","any":["even"]}]},"factor":3},{"filter":{"must":[{"key":"price","lt":30}]},"factor":0.5}]}""");
        float Boosted(string id)
        {
            float score = plain[id];
            if (Shop.NumberOf(id) % 2 == 0) score = score >= 0 ? score * 3 : score / 3;
            if (Shop.NumberOf(id) < 30) score = score >= 0 ? score * 0.5f : score / 0.5f;
            return score;
        }

        var expected = plain.Keys.OrderByDescending(Boosted).Take(5).ToList();
        Assert.Equal(expected, boosted.Items.Select(i => i.ItemId));
        Assert.All(boosted.Items, i => Assert.Equal(Boosted(i.ItemId), i.Score, 1e-5f));
    }

    [Fact]
    public async Task Boosts_lift_what_is_popular_too()
    {
        var answer = await _host.PostAsync(
            """{"count":3,"boosts":[{"filter":{"must":[{"key":"price","lte":30},{"key":"price","gte":29}]},"factor":100}]}""");
        Assert.Equal([Shop.IdOf(30), Shop.IdOf(29), Shop.IdOf(59)], answer.Items.Select(i => i.ItemId));
        Assert.Equal(3000 / 59f, answer.Items[0].Score, 1e-4f);
    }

    [Fact]
    public async Task Pins_take_their_places_on_the_first_page_alone()
    {
        var plain = await _host.PostAsync(new { userId = "reader", count = 4 });
        var pinned = await _host.PostAsync(new
        {
            userId = "reader",
            count = 4,
            pins = new object[] { new { itemId = Shop.IdOf(59), position = 3 }, new { itemId = "unheard-of", position = 1 },
            new { itemId = Shop.IdOf(0), position = 2 } }
        });
        Assert.Equal([plain.Items[0].ItemId, Shop.IdOf(0), Shop.IdOf(59), plain.Items[1].ItemId], pinned.Items.Select(i => i.ItemId));
        var next = await _host.PostAsync(new
        {
            userId = "reader",
            count = 60,
            cursor = pinned.Next,
            pins = new[] { new { itemId = Shop.IdOf(59), position = 1 } }
        });
        Assert.DoesNotContain(Shop.IdOf(59), next.Items.Select(i => i.ItemId));
    }

    [Fact]
    public async Task Diversity_mixes_categories_and_keeps_the_best_first()
    {
        var plain = await _host.GetAsync("/v1/users/reader/recommendations?count=9");
        var diverse = await _host.GetAsync("/v1/users/reader/recommendations?count=9&diversity=0.9");
        Assert.Equal(plain.Items[0], diverse.Items[0]);
        Assert.Single(plain.Items.Select(i => Shop.CategoryOf(i.ItemId)).Distinct());
        Assert.Equal(3, diverse.Items.Select(i => Shop.CategoryOf(i.ItemId)).Distinct().Count());
    }

    [Fact]
    public async Task A_placement_brings_its_settings()
    {
        var home = await _host.GetAsync("/v1/users/reader/recommendations?placement=home");
        Assert.Equal(5, home.Items.Count);
        Assert.All(home.Items, i => Assert.Equal("games", Shop.CategoryOf(i.ItemId)));
        Assert.Equal(7, (await _host.GetAsync("/v1/users/reader/recommendations?placement=home&count=7")).Items.Count);
        var both = await _host.GetAsync("/v1/users/reader/recommendations?placement=home&tag=even&count=60");
        Assert.Equal(10, both.Items.Count);
        var cheap = await _host.GetAsync("/v1/users/reader/recommendations?placement=cheap&count=1");
        Assert.True(Shop.NumberOf(cheap.Items[0].ItemId) < 10);
    }

    [Fact]
    public async Task A_rotating_placement_shows_what_it_has_not_shown_until_nothing_is_left()
    {
        var seen = new HashSet<string>();
        for (int page = 0; page < 10; page++)
        {
            var answer = await _host.GetAsync("/v1/users/gamer/recommendations?placement=rotating&category=games");
            int fresh = answer.Items.Count(i => seen.Add(i.ItemId));
            Assert.Equal(4, answer.Items.Count);
            Assert.Equal(Math.Min(4, 18 - (seen.Count - fresh)), fresh);
        }

        Assert.Equal(18, seen.Count);
    }

    [Theory]
    [InlineData("popular", new[] { 59, 58, 57 })]
    [InlineData("trending", new[] { 9, 8, 7 })]
    [InlineData("latest", new[] { 0, 1, 2 })]
    public async Task Lists_are_in_their_order(string list, int[] expected)
    {
        var answer = await _host.GetAsync($"/v1/items/{list}?count=3");
        Assert.Equal(list, answer.Source);
        Assert.Equal(expected.Select(Shop.IdOf), answer.Items.Select(i => i.ItemId));
        Assert.Equal(answer.Items.OrderByDescending(i => i.Score), answer.Items);
        var books = await _host.GetAsync($"/v1/items/{list}?category=books&count=60");
        Assert.Equal(20, books.Items.Count);
        Assert.All(books.Items, i => Assert.Equal("books", Shop.CategoryOf(i.ItemId)));
    }

    [Fact]
    public async Task Similar_items_are_those_of_largest_cosine()
    {
        var answer = await _host.GetAsync($"/v1/items/{Shop.IdOf(12)}/similar?count=10");
        Assert.Equal(Sources.Similar, answer.Source);
        Assert.All(answer.Items, i => Assert.Equal("books", Shop.CategoryOf(i.ItemId)));
        Assert.DoesNotContain(Shop.IdOf(12), answer.Items.Select(i => i.ItemId));
        float[] Row(int n) => Shop.Whole.Model.ItemFactors.Slice(Shop.Whole.IndexOf(n) * Shop.Rank, Shop.Rank).ToArray();
        Assert.All(answer.Items, i => Assert.Equal(
            System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(Row(12), Row(Shop.NumberOf(i.ItemId))), i.Score, 1e-5f));
        Assert.Equal(answer.Items.OrderByDescending(i => i.Score).Select(i => i.ItemId), answer.Items.Select(i => i.ItemId));
        var missing = await _host.Client.GetAsync(new Uri("/v1/items/unheard-of/similar", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task History_is_what_the_factor_store_knows()
    {
        var history = await _host.Client.GetFromJsonAsync("/v1/users/reader/history", ContractsJson.Default.UserHistoryResponse,
            TestContext.Current.CancellationToken);
        Assert.Equal("reader", history!.UserId);
        Assert.Equal([Shop.IdOf(0), Shop.IdOf(3), Shop.IdOf(6)], history.Items.Select(i => i.ItemId));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_600_000_000), history.Items[0].LastAt);
        Assert.Equal(["books"], history.Items[0].Categories);
        Assert.Empty(
            (await _host.Client.GetFromJsonAsync("/v1/users/nobody/history", ContractsJson.Default.UserHistoryResponse,
                TestContext.Current.CancellationToken))!.Items);
    }

    [Fact]
    public async Task A_batch_answers_every_user_in_order_as_the_single_requests_do()
    {
        string[] users = ["reader", "nobody", "gamer", .. Enumerable.Range(0, 150).Select(i => "u" + i)];
        var response = await _host.SendAsync(new
        {
            userIds = users,
            count = 5,
            filter = new { must = new[] { new { key = "price", gte = 5 } } }
        }, "/v1/recommendations/batch");
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        string[] lines = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n',
            StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(users, lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("userId").GetString()));
        var single = await _host.PostAsync(new
        {
            userId = "gamer",
            count = 5,
            filter = new { must = new[] { new { key = "price", gte = 5 } } }
        });
        var line = JsonSerializer.Deserialize<RecommendationResponse>(lines[2], JsonSerializerOptions.Web)!;
        Assert.Equal(single.Items.Select(i => (i.ItemId, i.Score)), line.Items.Select(i => (i.ItemId, i.Score)));
        Assert.Equal(single.Source, line.Source);
    }

    [Fact]
    public async Task Ids_may_hold_any_character()
    {
        const string User = "a/b c%2Fd?é€";
        await _host.Store.PutUsersAsync([Shop.Whole.User(User, 1, Shop.Bought(0))], TestContext.Current.CancellationToken);
        var answer = await _host.GetAsync($"/v1/users/{Uri.EscapeDataString(User)}/recommendations");
        Assert.Equal(Sources.Personal, answer.Source);
        await _host.Store.PutItemsAsync([Shop.Record(0) with { ItemKey = 7, ItemId = "x/y%2Fz\"\\", Popularity = 1000 }],
            TestContext.Current.CancellationToken);
        await _host.ServesAsync(1);
        var similar = await _host.GetAsync($"/v1/items/{Uri.EscapeDataString("x/y%2Fz\"\\")}/similar?count=2");
        Assert.Equal(2, similar.Items.Count);
        Assert.Equal("x/y%2Fz\"\\", (await _host.GetAsync("/v1/items/popular?count=1")).Items[0].ItemId);
    }

    [Fact]
    public async Task Serving_tells_what_is_served()
    {
        await _host.GetAsync("/v1/users/reader/recommendations");
        var info = await _host.Client.GetFromJsonAsync("/v1/serving", ContractsJson.Default.ServingInfo,
            TestContext.Current.CancellationToken);
        Assert.Equal((1, "ials", Shop.Rank, 60, 60, 60, "ok"),
            (info!.ModelVersion, info.Learner, info.Rank, info.ModelItems, info.AvailableItems, info.Items, info.FactorStore));
        Assert.True(info.Answers > 0 && info.AllocatedBytes > 0);
        Assert.Equal("first", info.Generation);
    }

    [Fact]
    public async Task The_api_description_names_the_parameters()
    {
        var description = await _host.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", TestContext.Current.CancellationToken);
        var names = description.GetProperty("paths").GetProperty("/v1/users/{userId}/recommendations").GetProperty("get")
            .GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()).ToList();
        Assert.Contains("placement", names);
        Assert.Contains("userId", names);
    }
}
