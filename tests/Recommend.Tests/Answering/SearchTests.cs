using System.Text.Json;
using Recommender.Contracts;
using Recommender.Encoders;
using Recommender.Encoders.Text;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.Retrieval.Quantized;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Search by words and taste. Every title of the shop has the word "title"; the number of the item is another.</summary>
public sealed class SearchTests : IAsyncLifetime
{
    private readonly InProcessFactorStore _store = new();
    private RecommendHost _host = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Shop.Whole.FillAsync(_store);
        _host = await RecommendHost.StartAsync(_store, ("Placements:found:Count", "3"),
            ("Placements:found:Filter:Must:0:Key", "categories"), ("Placements:found:Filter:Must:0:Any:0", "games"));
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("17", "exact")]
    [InlineData("TITLE 17", "exact")]
    [InlineData("titel 17", "typo")]
    [InlineData("tit 17", "none")]
    [InlineData("17 tit", "prefix")]
    public async Task The_item_with_the_words_comes_first(string query, string match)
    {
        var answer = await SearchAsync($"q={Uri.EscapeDataString(query)}");
        Assert.Equal(Sources.Search, answer.Source);
        Assert.Equal(Shop.IdOf(17), answer.Items[0].ItemId);
        Assert.Contains(answer.Words, word => word.Match == match);
        Assert.Null(answer.Fallback);
        Assert.Null(answer.ModelVersion);
    }

    [Fact]
    public async Task Categories_and_texts_of_properties_are_searched()
    {
        Assert.Equal(20, (await SearchAsync("q=book")).Total);
        var answer = await SearchAsync("q=brand+3+&count=5");
        Assert.All(answer.Items, item => Assert.True(Shop.NumberOf(item.ItemId) % 5 == 3 || Shop.NumberOf(item.ItemId) == 3, item.ItemId));
    }

    [Fact]
    public async Task Filters_and_placements_apply()
    {
        var answer = await SearchAsync("q=title&category=books&count=60");
        Assert.Equal((20, 20), (answer.Total, answer.Items.Count));
        Assert.All(answer.Items, item => Assert.Equal("books", Shop.CategoryOf(item.ItemId)));
        answer = await SearchAsync("q=title&placement=found");
        Assert.Equal((20, 3), (answer.Total, answer.Items.Count));
        Assert.All(answer.Items, item => Assert.Equal("games", Shop.CategoryOf(item.ItemId)));
        answer = await PostAsync(new
        {
            q = "title",
            filter = new { must = new[] { new { key = "price", lte = 4 } } },
            boosts = new[] { new { filter = new { must = new[] { new { key = "itemId", any = new[] { Shop.IdOf(4) } } } }, factor = 9 } },
            pins = new[] { new { itemId = Shop.IdOf(2), position = 1 } },
            exclude = new[] { Shop.IdOf(3) },
        });
        Assert.Equal([2, 4], answer.Items.Take(2).Select(item => Shop.NumberOf(item.ItemId)));
        Assert.Equal(4, answer.Items.Count);
    }

    [Fact]
    public async Task Pages_show_every_item_once()
    {
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await SearchAsync("q=title&userId=reader&count=7" + (cursor is null ? "" : "&cursor=" + cursor));
            Assert.Equal(60, page.Total);
            seen.AddRange(page.Items.Select(item => item.ItemId));
            cursor = page.Next;
        }
        while (cursor is not null);
        Assert.Equal(60, seen.Distinct().Count());
        Assert.Equal((await SearchAsync("q=title&userId=reader&count=60")).Items.Select(item => item.ItemId), seen);
    }

    [Fact]
    public async Task The_taste_of_the_visitor_decides_between_equal_matches()
    {
        var answer = await SearchAsync("q=title&userId=reader&count=10&explain=true");
        Assert.Equal(1, answer.ModelVersion);
        Assert.All(answer.Items, item => Assert.Equal("books", Shop.CategoryOf(item.ItemId)));
        Assert.All(answer.Items, item => Assert.Equal(item.Score, item.Parts!.Words + item.Parts.Meaning + item.Parts.Taste, 1e-5f));
        Assert.Equal(.25f, answer.Items.Max(item => item.Parts!.Taste), 1e-5f);
        answer = await PostAsync(new { q = "title", history = new[] { new { itemId = Shop.IdOf(1) }, new { itemId = Shop.IdOf(4) } } });
        Assert.Equal("games", Shop.CategoryOf(answer.Items[0].ItemId));
        Assert.Null(answer.Items[0].Parts);

        // The words count more: a game is found by its number although the user reads.
        Assert.Equal(Shop.IdOf(1), (await SearchAsync("q=title+1&userId=reader")).Items[0].ItemId);
    }

    [Fact]
    public async Task Seen_items_appear_unless_the_request_leaves_them_out()
    {
        Assert.Contains((await SearchAsync("q=title&userId=reader&count=60")).Items, item => item.ItemId == Shop.IdOf(3));
        Assert.DoesNotContain((await SearchAsync("q=title&userId=reader&count=60&includeSeen=false")).Items,
            item => item.ItemId == Shop.IdOf(3));
    }

    [Theory]
    [InlineData("xyzzy")]
    [InlineData("")]
    [InlineData("%21%21")]
    public async Task Without_a_match_popular_items_follow_and_the_answer_states_it(string query)
    {
        var answer = await SearchAsync($"q={query}&count=5&category=books");
        Assert.Equal((true, 0, Sources.Popular), (answer.Fallback, answer.Total, answer.Source));
        Assert.Equal((await _host.GetAsync("/v1/items/popular?count=5&category=books")).Items.Select(item => item.ItemId),
            answer.Items.Select(item => item.ItemId));
    }

    [Fact]
    public async Task Facets_count_all_items_found()
    {
        var answer = await SearchAsync("q=title&count=1&facet=categories&facet=brand&facet=nothing&facet=tags");
        Assert.Equal(["categories", "brand", "nothing", "tags"], answer.Facets!.Select(facet => facet.Key));
        Assert.Equal(["books 20", "games 20", "music 20"], answer.Facets![0].Values.Select(v => $"{v.Value} {v.Count}"));
        Assert.All(answer.Facets[1].Values, value => Assert.Equal(12, value.Count));
        Assert.Empty(answer.Facets[2].Values);
        Assert.Equal("even 30", answer.Facets[3].Values.Select(v => $"{v.Value} {v.Count}").Single());
    }

    [Fact]
    public async Task Suggestions_continue_the_query()
    {
        var answer = await SearchAsync("q=title+1&suggestions=5");
        Assert.Contains("title 17", (await SearchAsync("q=title+17&suggestions=5")).Suggestions!);
        Assert.All(answer.Suggestions!, suggestion => Assert.StartsWith("title 1", suggestion, StringComparison.Ordinal));
        Assert.Null((await SearchAsync("q=title")).Suggestions);
    }

    [Fact]
    public async Task New_items_are_found_and_deleted_ones_are_not()
    {
        await _store.PutItemsAsync([Shop.Record(17, deleted: true), Shop.Record(18) with
        {
            ItemKey = 9_000,
            ItemId = "new",
            Item = new Item { ItemId = "new", Title = "Teapot" },
        }], Stop);
        await _host.ServesAsync(1);
        Assert.Equal("new", Assert.Single((await SearchAsync("q=teapot")).Items).ItemId);
        Assert.DoesNotContain((await SearchAsync("q=title+17&count=60")).Items, item => item.ItemId == Shop.IdOf(17));

        // Another model changes the positions of the catalogue. The index of words follows.
        await Shop.Whole.ReleaseAsync(_store, 2);
        await _host.ServesAsync(2);
        Assert.Equal("new", Assert.Single((await SearchAsync("q=teapot")).Items).ItemId);
        Assert.Equal(59, (await SearchAsync("q=title")).Total);
    }

    [Fact]
    public async Task Items_of_a_similar_meaning_are_found_without_a_common_word()
    {
        Assert.SkipUnless(PackagedModels.HasSentenceModel, "The package of the sentence model was not restored.");
        string[] titles = ["Leather couch", "Mountain bicycle", "Notebook computer"];
        var encoder = TextEncoders.Shared(new TextEncoderOptions());
        int rank = encoder.Description.Dimensions;
        float[] vectors = new float[titles.Length * rank];
        await encoder.EncodeAsync(titles, vectors, Stop);
        await _store.PutItemsAsync([.. titles.Select((title, n) => Shop.Record(18) with
        {
            ItemKey = 9_000 + n,
            ItemId = title,
            Item = new Item { ItemId = title, Title = title },
        })], Stop);
        await _store.PutItemVectorsAsync([.. titles.Select((_, n) => new ItemVectorRecord(9_000 + n,
            new(encoder.Description.Model, VectorBytes.Encode(vectors.AsSpan(n * rank, rank)))))], Stop);
        await _host.ServesAsync(1);
        var found = await SearchAsync("q=sofa&explain=true");
        Assert.Equal("Leather couch", found.Items[0].ItemId);
        Assert.Equal((0f, null), (found.Items[0].Parts!.Words, found.Fallback));
        Assert.Equal("Notebook computer", (await SearchAsync("q=laptop")).Items[0].ItemId);

        // Deleted items are gone; their vectors stay where they are.
        await _store.PutItemsAsync([Shop.Record(18, deleted: true) with { ItemKey = 9_000, ItemId = titles[0] }], Stop);
        await _host.ServesAsync(1);
        Assert.DoesNotContain((await SearchAsync("q=sofa")).Items, item => item.ItemId == titles[0]);
    }

    [Theory]
    [InlineData("", "q")]
    [InlineData("q=a&reasons=3", "reasons")]
    [InlineData("q=a&diversity=1", "diversity")]
    [InlineData("q=a&suggestions=21", "suggestions")]
    [InlineData("q=a&userId=", "userId")]
    [InlineData("q=a&facet=", "facet")]
    public async Task A_wrong_parameter_is_named(string query, string field) =>
        Assert.StartsWith(field + " ", await _host.GetErrorAsync("/v1/search?" + query), StringComparison.Ordinal);

    [Fact]
    public async Task A_query_that_is_too_long_is_refused()
    {
        Assert.Contains("1024", await _host.PostErrorAsync(new { q = new string('é', 513) }, "/v1/search"), StringComparison.Ordinal);
        Assert.Contains("required", await _host.PostErrorAsync(new { count = 1 }, "/v1/search"), StringComparison.Ordinal);
    }

    private async Task<SearchResponse> SearchAsync(string query)
    {
        using var response = await _host.Client.GetAsync(new Uri("/v1/search?" + query, UriKind.Relative), Stop);
        return await ReadAsync(response);
    }

    private async Task<SearchResponse> PostAsync(object body)
    {
        using var response = await _host.SendAsync(body, "/v1/search");
        return await ReadAsync(response);
    }

    private static async Task<SearchResponse> ReadAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync(Stop);
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonSerializer.Deserialize(body, ContractsJson.Default.SearchResponse)!;
    }
}
