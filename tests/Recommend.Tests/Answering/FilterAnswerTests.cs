using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Items;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Whether a filter is answered never depends on which items there are: what no item has matches nothing.</summary>
public sealed class FilterAnswerTests : IAsyncLifetime
{
    private RecommendHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        _host = await RecommendHost.StartAsync(store,
            ("Placements:none:Filter:Must:0:Key", "adult"), ("Placements:none:Filter:Must:0:Any:0", "true"),
            ("Placements:clean:Filter:MustNot:0:Key", "adult"), ("Placements:clean:Filter:MustNot:0:Any:0", "true"),
            ("Placements:lifted:Boosts:0:Factor", "3"), ("Placements:lifted:Boosts:0:Filter:Must:0:Key", "adult"),
                ("Placements:lifted:Boosts:0:Filter:Must:0:Exists", "true"),
            ("Placements:code:Filter:Must:0:Key", "code"), ("Placements:code:Filter:Must:0:Any:0", "42"),
            ("Placements:serial:Filter:Must:0:Key", "serial"), ("Placements:serial:Filter:Must:0:Gte", "9007199254740993"));
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    public static TheoryData<string> UnknownTests => new()
    {
        """{"key":"adult","any":[true]}""", """{"key":"adult","any":["yes",5]}""", """{"key":"adult","all":[true]}""",
            """{"key":"adult","gte":0}""", """{"key":"adult","lt":0}""", """{"key":"adult","exists":true}""",
        // Known keys with another kind of value: numbers only, texts only, booleans only.
        """{"key":"price","any":["5"]}""", """{"key":"price","all":[true]}""", """{"key":"brand","gte":0}""",
            """{"key":"brand","any":[1]}""", """{"key":"inStock","lte":1}""", """{"key":"inStock","any":["true",1]}""",
    };

    [Theory]
    [MemberData(nameof(UnknownTests))]
    public async Task A_test_that_no_item_can_pass_matches_nothing_everywhere(string test)
    {
        var plain = (await _host.PostAsync("""{"userId":"reader","count":60}""")).Items.Select(i => (i.ItemId, i.Score)).ToList();
        Assert.Empty(await ItemsAsync($$$"""{"userId":"reader","count":60,"filter":{"must":[{{{test}}}]}}"""));
        Assert.Equal(plain, await ItemsAsync($$$"""{"userId":"reader","count":60,"filter":{"mustNot":[{{{test}}}]}}"""));
        Assert.Empty(await ItemsAsync($$$"""{"userId":"reader","count":60,"filter":{"should":[{{{test}}}]}}"""));
        Assert.Equal(20,
            (await ItemsAsync($$$"""{"userId":"gamer","count":60,"includeSeen":true,"filter":{"should":[{{{test}}},{"key":"categories","any":["games"]}]}}""")).Count);
        Assert.Equal(plain,
            await ItemsAsync($$$"""{"userId":"reader","count":60,"boosts":[{"filter":{"must":[{{{test}}}]},"factor":3}]}"""));
        Assert.Empty(await ItemsAsync($$$"""{"count":60,"filter":{"must":[{{{test}}}]}}"""));
        using var batch =
            await _host.SendAsync($$$"""{"userIds":["reader"],"count":60,"filter":{"mustNot":[{{{test}}}]},"boosts":[{"filter":{"should":[{{{test}}}]},"factor":2}]}""", "/v1/recommendations/batch");
        var line = JsonSerializer.Deserialize(await batch.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            ContractsJson.Default.RecommendationResponse)!;
        Assert.Equal(plain, line.Items.Select(i => (i.ItemId, i.Score)));
    }

    [Fact]
    public async Task Placements_lists_and_similar_items_answer_too()
    {
        var plain = (await _host.GetAsync("/v1/users/reader/recommendations?count=60")).Items.Select(i => i.ItemId).ToList();
        Assert.Empty((await _host.GetAsync("/v1/users/reader/recommendations?placement=none")).Items);
        Assert.Equal(plain, (await _host.GetAsync("/v1/users/reader/recommendations?count=60&placement=clean")).Items.Select(i =>
            i.ItemId));
        Assert.Equal(plain, (await _host.GetAsync("/v1/users/reader/recommendations?count=60&placement=lifted")).Items.Select(i =>
            i.ItemId));
        foreach (string path in (string[])["/v1/items/popular", "/v1/items/latest", "/v1/items/trending", "/v1/items/item-05/similar",
            "/v1/users/reader/recommendations"])
        {
            Assert.Empty((await _host.GetAsync(path + "?category=nowhere")).Items);
            Assert.Empty((await _host.GetAsync(path + "?tag=nowhere")).Items);
        }
    }

