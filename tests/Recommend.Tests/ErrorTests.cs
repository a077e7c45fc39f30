using System.Net;
using Recommender.FactorStore;
using Xunit;

namespace Recommender.Recommend.Tests;

public sealed class ErrorTests : IAsyncLifetime
{
    private RecommendHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store);
        _host = await RecommendHost.StartAsync(store);
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("count=-1", "count")]
    [InlineData("count=1001", "count")]
    [InlineData("count=abc", "count")]
    [InlineData("count=", "count")]
    [InlineData("cout=5", "cout")]
    [InlineData("explain=maybe", "explain")]
    [InlineData("includeSeen=2", "includeSeen")]
    [InlineData("diversity=1.5", "diversity")]
    [InlineData("diversity=NaN", "diversity")]
    [InlineData("placement=nowhere", "placement")]
    [InlineData("category=", "category")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=0", "cursor")]
    [InlineData("cursor=%00", "cursor")]
    [InlineData("reasons=", "reasons")]
    [InlineData("reasons=-1", "reasons")]
    [InlineData("reasons=1001", "reasons")]
    [InlineData("reasons=few", "reasons")]
    [InlineData("exclude=..", "exclude")]
    [InlineData("sessionId=.", "sessionId")]
    public async Task A_wrong_parameter_is_named(string query, string place) =>
        Assert.StartsWith(place + " ", await _host.GetErrorAsync("/v1/users/reader/recommendations?" + query));

    [Theory]
    [InlineData("popular?placement=home", "placement")]
    [InlineData("popular?explain=true", "explain")]
    [InlineData("latest?count=-5", "count")]
    [InlineData("item-01/similar?count=9999", "count")]
    public async Task A_wrong_parameter_of_a_list_is_named(string path, string place) =>
        Assert.StartsWith(place + " ", await _host.GetErrorAsync("/v1/items/" + path));

    [Theory]
    [InlineData("""{"userId":""}""", "userId ")]
    [InlineData("""{"count":1001}""", "count ")]
    [InlineData("""{"count":"5"}""", "count is not a whole number")]
    [InlineData("""{"count":2.5}""", "count is not a whole number")]
    [InlineData("""{"userId":5}""", "userId is not a text")]
    [InlineData("""{"exclude":"a"}""", "exclude is not an array")]
    [InlineData("""{"reasons":-1}""", "reasons must be a whole number from 0 to 1000, or all")]
    [InlineData("""{"reasons":1001}""", "reasons ")]
    [InlineData("""{"reasons":2.5}""", "reasons ")]
    [InlineData("""{"reasons":"5"}""", "reasons ")]
    [InlineData("""{"reasons":"ALL"}""", "reasons ")]
    [InlineData("""{"reasons":"\ud800"}""", "reasons ")]
    [InlineData("""{"reasons":true}""", "reasons ")]
    [InlineData("""{"history":[{"itemId":"a","occurredAt":"2020-01-01T00:00:00"}]}""", "history[0].occurredAt has no offset from UTC")]
    [InlineData("""{"history":[{"itemId":".."}]}""", "history[0].itemId is '..', which no path can carry")]
    [InlineData("""{"userId":"."}""", "userId is '.', which no path can carry")]
    [InlineData("""{"diversity":2}""", "diversity ")]
    [InlineData("""{"placement":"nowhere"}""", "placement ")]
    [InlineData("""{"cursor":"AAAA"}""", "cursor ")]
    [InlineData("""{"wat":1}""", "wat")]
    [InlineData("""{"history":[{"itemId":"a"},{"type":"view"}]}""", "history[1].itemId ")]
    [InlineData("""{"history":[{"itemId":"a","type":""}]}""", "history[0].type ")]
    [InlineData("""{"history":[{"itemId":"a","value":1e300}]}""", "history[0].value ")]
    [InlineData("""{"history":[null]}""", "history[0] ")]
    [InlineData("""{"exclude":["a",""]}""", "exclude[1] ")]
    [InlineData("""{"pins":[{"itemId":"a","position":0}]}""", "pins[0].position ")]
    [InlineData("""{"pins":[{"itemId":"a","position":21}]}""", "pins[0].position ")]
    [InlineData("""{"pins":[{"itemId":"a","position":1},{"itemId":"b","position":1}]}""", "pins[1].position ")]
    [InlineData("""{"pins":[{"itemId":"a","position":1},{"itemId":"a","position":2}]}""", "pins[1].itemId ")]
    [InlineData("""{"boosts":[{"factor":2}]}""", "boosts[0].filter ")]
    [InlineData("""{"boosts":[{"filter":{},"factor":0}]}""", "boosts[0].factor ")]
    [InlineData("""{"boosts":[{"filter":{"must":[{"key":"tags","any":[1]}]},"factor":2}]}""",
        "boosts[0].filter.must[0].any[0] is not a text")]
    [InlineData("""{"filter":{"must":[{"any":["red"]}]}}""", "filter.must[0].key ")]
    [InlineData("""{"filter":{"must":[{"key":"price"}]}}""", "filter.must[0] ")]
    [InlineData("""{"filter":{"mustNot":[{"key":"itemId","any":[5]}]}}""", "filter.mustNot[0].any[0] is not a text")]
    [InlineData("""{"filter":{"should":[{"key":"categories","lt":3}]}}""", "filter.should[0] has bounds")]
    [InlineData("""{"filter":{"should":[{"key":"itemId","gte":3}]}}""", "filter.should[0] has bounds")]
    [InlineData("""{"filter":{"must":[{"key":"price","any":[1e999]}]}}""", "filter.must[0].any[0] is too large a number")]
    [InlineData("""{"filter":{"must":[{"key":"price","gt":-1e999}]}}""", "filter.must[0].gt is too large a number")]
    [InlineData("""{"filter":{"must":[{"key":"brand","any":["\ud800"]}]}}""", "filter.must[0].any[0] is not valid Unicode")]
    [InlineData("""{"filter":{"must":[{"key":"brand","any":[null]}]}}""", "filter.must[0].any[0] is not a text, a number, true or false")]
    [InlineData("""{"filter":{"must":[{"key":"publishedAt","any":[1600000000000]}]}}""",
        "filter.must[0].any[0] is not a text with an RFC 3339 time")]
    [InlineData("""{"filter":{"must":[{"key":"publishedAt","gte":"2020-01-01T00:00:00"}]}}""", "filter.must[0].gte has no offset from UTC")]
    [InlineData("""{"filter":{"must":[{"key":"publishedAt","gte":"2020-01-01"}]}}""", "filter.must[0].gte is a date without a time of day")]
    [InlineData("""{"filter":{"must":[{"key":"publishedAt","all":["\ud800"]}]}}""", "filter.must[0].all[0] is not valid Unicode")]
    [InlineData("""{"filter":{"must":[{"key":"price","lt":"3"}]}}""", "filter.must[0].lt ")]
    [InlineData("""{"filter":{"must":[{"key":"price","lt":true}]}}""", "filter.must[0].lt ")]
    [InlineData("""{"filter":{"must":[{"key":"publishedAt","lt":"yesterday"}]}}""", "filter.must[0].lt ")]
    [InlineData("""{"filter":{"must":[{"key":"publishedAt","lt":5}]}}""", "filter.must[0].lt ")]
    [InlineData("""{"filter":{"must":[{"key":"categories","any":[1]}]}}""", "filter.must[0].any[0] ")]
    [InlineData("""{"filter":{"must":[{"key":"categories","any":[]}]}}""", "filter.must[0].any ")]
    [InlineData("""{"filter":{"must":[{"key":"categories","any":[["a"]]}]}}""", "filter.must[0].any[0] ")]
    [InlineData("""{"filter":{"musst":[]}}""", "musst")]
    [InlineData("""{"filter":{"must":[{"key":"price","between":[1,2]}]}}""", "between")]
    [InlineData("""{"filter":5}""", "filter")]
    [InlineData("""{"filter":{"must":[{"key":"a","any":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}]}}""", "filter.must[0].any")]
    [InlineData("nonsense", "")]
    [InlineData("null", "")]
    public async Task What_is_wrong_in_a_body_is_named(string body, string place)
    {
        string detail = await _host.PostErrorAsync(body);
        Assert.Contains(place, detail);
        Assert.DoesNotMatch(@"\.NET|Recommender\.|System\.|Int32|\b(\w+) \1\b", detail);
    }

    [Fact]
    public async Task A_configured_filter_is_checked_when_the_service_starts()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() =>
            RecommendHost.StartAsync(new InProcessFactorStore(), ("Placements:home:Filter:Must:0:Key", "publishedAt"),
            ("Placements:home:Filter:Must:0:Gte", "2020-01-01")));
        Assert.Contains("Placements:home:Filter.must[0].gte is a date without a time of day", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Oversized_requests_are_refused()
    {
        string many(int count, string element) => string.Join(',', Enumerable.Repeat(element, count));
        Assert.StartsWith("history ", await _host.PostErrorAsync($$"""{"history":[{{many(1001, """{"itemId":"a"}""")}}]}"""));
        Assert.StartsWith("exclude ", await _host.PostErrorAsync($$"""{"exclude":[{{many(10_001, "\"a\"")}}]}"""));
        Assert.StartsWith("boosts ", await _host.PostErrorAsync($$"""{"boosts":[{{many(33, """{"filter":{},"factor":2}""")}}]}"""));
        Assert.StartsWith("filter.must[64] ",
            await _host.PostErrorAsync($$$"""{"filter":{"must":[{{{many(65, """{"key":"price","lt":5}""")}}}]}}"""));
        Assert.StartsWith("filter.must[0].any ",
            await _host.PostErrorAsync($$$"""{"filter":{"must":[{"key":"price","any":[{{{many(1001, "1")}}}]}]}}"""));
        Assert.StartsWith("pins ",
            await _host.PostErrorAsync($$"""{"count":1000,"pins":[{{string.Join(',', Enumerable.Range(1, 101).Select(i => $$"""{"itemId":"i{{i}}","position":{{i}}}"""))}}]}"""));
        Assert.StartsWith("itemIds ", await _host.PostErrorAsync($$"""{"itemIds":[{{many(10_001, "\"a\"")}}]}""", "/v1/rank"));
        Assert.StartsWith("userIds ", await _host.PostErrorAsync($$"""{"userIds":[{{many(10_001, "\"a\"")}}]}""",
            "/v1/recommendations/batch"));
        Assert.StartsWith("userId ", await _host.GetErrorAsync($"/v1/users/{new string('a', 257)}/recommendations"));
    }

    [Theory]
    [InlineData("""{}""", "itemIds ")]
    [InlineData("""{"itemIds":["a",""]}""", "itemIds[1] ")]
    [InlineData("""{"itemIds":["a"],"count":3}""", "count")]
    [InlineData("""{"itemIds":["a"],"reasons":1e3}""", "reasons ")]
    public async Task What_is_wrong_in_a_rank_request_is_named(string body, string place) =>
    Assert.Contains(place, await _host.PostErrorAsync(body, "/v1/rank"));

    [Theory]
    [InlineData("""{}""", "userIds ")]
    [InlineData("""{"userIds":["a","\u0001"]}""", "userIds[1] ")]
    [InlineData("""{"userIds":["a"],"filter":{"must":[{"key":"tags","any":[1]}]}}""", "filter.must[0].any[0] ")]
    [InlineData("""{"userIds":["a"],"reasons":"some"}""", "reasons ")]
    [InlineData("""{"userIds":["a","."]}""", "userIds[1] ")]
    public async Task What_is_wrong_in_a_batch_is_found_before_the_first_line(string body, string place) =>
    Assert.StartsWith(place, await _host.PostErrorAsync(body, "/v1/recommendations/batch"));

    [Fact]
    public async Task Percent_encoding_that_is_none_is_refused()
    {
        var response = await _host.Client.GetAsync(new Uri("/v1/users/a%FF/recommendations", UriKind.Relative),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("Placements:home:Count", "5000", "Placements:home:Count")]
    [InlineData("Placements:home:Colour", "red", "Placements:home:Colour")]
    [InlineData("Placements:home:Diversity", "2", "Placements:home:Diversity")]
    [InlineData("Placements:home:Filter:Must:0:Any:0", "x", "Filter.must[0].key")]
    [InlineData("Placements:home:Boosts:0:Factor", "0", "Boosts[0].factor")]
    [InlineData("Placements:home:Filter:Must", "x", "Placements:home:Filter.must is not an array")]
    [InlineData("Recommend:DefaultCount", "0", "Recommend:DefaultCount")]
    [InlineData("Recommend:Fallback", "random", "Recommend:Fallback")]
    [InlineData("EventTypes:view:Weight", "-1", "Setting EventTypes:view: Weight must be between")]
    [InlineData("EventTypes:view:Combine", "Sums", "Setting EventTypes:view:Combine is 'Sums'; it must be Sum or Latest.")]
    [InlineData("EventTypes:view:NegativeValue", "2",
        "Setting EventTypes:view:NegativeValue is '2'; it must be Opposite or TakeBack or Ignore.")]
    [InlineData("EventTypes:view:Wieght", "2", "Setting EventTypes:view:Wieght is not a setting of an event type; those are Weight, ")]
    public async Task A_wrong_setting_stops_the_start_and_is_named(string key, string value, string place)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => RecommendHost.StartAsync(new InProcessFactorStore(), (key, value)));
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }
}
