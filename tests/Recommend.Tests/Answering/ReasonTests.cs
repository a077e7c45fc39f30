using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Reasons of explained items: five, or as many as requested, and the sum of the rest.</summary>
public sealed class ReasonTests : IAsyncLifetime
{
    private const int History = 12;

    private RecommendHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        var store = new InProcessFactorStore();
        // A dislike among them, so that a share is negative.
        HistoryRecord[] history = [.. Enumerable.Range(0, History).Select(n => Shop.Bought(3 * n, target: n == 4 ? 0 : 1))];
        await Shop.Whole.FillAsync(store, 1, Shop.Whole.User("many", 1, history));
        _host = await RecommendHost.StartAsync(store, ("Placements:home:Count", "8"));
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("explain=true", 5)]
    [InlineData("explain=true&reasons=3", 3)]
    [InlineData("reasons=3", 3)]
    [InlineData("reasons=0", 0)]
    [InlineData("reasons=12&explain=1", 12)]
    [InlineData("reasons=1000", 12)]
    [InlineData("reasons=all", 12)]
    [InlineData("reasons=3&placement=home", 3)]
    public async Task As_many_as_asked_for_are_returned_and_with_the_rest_they_sum_to_1(string query, int count)
    {
        var all = await _host.GetAsync("/v1/users/many/recommendations?reasons=all");
        var answer = await _host.GetAsync("/v1/users/many/recommendations?" + query);
        Check(all, answer, count);
    }

    [Theory]
    [InlineData("""{"userId":"many","explain":true}""", 5)]
    [InlineData("""{"userId":"many","explain":true,"reasons":2}""", 2)]
    [InlineData("""{"userId":"many","reasons":"all"}""", 12)]
    [InlineData("""{"userId":"many","explain":true,"reasons":null}""", 5)]
    public async Task The_same_holds_for_bodies_batches_and_ranks(string body, int count)
    {
        var all = await _host.GetAsync("/v1/users/many/recommendations?reasons=all");
        Check(all, await _host.PostAsync(body), count);
        string batchBody = body.Replace("\"userId\":\"many\"", "\"userIds\":[\"many\",\"nobody\"]");
        using var batch = await _host.SendAsync(batchBody, "/v1/recommendations/batch");
        string[] lines = (await batch.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n',
            StringSplitOptions.RemoveEmptyEntries);
        Check(all, JsonSerializer.Deserialize(lines[0], ContractsJson.Default.RecommendationResponse)!, count);
        Assert.DoesNotContain("\"rest\"", lines[1]);
        string rankBody = body[..^1] + ",\"itemIds\":" + JsonSerializer.Serialize(all.Items.Select(i => i.ItemId)) + "}";
        Check(all, await _host.PostAsync(rankBody, "/v1/rank"), count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?explain=false&reasons=3")]
    public async Task Without_explain_there_are_none(string query)
    {
        var answer = await _host.GetAsync("/v1/users/many/recommendations" + query);
        Assert.All(answer.Items, i => Assert.True(i.Reasons is null && i.Rest is null));
    }

    private static void Check(RecommendationResponse all, RecommendationResponse answer, int count)
    {
        Assert.NotEmpty(answer.Items);
        Assert.Contains(all.Items, i => i.Reasons!.Any(r => r.Share < 0));
        foreach (var (whole, item) in all.Items.Zip(answer.Items))
        {
            Assert.Equal((whole.ItemId, whole.Score), (item.ItemId, item.Score));
            Assert.Equal(History, whole.Reasons!.Count);
            Assert.Equal(whole.Reasons.OrderByDescending(r => r.Share).Select(r => r.Share), whole.Reasons.Select(r => r.Share));
            // The strongest, and nothing else.
            Assert.Equal(whole.Reasons.Take(count), item.Reasons!);
            Assert.Equal(1, item.Reasons!.Sum(r => (double)r.Share) + item.Rest!.Value, 1e-4);
            Assert.Equal(whole.Reasons.Skip(count).Sum(r => (double)r.Share), item.Rest!.Value, 1e-5);
        }
    }
}