    /// <summary>The reason for the rule: the last item with a property is withdrawn, and comes back.</summary>
    [Fact]
    public async Task The_same_request_is_answered_while_items_with_the_property_come_and_go()
    {
        var adult = With(3, "adult", "true");
        foreach (var (record, expected) in new[] { (adult, 1), (adult with { Item = adult.Item! with { Available = false } }, 0),
            (adult, 1), (With(3, "adult", "\"yes\""), 0), (adult with { Deleted = true }, 0) })
        {
            await _host.Store.PutItemsAsync([record], TestContext.Current.CancellationToken);
            await _host.ServesAsync(1);
            await Eventually.EqualAsync(expected, async () =>
                (await ItemsAsync("""{"count":60,"filter":{"must":[{"key":"adult","any":[true]}]}}""")).Count);
            int available = record is { Deleted: false, Item.Available: true } ? 60 : 59;
            Assert.Equal(available - expected,
                (await ItemsAsync("""{"count":60,"filter":{"mustNot":[{"key":"adult","any":[true]}]}}""")).Count);
            Assert.Equal(available,
                (await ItemsAsync("""{"count":60,"boosts":[{"factor":2,"filter":{"should":[{"key":"adult","any":[true]}]}}]}""")).Count);
        }
    }

    [Theory]
    [InlineData("9007199254740992", "9007199254740993", "9007199254740994")]
    [InlineData("-9007199254740994", "-9007199254740993", "-9007199254740992")]
    [InlineData("9223372036854775805", "9223372036854775806", "9223372036854775807")]
    [InlineData("9223372036854775806", "9223372036854775807", "9223372036854775808")]
    [InlineData("18446744073709551613", "18446744073709551614", "18446744073709551615")]
    [InlineData("9007199254740992.0", "9007199254740993.0", "9.007199254740994e15")]
    [InlineData("2.5", "2.5000001", "3")]
    public async Task Neighbouring_numbers_are_different_in_every_test(string low, string middle, string high)
    {
        await _host.Store.PutItemsAsync([With(1, "serial", low), With(2, "serial", middle), With(3, "serial", high)],
            TestContext.Current.CancellationToken);
        await _host.ServesAsync(1);
        await Eventually.EqualAsync(3, async () =>
            (await ItemsAsync("""{"count":60,"filter":{"must":[{"key":"serial","exists":true}]}}""")).Count);
        async Task MatchesAsync(string test, params int[] expected) =>
            Assert.Equal(expected, (await ItemsAsync($$$"""{"count":60,"filter":{"must":[{"key":"serial",{{{test}}}}]}}""")).Select(i =>
            Shop.NumberOf(i.ItemId)).Order());
        await MatchesAsync($"\"any\":[{middle}]", 2);
        await MatchesAsync($"\"any\":[{low},{high}]", 1, 3);
        await MatchesAsync($"\"all\":[{middle}]", 2);
        await MatchesAsync($"\"gt\":{middle}", 3);
        await MatchesAsync($"\"gte\":{middle}", 2, 3);
        await MatchesAsync($"\"lt\":{middle}", 1);
        await MatchesAsync($"\"lte\":{middle}", 1, 2);
        await MatchesAsync($"\"gt\":{low},\"lt\":{high}", 2);

        // A change by the smallest step is a change.
        await _host.Store.PutItemsAsync([With(1, "serial", middle)], TestContext.Current.CancellationToken);
        await _host.ServesAsync(1);
        await Eventually.EqualAsync(2, async () =>
            (await ItemsAsync($$$"""{"count":60,"filter":{"must":[{"key":"serial","any":[{{{middle}}}]}]}}""")).Count);
    }

    [Fact]
    public async Task A_configured_number_is_exact_and_stands_for_a_text_as_well()
    {
        await _host.Store.PutItemsAsync([With(1, "serial", "9007199254740992"), With(2, "serial", "9007199254740993"),
            With(4, "code", "\"42\""), With(5, "code", "42"), With(6, "code", "43")], TestContext.Current.CancellationToken);
        await _host.ServesAsync(1);
        await Eventually.EqualAsync(1, async () => (await _host.GetAsync("/v1/users/nobody/recommendations?placement=serial")).Items.Count);
        Assert.Equal([Shop.IdOf(2)], (await _host.GetAsync("/v1/users/nobody/recommendations?placement=serial")).Items.Select(i =>
            i.ItemId));
        Assert.Equal([Shop.IdOf(4), Shop.IdOf(5)],
            (await _host.GetAsync("/v1/users/nobody/recommendations?placement=code")).Items.Select(i => i.ItemId).Order());
    }

    [Theory]
    [InlineData("""{"key":"publishedAt","any":["2019-12-31t01:00:00+01:00"]}""", 1)]
    [InlineData("""{"key":"publishedAt","gte":"2019-12-30T00:00:00Z"}""", 3)]
    [InlineData("""{"key":"publishedAt","gt":"2019-12-30T00:00:00z"}""", 2)]
    public async Task Times_of_filters_are_RFC_3339(string test, int count) =>
        Assert.Equal(count, (await ItemsAsync($$$"""{"count":60,"filter":{"must":[{{{test}}}]}}""")).Count);

    private static ItemRecord With(int number, string property, string json)
    {
        var record = Shop.Record(number);
        return record with
        {
            Item = record.Item! with
            {
                Properties =
            new Dictionary<string, JsonElement>(record.Item.Properties) { [property] = JsonElement.Parse(json) }
            }
        };
    }

    private async Task<List<(string ItemId, float Score)>> ItemsAsync(string body) =>
        [.. (await _host.PostAsync(body)).Items.Select(i => (i.ItemId, i.Score))];
}
