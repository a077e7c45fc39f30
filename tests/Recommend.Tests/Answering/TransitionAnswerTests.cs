using Recommender.Contracts;
using Recommender.FactorStore;
using Recommender.FactorStore.Transitions;
using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;
using Recommender.TestKit;
using Xunit;

namespace Recommender.Recommend.Tests.Answering;

/// <summary>Transition rows in answers: scores, order, reasons, and how changes of the factor store arrive.</summary>
public sealed class TransitionAnswerTests : IAsyncLifetime
{
    private const long Hour = 3_600_000, Start = 1_600_000_000_000;
    private const string Rules = "rules";

    private static readonly TransitionSettings s_settings = new() { HalfLifeMs = 24 * Hour, PositionPower = 1, Normalization = 1 };

    private readonly InProcessFactorStore _store = new();
    private readonly TransitionTable _table = new(s_settings);
    private RecommendHost _host = null!;
    private long _sequence;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // Item 50 is not in the model: it came later.
        await Shop.WithFactors(number => number != 50).FillAsync(_store);
        _host = await RecommendHost.StartAsync(_store);
        await _host.ServesAsync(1);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_item_without_a_factor_is_recommended_after_the_item_it_followed()
    {
        await PublishAsync(Mix(Weights(1, 5, 0)), (1, 50, 1));
        var answer = await ShowsAsync(50, 1);
        Assert.Equal(Sources.Session, answer.Source);
        Assert.Equal(5, answer.Items[0].Score, 1e-5);
        var reason = Assert.Single(answer.Items[0].Reasons!);
        Assert.Equal((Shop.IdOf(1), 1f), (reason.ItemId!, reason.Share));
        Assert.Equal(0f, answer.Items[0].Rest);
    }

    [Fact]
    public async Task Without_a_model_transitions_answer_alone()
    {
        var store = new InProcessFactorStore();
        await store.PutItemsAsync([.. Enumerable.Range(0, Shop.Items).Select(n => Shop.Record(n))], Stop);
        await store.SetGenerationAsync("first", Stop);
        await using var host = await RecommendHost.StartAsync(store);
        await host.ServesAsync(null);
        await PublishAsync(store, Mix(Weights(1, 1, 0)), (1, 50, 3), (1, 49, 1));
        await Eventually.TrueAsync(() => host.State.Transitions is not null);
        var answer = await host.PostAsync(Session(1));
        Assert.Equal((Sources.Session, null), (answer.Source, answer.ModelVersion));
        Assert.Equal([Shop.IdOf(50), Shop.IdOf(49)], answer.Items.Take(2).Select(item => item.ItemId));
        Assert.Equal(0.75f, answer.Items[0].Score, 1e-5);
        Assert.Equal(0f, answer.Items[2].Score);
        Assert.Null(answer.Items[2].Reasons);
    }

    [Fact]
    public async Task Scores_are_the_weighted_sum_of_all_terms_and_reasons_explain_them()
    {
        await PutRecentAsync(scale: 1, (3, 3), (50, 1));
        await PublishAsync(Mix(Weights(1, 0.7, 0.3)), (1, 50, 1), (1, 7, 3), (4, 7, 1), (4, 9, 1));
        await ShowsAsync(7, 1);
        var answer = await _host.PostAsync(new
        {
            history = new[] { new { itemId = Shop.IdOf(4) }, new { itemId = Shop.IdOf(1) } },
            count = Shop.Items,
            reasons = "all",
        });

        // The newest item is 1, at position 0; 4 weighs a half. The sum of all transitions is 1.5.
        var shop = Shop.WithFactors(number => number != 50);
        foreach (var item in answer.Items)
        {
            int number = Shop.NumberOf(item.ItemId);
            double model = number == 50 ? 0 : shop.ScoreOf([Shop.Bought(4), Shop.Bought(1)], number);
            double followed = number switch { 50 => 0.25 / 1.5, 7 => 1 / 1.5, 9 => 0.25 / 1.5, _ => 0 };
            double recent = number switch { 3 => 0.75, 50 => 0.25, _ => 0 };
            Assert.Equal(model + (0.7 * followed) + (0.3 * recent), item.Score, 1e-4);
            Assert.Equal(1, item.Reasons!.Sum(reason => reason.Share) + item.Rest!.Value, 1e-4);
            double share = item.Reasons!.SingleOrDefault(reason => reason.Term == "popularity")?.Share ?? 0;
            Assert.Equal(0.3 * recent / item.Score, share, 1e-3);
        }

        Assert.Equal(answer.Items.OrderByDescending(item => item.Score), answer.Items);
    }

