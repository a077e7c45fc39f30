using Recommender.Contracts;
using Recommender.FactorStore;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Values in a given history mean what they mean in stored events.</summary>
public sealed class GivenHistoryTests : IAsyncLifetime
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

    private async Task<RecommendationResponse> AnswerAsync(params (int Item, string Type, double? Value, int Hour)[] history) =>
        await _host.PostAsync(new
        {
            history = history.Select(e =>
                new
                {
                    itemId = Shop.IdOf(e.Item),
                    type = e.Type,
                    value = e.Value,
                    occurredAt = new DateTimeOffset(2026, 1, 1, e.Hour, 0, 0, TimeSpan.Zero)
                }),
            count = 10,
            explain = true,
        });

    [Theory]
    [InlineData("purchase", -6.0)]
    [InlineData("like", -1.0)]
    [InlineData("cart", -1.0)]
    [InlineData("of-my-own", -2.0)]
    [InlineData("purchase", 0.0)]
    public async Task It_is_no_like(string type, double value) =>
        Assert.Equal(Sources.Popular, (await AnswerAsync((1, type, value, 0))).Source);

    [Fact]
    public async Task Cancelled_purchases_and_replaced_ratings_leave_what_is_true_now()
    {
        Assert.Equal(Sources.Popular, (await AnswerAsync((1, "purchase", 6, 0), (1, "purchase", -6, 1))).Source);
        Assert.Equal(Sources.Popular, (await AnswerAsync((1, "rating", 1, 5), (1, "rating", 5, 0))).Source);
        var liked = await AnswerAsync((1, "rating", 1, 0), (1, "rating", 5, 5));
        Assert.Equal((Sources.Session, "games"), (liked.Source, Shop.CategoryOf(liked.Items[0].ItemId)));
        // Half of twelve kept is six.
        var kept = await AnswerAsync((1, "purchase", 12, 0), (1, "purchase", -6, 1), (4, "view", null, 2));
        var six = await AnswerAsync((1, "purchase", 6, 0), (4, "view", null, 2));
        Assert.Equal(six.Items.Select(i => (i.ItemId, i.Score)), kept.Items.Select(i => (i.ItemId, i.Score)));
    }

    [Fact]
    public async Task A_rating_without_a_value_is_refused_and_named()
    {
        string[] bodies = ["""{"history":[{"itemId":"a"},{"itemId":"b","type":"rating"}]}""",
            """{"itemIds":["a"],"history":[{"itemId":"a"},{"itemId":"b","type":"rating"}]}"""];
        Assert.StartsWith("history[1].value is required for events of type 'rating'", await _host.PostErrorAsync(bodies[0]));
        Assert.StartsWith("history[1].value is required", await _host.PostErrorAsync(bodies[1], "/v1/rank"));
    }
}
