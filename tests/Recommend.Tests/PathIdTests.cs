using System.Text.Json;
using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests;

/// <summary>Every id that events and items may have is reached by the paths of the serving side.</summary>
public sealed class PathIdTests
{
    [Fact]
    public async Task Every_id_is_found_by_path()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var store = new InProcessFactorStore();
        await Shop.Whole.FillAsync(store, 1, [.. OddIds.All.Select(id => Shop.Whole.User(id, 1, Shop.Bought(3)))]);
        await store.PutItemsAsync([.. OddIds.All.Select((id, n) => Shop.Record(n % Shop.Items) with { ItemKey = 9000 + n, ItemId = id })],
            cancellation);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(1);
        foreach (string id in OddIds.All)
        {
            foreach (string path in OddIds.Encodings(id))
            {
                var (status, body) = await RawHttp.SendAsync(host.Client.BaseAddress!, "GET", $"/v1/users/{path}/history", null,
                    cancellation);
                Assert.Equal(200, status);
                var history = JsonSerializer.Deserialize(body, ContractsJson.Default.UserHistoryResponse)!;
                Assert.Equal(id, history.UserId);
                Assert.Equal([Shop.IdOf(3)], history.Items.Select(i => i.ItemId));
                (status, body) = await RawHttp.SendAsync(host.Client.BaseAddress!, "GET", $"/v1/users/{path}/recommendations", null,
                    cancellation);
                Assert.Equal((200, Sources.Personal), (status,
                    JsonSerializer.Deserialize(body, ContractsJson.Default.RecommendationResponse)!.Source));
                Assert.Equal(200,
                    (await RawHttp.SendAsync(host.Client.BaseAddress!, "GET", $"/v1/items/{path}/similar", null, cancellation)).Status);
            }
        }
    }

    [Theory]
    [InlineData("/v1/users/%2E%2E/history")]
    [InlineData("/v1/users/./history")]
    [InlineData("/v1/users/%2e/recommendations")]
    [InlineData("/v1/items/%2E/similar")]
    public async Task Dot_segments_are_no_ids(string target)
    {
        await using var host = await RecommendHost.StartAsync(new InProcessFactorStore());
        Assert.InRange(
            (await RawHttp.SendAsync(host.Client.BaseAddress!, "GET", target, null, TestContext.Current.CancellationToken)).Status, 400,
                499);
    }
}
