using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Users;
using Recommender.Recommend.Candidates;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>What a user bought repeatedly and is due now, as an operation and as the recipe of a placement.</summary>
public sealed class AgainTests : IAsyncLifetime
{
    private const uint Day = 86_400, Now = 1_700_000_000;

    private readonly InProcessFactorStore _store = new();
    private RecommendHost _host = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Shop.Whole.FillAsync(_store);
        await _store.PutItemsAsync([Shop.Record(8, available: false)], Stop);
        // 1 is due, 2 long overdue, 3 half due, 4 was bought a moment ago, 5 is as due as 1 and was bought more often.
        await PutAsync("ann", Repeat(1, 3, 10, 10), Repeat(2, 3, 10, 200), Repeat(3, 3, 10, 5), Repeat(4, 3, 10, 1), Repeat(5, 9, 20, 20),
            Repeat(8, 3, 10, 10));
        _host = await RecommendHost.StartAsync(_store, new FixedClock(DateTimeOffset.FromUnixTimeSeconds(Now)),
            ("Placements:basics:Recipe", "again"), ("Placements:basics:Count", "2"));
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Items_are_listed_by_how_due_they_are()
    {
        var answer = await _host.GetAsync("/v1/users/ann/again?explain=true");
        Assert.Equal((Sources.Again, null), (answer.Source, answer.ModelVersion));
        Assert.Equal([5, 1, 3, 2], Numbers(answer));
        Assert.Equal(9f / 10, answer.Items[0].Score, 1e-5f);
        Assert.Equal(3f / 4, answer.Items[1].Score, 1e-5f);
        Assert.Equal(.75f * MathF.Exp(-.5f), answer.Items[2].Score, 1e-5f);
        Assert.All(answer.Items, item =>
            Assert.Equal((item.ItemId, 1f), (Assert.Single(item.Reasons!).ItemId!, item.Reasons![0].Share)));
    }

    [Theory]
    [InlineData(.24, 0), InlineData(.25, 1), InlineData(-1, 0)]
    public void An_item_is_not_listed_before_a_quarter_of_its_interval_has_passed(double intervals, int sign) =>
        Assert.Equal(sign, Math.Sign(BuyAgain.ScoreOf(new RepeatRecord(1, 2, 1000, Now), Now + (long)(1000 * intervals))));

    [Fact]
    public void The_score_is_highest_when_the_interval_has_passed_and_sinks_on_both_sides()
    {
        var scores = new[] { 250, 500, 900, 1000, 1100, 2000, 4000, 4_000_000, 1L << 40 }
            .Select(seconds => BuyAgain.ScoreOf(new RepeatRecord(1, 2, 1000, Now), Now + seconds)).ToArray();
        Assert.Equal(2f / 3, scores[3], 1e-6f);
        Assert.Equal(scores[1], scores[5], 1e-6f);
        Assert.Equal(scores[..4].Order(), scores[..4]);
        Assert.Equal(scores[3..].OrderDescending(), scores[3..]);
        Assert.True(scores[^1] > 0);
    }

    [Fact]
    public async Task Filters_exclusions_and_pages_apply_and_nothing_is_appended()
    {
        Assert.Equal([1], Numbers(await _host.GetAsync("/v1/users/ann/again?category=games")));
        Assert.Equal([2], Numbers(await _host.GetAsync("/v1/users/ann/again?tag=even")));
        Assert.Equal([1, 3, 2], Numbers(await _host.GetAsync("/v1/users/ann/again?exclude=" + Shop.IdOf(5))));
        var first = await _host.GetAsync("/v1/users/ann/again?count=3");
        Assert.Equal([5, 1, 3], Numbers(first));
        Assert.Equal([2], Numbers(await _host.GetAsync("/v1/users/ann/again?count=3&cursor=" + first.Next)));
        var none = await _host.GetAsync("/v1/users/reader/again");
        Assert.Equal((Sources.Again, 0), (none.Source, none.Items.Count));
    }

    [Fact]
    public async Task A_placement_answers_by_the_recipe()
    {
        Assert.Equal([5, 1], Numbers(await _host.PostAsync(new { userId = "ann", placement = "basics" })));
        Assert.Equal([5, 1], Numbers(await _host.GetAsync("/v1/users/ann/again?placement=basics")));
        Assert.Equal([5, 1], Numbers(await _host.GetAsync("/v1/users/ann/recommendations?placement=basics")));
    }

    [Theory]
    [InlineData("count=-1", "count")]
    [InlineData("diversity=0.5", "diversity")]
    [InlineData("includeSeen=true", "includeSeen")]
    [InlineData("placement=nowhere", "placement")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("reasons=few", "reasons")]
    public async Task A_wrong_parameter_is_named(string query, string place) =>
        Assert.StartsWith(place + " ", await _host.GetErrorAsync("/v1/users/ann/again?" + query));

    private static IEnumerable<int> Numbers(RecommendationResponse answer) => answer.Items.Select(item => Shop.NumberOf(item.ItemId));

    private static RepeatRecord Repeat(int number, int purchases, uint intervalDays, uint daysAgo) =>
        new(Shop.KeyOf(number), purchases, intervalDays * Day, Now - (daysAgo * Day));

    private Task PutAsync(string id, params RepeatRecord[] repeats) =>
        _store.PutUsersAsync([Shop.Whole.User(id, 1, [.. repeats.Select(r => new HistoryRecord(r.ItemKey, 1, 1, r.LastAtSeconds))])
            with { Repeats = repeats }], Stop);

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