    [Theory]
    [InlineData(0.01, 0.01, 0)]
    [InlineData(0.3, 0.2, -0.4)]
    [InlineData(1, 1, -50)]
    [InlineData(20, 5, 3)]
    public async Task A_short_page_holds_the_best_of_all_items(double rules, double recent, double repeat)
    {
        var random = new Random(7);
        await PutRecentAsync(scale: 1, [.. Enumerable.Range(0, 40).Select(_ => (random.Next(Shop.Items), 1 + random.NextSingle()))]);
        var weights = Weights(1, rules, recent) with { RepeatNewest = repeat, RepeatOlder = repeat / 2 };
        await PublishAsync(Mix(weights), [.. Enumerable.Range(0, 600).Select(_ => (random.Next(Shop.Items), random.Next(Shop.Items)))
            .Where(pair => pair.Item1 != pair.Item2).Select(pair => (pair.Item1, pair.Item2, random.NextSingle()))]);
        await Eventually.TrueAsync(() => _host.State.Transitions is not null);
        foreach (bool includeSeen in (bool[])[true, false])
            for (int first = 0; first < Shop.Items; first += 7)
            {
                var all = await BestAsync(first, Shop.Items, includeSeen);
                Assert.Equal(all.OrderByDescending(item => item.Score), all);
                foreach (int count in (int[])[1, 3, 12])
                    Assert.Equal(all.Take(count).Select(item => (item.ItemId, item.Score)),
                        (await BestAsync(first, count, includeSeen)).Select(item => (item.ItemId, item.Score)));
            }

        async Task<IReadOnlyList<RecommendedItem>> BestAsync(int first, int count, bool includeSeen) => (await _host.PostAsync(new
        {
            history = Enumerable.Range(0, 4).Select(n => new { itemId = Shop.IdOf((first + (n * n)) % Shop.Items) }).ToArray(),
            count,
            includeSeen,
        })).Items;
    }

    [Fact]
    public async Task A_session_encoder_scores_all_items_in_place_of_the_factors()
    {
        var shop = Shop.WithFactors(number => number != 50);
        var encoder = SessionEncoder.Train(
            SessionData.Build(shop.Numbers.Length, [.. Enumerable.Range(0, 200).Select(s => new[] { s % 59, (s + 1) % 59, (s + 3) % 59 })]),
            new SessionEncoderSettings { Rank = 16, Epochs = 2 }, cancellation: Stop);
        using var written = new MemoryStream();
        encoder.Write(written);
        await _store.PutModelAsync(2, (ModelPackage.Decode(shop.Package()) with { Encoder = written.ToArray() }).Encode(), Stop);
        await _store.SetReleasedAsync(2, Stop);
        await _host.ServesAsync(2);
        var weights = Weights(0, 5, 0) with { Encoder = 1, RepeatNewest = 2, RepeatOlder = -1 };
        await PublishAsync(Mix(weights), (1, 50, 1), (4, 50, 1));
        await Eventually.TrueAsync(() => _host.State.Transitions is not null);
        var answer = await _host.PostAsync(new
        {
            history = new[] { new { itemId = Shop.IdOf(4) }, new { itemId = Shop.IdOf(1) } },
            count = Shop.Items,
            reasons = "all",
            includeSeen = true,
        });

        Assert.Equal((Sources.Session, 2L), (answer.Source, answer.ModelVersion!.Value));
        Assert.Equal(Shop.Items, answer.Items.Count);
        var scores = new float[encoder.ItemCount];
        encoder.Score([shop.IndexOf(4), shop.IndexOf(1)], scores);
        foreach (var item in answer.Items)
        {
            int number = Shop.NumberOf(item.ItemId);
            double expected = number == 50 ? 5 : scores[shop.IndexOf(number)];
            expected += number switch { 1 => 2, 4 => -1, _ => 0 };
            Assert.Equal(expected, item.Score, 1e-4);
            Assert.Equal(1, item.Reasons!.Sum(reason => reason.Share) + item.Rest!.Value, 1e-3);
        }

        Assert.Equal(answer.Items.OrderByDescending(item => item.Score), answer.Items);
    }

