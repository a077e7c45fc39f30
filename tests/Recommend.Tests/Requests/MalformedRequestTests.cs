using System.Net;
using System.Text;
using Recommender.FactorStore;
using Xunit;

namespace Recommender.Recommend.Tests.Requests;

/// <summary>A request is fully validated before any read, so an invalid request does not read the factor store.</summary>
public sealed class MalformedRequestTests : IAsyncLifetime
{
    private readonly FailingFactorStore _store = new(new InProcessFactorStore());
    private RecommendHost _host = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Shop.Whole.FillAsync(_store);
        _host = await RecommendHost.StartAsync(_store);
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("recommendations?count=-1")]
    [InlineData("recommendations?count=abc")]
    [InlineData("recommendations?cout=5")]
    [InlineData("recommendations?count=5&count=1001")]
    [InlineData("recommendations?explain=maybe")]
    [InlineData("recommendations?includeSeen=2")]
    [InlineData("recommendations?diversity=1.5")]
    [InlineData("recommendations?reasons=few")]
    [InlineData("recommendations?placement=nowhere")]
    [InlineData("recommendations?category=")]
    [InlineData("recommendations?tag=")]
    [InlineData("recommendations?exclude=..")]
    [InlineData("recommendations?cursor=abc")]
    [InlineData("recommendations?sessionId=.")]
    [InlineData("recommendations?sessionId=session&count=-1")]
    [InlineData("similar?count=abc")]
    [InlineData("similar?size=5")]
    public async Task A_malformed_query_string_reads_nothing(string query)
    {
        foreach (string user in new[] { "reader", "nobody" })
            Assert.NotEmpty(await _host.GetErrorAsync($"/v1/users/{user}/{query}"));
        Assert.Equal(0, _store.UserReads);
    }

    [Theory]
    [InlineData("", """{"userId":"reader","count":1001}""")]
    [InlineData("", """{"userId":"reader","sessionId":""}""")]
    [InlineData("", """{"userId":"reader","count":5""")]
    [InlineData("", """{"userId":"reader","wat":1}""")]
    [InlineData("", """{"userId":"reader","history":[{"itemId":"a","type":"rating"}]}""")]
    [InlineData("", """{"userId":"reader","filter":{"must":[{"key":"price"}]}}""")]
    [InlineData("", """{"userId":"reader","boosts":[{"factor":2}]}""")]
    [InlineData("", """{"userId":"reader","exclude":["a",""]}""")]
    [InlineData("", """{"userId":"reader","reasons":-1}""")]
    [InlineData("", """{"userId":"reader","placement":"nowhere"}""")]
    [InlineData("", """{"userId":"reader","cursor":"AAAA"}""")]
    [InlineData("", """{"userId":"reader","diversity":2}""")]
    [InlineData("", """{"userId":"reader","pins":[{"itemId":"a","position":21}]}""")]
    [InlineData("", """{"userId":"reader","sessionId":"session","pins":[null]}""")]
    [InlineData("/rank", """{"userId":"reader"}""")]
    [InlineData("/rank", """{"userId":"reader","itemIds":["a",""]}""")]
    [InlineData("/rank", """{"userId":"reader","itemIds":["a"],"reasons":1e3}""")]
    [InlineData("/rank", """{"userId":"reader","itemIds":["a"],"history":[null]}""")]
    [InlineData("/rank", """{"userId":"reader","sessionId":"..","itemIds":["a"]}""")]
    [InlineData("/batch", """{"userIds":["reader","gamer"],"count":-1}""")]
    [InlineData("/batch", """{"userIds":["reader","."]}""")]
    [InlineData("/batch", """{"userIds":["reader"],"filter":{"must":[{"key":"tags","any":[1]}]}}""")]
    [InlineData("/batch", """{"userIds":["reader"],"pins":[{"itemId":"a","position":0}]}""")]
    public async Task A_malformed_body_reads_nothing(string path, string body)
    {
        Assert.NotEmpty(await _host.PostErrorAsync(body, PathOf(path)));
        Assert.Equal(0, _store.UserReads);
    }

    [Fact]
    public async Task A_body_of_another_content_type_reads_nothing()
    {
        using var content = new StringContent("""{"userId":"reader"}""", Encoding.UTF8, "text/plain");
        var response = await _host.Client.PostAsync(new Uri("/v1/recommendations", UriKind.Relative), content, Cancellation);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal(0, _store.UserReads);
    }

    [Fact]
    public async Task Similar_users_that_are_switched_off_read_nothing()
    {
        await using var host = await RecommendHost.StartAsync(_store, ("Recommend:SimilarUsersLimit", "0"));
        await host.ServesAsync(1);
        var response = await host.Client.GetAsync(new Uri("/v1/users/reader/similar", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.NotImplemented, response.StatusCode);
        Assert.Equal(0, _store.UserReads);
    }

    /// <summary>
    /// In contrast, a valid request reads each value once, and that of the session only if that of the user is not enough.
    /// </summary>
    [Theory]
    [InlineData("/v1/users/reader/recommendations?count=5", null, 1)]
    [InlineData("/v1/users/reader/recommendations?sessionId=session", null, 1)]
    [InlineData("/v1/users/nobody/recommendations?sessionId=session", null, 2)]
    [InlineData("", """{"count":5}""", 0)]
    [InlineData("", """{"userId":"reader","sessionId":"session"}""", 1)]
    [InlineData("", """{"userId":"nobody","sessionId":"session"}""", 2)]
    [InlineData("/rank", """{"userId":"reader","itemIds":["item-03"]}""", 1)]
    [InlineData("/rank", """{"userId":"nobody","sessionId":"session","itemIds":["item-03"]}""", 2)]
    [InlineData("/batch", """{"userIds":["reader","gamer","nobody"]}""", 3)]
    public async Task A_valid_request_reads_each_value_once(string path, string? body, int reads)
    {
        var response = body is null ? await _host.Client.GetAsync(new Uri(path, UriKind.Relative), Cancellation)
            : await _host.SendAsync(body, PathOf(path));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(reads, _store.UserReads);
    }

    private static string PathOf(string end) => end == "/rank" ? "/v1/rank" : "/v1/recommendations" + end;
}
