using Microsoft.Extensions.DependencyInjection;
using Recommender.Contracts;
using Recommender.Contracts.Served;
using Recommender.FactorStore;
using Recommender.Messaging.Streams;
using Recommender.Recommend.Recording;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests.Recording;

public sealed class RecordingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly InProcessFactorStore _store = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_kind_of_answer_is_recorded_as_it_was_returned()
    {
        await using var host = await StartAsync(("Placements:home:Count", "3"));
        var answers = new List<(AnswerKind Kind, UserRef? Subject, string? Placement, RecommendationResponse Answer)>
        {
            (AnswerKind.Recommendations, UserRef.User("reader"), "home",
                await host.GetAsync("/v1/users/reader/recommendations?placement=home")),
            (AnswerKind.Recommendations, UserRef.Session("visit"), null,
                await host.PostAsync(new { sessionId = "visit", history = new[] { new { itemId = Shop.IdOf(1) } } })),
            (AnswerKind.Recommendations, null, null, await host.PostAsync(new { history = new[] { new { itemId = Shop.IdOf(1) } } })),
            (AnswerKind.Popular, null, null, await host.GetAsync("/v1/items/popular?count=2")),
            (AnswerKind.Latest, null, null, await host.GetAsync("/v1/items/latest?count=2")),
            (AnswerKind.Similar, null, null, await host.GetAsync($"/v1/items/{Shop.IdOf(3)}/similar")),
            (AnswerKind.Recent, UserRef.User("reader"), null, await host.GetAsync("/v1/users/reader/recent")),
            (AnswerKind.Rank, UserRef.User("reader"), null,
                await host.PostAsync(new { userId = "reader", itemIds = new[] { Shop.IdOf(8), Shop.IdOf(9) } }, "/v1/rank")),
            (AnswerKind.Search, UserRef.User("reader"), null, await host.GetAsync("/v1/search?q=title&userId=reader&count=3")),
            (AnswerKind.Batch, UserRef.User("reader"), null,
                await host.PostLineAsync(new { userIds = new[] { "reader" }, count = 4 })),
        };

        var recorded = await RecordedAsync(host, answers.Count);
        foreach (var (kind, subject, placement, answer) in answers)
        {
            Assert.True(RecommendationId.TryParse(answer.RecommendationId, out var id));
            var record = Assert.Single(recorded, record => record.Id == id);
            Assert.Equal((kind, subject, placement, answer.Source, answer.ModelVersion ?? 0, 1f),
                (record.Kind, record.Subject, record.Placement, record.Source, record.ModelVersion, record.Share));
            Assert.Equal(answer.Items.Select(item => new ServedItem(Shop.KeyOf(Shop.NumberOf(item.ItemId)), item.Score)),
                record.Items.ToArray());
            Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - record.AtMs, 0, 60_000);
        }
    }

    [Fact]
    public async Task A_share_records_all_answers_of_some_users()
    {
        await using var host = await StartAsync(("Placements:home:RecordShare", "0.5"), ("Placements:off:RecordShare", "0"));
        for (int round = 0; round < 2; round++)
            for (int user = 0; user < 60; user++)
            {
                await host.GetAsync($"/v1/users/u{user}/recommendations?placement=home&count=1");
                await host.GetAsync($"/v1/users/u{user}/recommendations?placement=off&count=1");
            }

        // The last answer is recorded in full, so all before it have been published.
        await host.GetAsync("/v1/users/last/recommendations?count=1");
        var recorded = await RecordedAsync(host, 1, until: all => all.Any(record => record.Subject == UserRef.User("last")));
        var perUser = recorded.Where(record => record.Placement is not null).GroupBy(record => record.Subject).ToList();
        Assert.All(perUser, user => Assert.Equal([("home", 0.5f), ("home", 0.5f)],
            user.Select(record => (record.Placement, record.Share))));
        Assert.InRange(perUser.Count, 15, 45);
    }

    [Fact]
    public async Task What_waits_is_published_at_the_stop()
    {
        var host = await StartAsync(("Recommend:RecordEveryMilliseconds", "10000"));
        var answer = await host.GetAsync("/v1/users/reader/recommendations");
        await host.DisposeAsync();
        await using var again = await StartAsync();
        Assert.Equal(answer.RecommendationId, Assert.Single(await RecordedAsync(again, 1)).Id.ToString());
    }

    [Fact]
    public async Task Without_recording_nothing_waits()
    {
        await using var host = await StartAsync(("Recommend:RecordAnswers", "false"));
        await host.GetAsync("/v1/users/reader/recommendations");
        Assert.Equal(0, host.Services.GetRequiredService<AnswerQueue>().Waiting);
        // Nor where there is no broker.
        await using var alone = await RecommendHost.StartAsync(_store);
        await alone.GetAsync("/v1/users/reader/recommendations");
        Assert.Equal((0, 0), (alone.Services.GetRequiredService<AnswerQueue>().Waiting,
            alone.Services.GetRequiredService<AnswerQueue>().Dropped));
    }

    [Fact]
    public void A_full_queue_drops_the_oldest_and_counts_it()
    {
        var queue = new AnswerQueue(3);
        for (int i = 1; i <= 5; i++)
        {
            var answer = queue.Rent();
            answer.AtMs = i;
            queue.Add(answer);
        }

        Assert.Equal((3, 2), (queue.Waiting, queue.Dropped));
        Assert.True(queue.TryTake(out var oldest));
        Assert.Equal(3, oldest!.AtMs);
    }

    [Fact]
    public async Task Ids_are_random_and_differ()
    {
        await using var host = await StartAsync();
        var ids = new HashSet<string>();
        for (int i = 0; i < 200; i++) ids.Add((await host.GetAsync("/v1/items/popular?count=1")).RecommendationId!);
        Assert.Equal(200, ids.Count);
        // No digit stands at the same place in all of them.
        for (int place = 0; place < RecommendationId.Digits; place++)
            Assert.True(ids.Select(id => id[place]).Distinct().Count() > 8, $"place {place}");
    }

    private async Task<RecommendHost> StartAsync(params (string Key, string? Value)[] settings)
    {
        await Shop.WithFactors(_ => true).FillAsync(_store);
        var host = await RecommendHost.StartRecordingAsync(_store, _folder.Path, settings);
        await host.ServesAsync(1);
        return host;
    }

    private static async Task<List<ServedAnswer>> RecordedAsync(RecommendHost host, int count,
        Func<IReadOnlyList<ServedAnswer>, bool>? until = null)
    {
        var recorded = new List<ServedAnswer>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var run = host.Services.GetRequiredService<IStreamConsumer>().RunAsync(Topology.Served, 1 << 20, (batch, _) =>
        {
            var answers = batch.SelectMany(message => ServedAnswerFormat.Read(message.Body)).Select(read => read.Answer);
            lock (recorded) recorded.AddRange(answers);
            return Task.FromResult<IReadOnlyList<DeadMessage>>([]);
        }, stop.Token);
        await Eventually.TrueAsync(() =>
        {
            lock (recorded) return recorded.Count >= count && (until?.Invoke(recorded) ?? true);
        });
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        return recorded;
    }
}