    [Fact]
    public async Task Each_kind_of_request_has_its_own_weights()
    {
        await PublishAsync(Mix(known: Weights(1, 0, 0), anonymous: Weights(1, 2, 0), mixed: Weights(1, 4, 0)), (1, 50, 1), (4, 50, 1));
        await ShowsAsync(50, 1);
        Assert.Equal(2, ScoreOf(await _host.PostAsync(Session(1)), 50), 1e-5);
        // The reader's history is 0, 3 and 6; 1 and 4 are given.
        var mixed = await _host.PostAsync(new { userId = "reader", history = new[] { new { itemId = Shop.IdOf(1) } } });
        Assert.Equal(4, ScoreOf(mixed, 50), 1e-5);
        // The gamer's stored history is 1 and 4, which 50 followed.
        var known = await _host.GetAsync("/v1/users/gamer/recommendations?count=60");
        Assert.True(ScoreOf(known, 50) <= 0);
    }

    [Fact]
    public async Task With_a_model_weight_of_0_the_model_answers_only_where_nothing_followed()
    {
        await PublishAsync(Mix(Weights(0, 1, 0)), (1, 50, 1));
        var followed = await ShowsAsync(50, 1);
        Assert.Equal(1, followed.ModelVersion);
        Assert.Equal([1f, 0f], followed.Items.Take(2).Select(item => item.Score));
        var other = await _host.PostAsync(Session(2));
        Assert.Equal(1, other.ModelVersion);
        Assert.True(other.Items[0].Score > 0);
    }

    [Fact]
    public async Task After_an_item_that_nothing_followed_recent_items_are_recommended()
    {
        await PutRecentAsync(scale: 1, (3, 3), (50, 1));
        await PublishAsync(Mix(Weights(0, 1, 0.5)), (1, 50, 1));
        var answer = await ShowsAsync(3, 2);
        Assert.Equal((Sources.Session, 1L), (answer.Source, answer.ModelVersion!.Value));
        Assert.Equal([0.375, 0.125, 0], answer.Items.Take(3).Select(item => Math.Round(item.Score, 5)));
        Assert.Equal(("popularity", 1f), (answer.Items[0].Reasons![0].Term!, answer.Items[0].Reasons![0].Share));
        Assert.Equal(0f, answer.Items[0].Rest);

        // Of who has no history, nothing is known that could be combined with it.
        Assert.Equal(Sources.Popular, (await _host.GetAsync("/v1/users/nobody/recommendations")).Source);
    }

    [Fact]
    public async Task Rows_and_mix_are_taken_over_as_they_change()
    {
        await PublishAsync(Mix(Weights(1, 5, 0)), (1, 50, 1));
        await ShowsAsync(50, 1);
        await PutAsync(_store, (1, 49, 30));
        await ShowsAsync(49, 1);

        // A mix of a lower number is an older one.
        await _store.PutScoreMixAsync(5, (Mix(Weights(1, 0, 0)) with { Number = 5 }).Write(), Stop);
        await _store.PutScoreMixAsync(4, (Mix(Weights(1, 5, 0)) with { Number = 4 }).Write(), Stop);
        await Eventually.TrueAsync(() => _host.State.Transitions!.Mix.Number == 5);
        Assert.NotEqual(Shop.IdOf(49), (await _host.PostAsync(Session(1))).Items[0].ItemId);
    }

    [Fact]
    public async Task Rows_that_were_counted_again_replace_all_others()
    {
        await PublishAsync(Mix(Weights(1, 5, 0)), (1, 50, 1));
        await ShowsAsync(50, 1);
        await _store.ClearTransitionsAsync(Stop);
        _table.Clear(Shop.KeyOf(1));
        await PublishAsync(_store, Mix(Weights(1, 5, 0)), (4, 49, 1));
        await ShowsAsync(49, 4);
        Assert.NotEqual(Shop.IdOf(50), (await _host.PostAsync(Session(1))).Items[0].ItemId);
    }

    [Fact]
    public async Task A_mix_for_rows_of_other_rules_is_not_used()
    {
        await PublishAsync(Mix(Weights(1, 5, 0)), (1, 50, 1));
        await ShowsAsync(50, 1);
        await _store.PutScoreMixAsync(7, (Mix(Weights(1, 0, 0)) with { Number = 7, Rules = "others" }).Write(), Stop);
        await PutAsync(_store, (1, 49, 30));
        // Whoever polls twice has seen the mix.
        var changes = await _store.ReadTransitionChangesAsync(0, 1, Stop);
        Assert.Equal(7, ScoreMix.Read(changes.Mix).Number);
        Assert.Equal(Shop.IdOf(50), (await _host.PostAsync(Session(1))).Items[0].ItemId);
    }

    /// <summary>Of the model, of transitions and of the events of the last day.</summary>
    private static SessionWeights Weights(double model, double rules, double recent) =>
        new() { Encoder = 0, Model = model, Rules = rules, RecentDay = recent };

    private static object Session(int number) =>
        new { history = new[] { new { itemId = Shop.IdOf(number) } }, explain = true };

    private static float ScoreOf(RecommendationResponse answer, int number) =>
        answer.Items.SingleOrDefault(item => item.ItemId == Shop.IdOf(number))?.Score ?? 0;

    private static ScoreMix Mix(SessionWeights all) => Mix(all, all, all);

    private static ScoreMix Mix(SessionWeights known, SessionWeights anonymous, SessionWeights mixed) => new()
    {
        Number = 1,
        Rules = Rules,
        Transitions = s_settings,
        Known = known,
        Anonymous = anonymous,
        Mixed = mixed,
    };

    /// <summary>Waits until the best item after another one is the expected one.</summary>
    private async Task<RecommendationResponse> ShowsAsync(int number, int after)
    {
        RecommendationResponse? answer = null;
        await Eventually.EqualAsync(Shop.IdOf(number), async () => (answer = await _host.PostAsync(Session(after))).Items[0].ItemId);
        return answer!;
    }

    private Task PublishAsync(ScoreMix mix, params (int From, int To, float Weight)[] followed) => PublishAsync(_store, mix, followed);

    private async Task PublishAsync(InProcessFactorStore store, ScoreMix mix, params (int From, int To, float Weight)[] followed)
    {
        await store.PutScoreMixAsync(mix.Number, mix.Write(), Stop);
        await PutAsync(store, followed);
        var current = await store.GetTransitionWatermarkAsync(Stop);
        await store.CompleteTransitionsAsync(new($"{Rules}.1.{Guid.NewGuid():N}", _sequence), current?.Generation, Stop);
    }

    private async Task PutRecentAsync(int scale, params (int Number, float Count)[] counts)
    {
        var table = new TransitionTable(new TransitionSettings { RowLength = 400, HalfLifeMs = SessionMix.HalfLivesMs[scale] });
        foreach (var (number, count) in counts) table.Add(0, Shop.KeyOf(number), count, Start);
        await _store.PutTransitionsAsync([new(TransitionRowRecord.RecentKey(scale), 1, 1, table.SaveRow(0))], null, Stop);
    }

    private async Task PutAsync(InProcessFactorStore store, params (int From, int To, float Weight)[] followed)
    {
        foreach (var (from, to, weight) in followed) _table.Add(Shop.KeyOf(from), Shop.KeyOf(to), weight, Start);
        _sequence++;
        var rows = followed.Select(f => Shop.KeyOf(f.From)).Distinct()
            .Select(key => new TransitionRowRecord(key, 1, _sequence, _table.SaveRow(key)));
        await store.PutTransitionsAsync([.. rows], null, Stop);
    }
}
