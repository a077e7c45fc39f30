using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Learners.Neighbourhood;
using Recommender.Factorization.Learners.Popularity;
using Recommender.Factorization.Learners.Spectral;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Tests;

/// <summary>What every learner owes its callers.</summary>
public sealed class ModelContractTests
{
    public static TheoryData<string> Names => [.. s_settings.Keys];

    private static readonly Dictionary<string, LearnerSettings> s_settings = new()
    {
        ["popularity"] = new PopularitySettings(),
        ["ials"] = new IalsSettings { Rank = 12, Epochs = 5, Alpha0 = .05, Lambda = .01 },
        ["ials damped"] = new IalsSettings { Rank = 12, Epochs = 3, Damping = .4, Alpha0 = .1, Lambda = .02 },
        ["ials spectral start"] = new IalsSettings { Rank = 6, Epochs = 2, Start = IalsStart.Spectral, Alpha0 = .05, Lambda = .02 },
        ["spectral"] = new SpectralSettings { Rank = 8, SpectralShare = 1 },
        ["ridge"] = new SpectralSettings { Rank = 10, SpectralShare = 0, Smoothing = 3 },
        ["spectral mix"] = new SpectralSettings { Rank = 10, SpectralShare = .3 },
        ["neighbourhood"] = new NeighbourhoodSettings { Neighbours = 20 },
        ["hybrid"] = new HybridSettings
        {
            Factors = new IalsSettings { Rank = 6, Epochs = 3 },
            Neighbourhood = new() { Neighbours = 15 },
            Weight = 2
        },
        ["sum"] = new SumSettings
        {
            First = new IalsSettings { Rank = 6, Epochs = 3 },
            Second = new SpectralSettings { Rank = 5 },
            Weight = .7
        },
        ["compressed"] = new CompressedSettings
        {
            Of =
        new SumSettings { First = new IalsSettings { Rank = 6, Epochs = 3 }, Second = new SpectralSettings { Rank = 5 }, Weight = .7 },
            Rank = 7
        },
        ["recency"] = new RecencySettings
        {
            Of =
        new HybridSettings { Factors = new IalsSettings { Rank = 6, Epochs = 3 }, Neighbourhood = new() { Neighbours = 15 }, Weight = 2 },
            HalfLife = 3
        },
        ["ials flat"] = new IalsSettings { Rank = 5, Epochs = 5, Nu = .5, Alpha0 = .05, Lambda = .05 },
    };

    static ModelContractTests()
    {
        // Every learner is held to the contract: one without an example above is tried with its defaults.
        var tried = s_settings.Values.Select(settings => settings.GetType()).ToHashSet();
        foreach (var learner in LearnerRegistry.All.Where(learner => !tried.Contains(learner.Settings)))
            s_settings.Add(learner.Name, ((LearnerSettings)Activator.CreateInstance(learner.Settings)!).WithRank(12));
    }

    private static readonly InteractionMatrix s_data = TestData.Planted(120, 60, 14, 7, weighted: true);

    /// <summary>Entries with places, which matter to some learners.</summary>
    private static HistoryEntry[] Some(int user) => [.. s_data.Users.History(user).Select((entry, n) => entry with { Place = n * 7 % 5 })];

    [Theory, MemberData(nameof(Names))]
    public void Any_number_of_threads_gives_the_same_bytes(string learner)
    {
        var one = TestData.Bytes(s_settings[learner].Train(s_data, new TrainOptions { Threads = 1 }));
        foreach (int threads in new[] { 2, 3 })
            Assert.Equal(one, TestData.Bytes(s_settings[learner].Train(s_data, new TrainOptions { Threads = threads })));
    }

    [Theory, MemberData(nameof(Names))]
    public void Written_and_read_again_it_is_the_same_to_the_bit(string learner)
    {
        var model = s_settings[learner].Train(s_data);
        var bytes = TestData.Bytes(model);
        var read = Model.Read(new MemoryStream(bytes));
        Assert.Equal(bytes, TestData.Bytes(read));
        Assert.Equal(model.Learner, read.Learner);
        for (int i = 0; i < s_data.ItemCount; i++) Assert.Equal(TestData.Score(model, Some(3), i), TestData.Score(read, Some(3), i));
    }

    [Theory, MemberData(nameof(Names))]
    public void Damaged_bytes_are_refused(string learner)
    {
        var bytes = TestData.Bytes(s_settings[learner].Train(s_data));
        for (int length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 97))
            Assert.Throws<InvalidDataException>(() => Model.Read(new MemoryStream(bytes, 0, length)));
        Assert.Contains("not a model", Assert.Throws<InvalidDataException>(() => Model.Read(new MemoryStream([1, 2, 3, 4, 5]))).Message);
        bytes[4] = 99;
        Assert.Contains("format 99", Assert.Throws<InvalidDataException>(() => Model.Read(new MemoryStream(bytes))).Message);
    }

    [Theory, MemberData(nameof(Names))]
    public void Shares_sum_to_the_score(string learner)
    {
        var model = s_settings[learner].Train(s_data);
        foreach (int user in new[] { 0, 1, 2, 50 })
        {
            var history = Some(user);
            for (int item = 0; item < s_data.ItemCount; item += 7)
            {
                var shares = new float[history.Length];
                float told = model.Explain(history, item, shares);
                float score = TestData.Score(model, history, item);
                Assert.Equal(score, told, 1e-4f * (1 + Math.Abs(score)));
                Assert.Equal(told, shares.Sum(), 1e-5f * (1 + Math.Abs(told)));
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Shares_of_a_factor_from_elsewhere_sum_to_its_dot_product(string learner)
    {
        var model = s_settings[learner].Train(s_data);
        var given = Enumerable.Range(0, model.Rank).Select(k => MathF.Sin(k + 1)).ToArray();
        var user = new float[model.Rank];
        foreach (int number in new[] { 0, 50 })
        {
            var history = Some(number);
            model.FoldIn(history, user);
            float score = System.Numerics.Tensors.TensorPrimitives.Dot<float>(user, given);
            var shares = new float[history.Length];
            Assert.Equal(score, model.Explain(history, given, shares), 1e-4f * (1 + Math.Abs(score)));
            Assert.Equal(score, shares.Sum(), 1e-4f * (1 + Math.Abs(score)));
        }

        Assert.Throws<ArgumentException>(() => model.Explain(Some(0), new float[model.Rank + 1], new float[200]));
    }

    [Theory, MemberData(nameof(Names))]
    public void The_order_of_a_history_does_not_matter(string learner)
    {
        var model = s_settings[learner].Train(s_data);
        var history = Some(5);
        var reversed = history.Reverse().ToArray();
        for (int i = 0; i < s_data.ItemCount; i++)
            Assert.Equal(TestData.Score(model, history, i), TestData.Score(model, reversed, i), 1e-4f);
    }

    [Theory, MemberData(nameof(Names))]
    public void An_empty_history_scores_nothing(string learner)
    {
        var model = s_settings[learner].Train(s_data);
        var factor = new float[model.Rank];
        factor.AsSpan().Fill(7);
        model.FoldIn([], factor);
        Assert.All(factor, f => Assert.Equal(0, f));
        Assert.Equal(0, model.Explain([], 0, []));
    }

    [Theory, MemberData(nameof(Names))]
    public void Items_beyond_the_model_are_refused(string learner)
    {
        var model = s_settings[learner].Train(s_data);
        var factor = new float[model.Rank];
        Assert.Throws<ArgumentOutOfRangeException>(() => model.FoldIn([new HistoryEntry(s_data.ItemCount, 1, 1)], factor));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.FoldIn([new HistoryEntry(-1, 1, 1)], factor));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Explain([new HistoryEntry(0, 1, 1)], s_data.ItemCount, new float[1]));
    }

    [Theory, MemberData(nameof(Names))]
    public void Tiny_data_trains_and_no_data_is_refused(string learner)
    {
        var settings = s_settings[learner];
        foreach (var (users, items) in new[] { (10, 5), (1, 3), (1, 1), (3, 1) })
        {
            var tiny = InteractionMatrix.Build(users, items, [new Entry(0, 0)]);
            var model = settings.Train(tiny);
            var factor = new float[model.Rank];
            model.FoldIn([new HistoryEntry(0, 1, 1)], factor);
            Assert.All(factor, f => Assert.True(float.IsFinite(f)));
            Assert.All(model.ItemFactors.ToArray(), f => Assert.True(float.IsFinite(f)));
        }

        Assert.Contains("no interactions", Assert.Throws<ArgumentException>(() =>
            settings.Train(InteractionMatrix.Build(4, 4, []))).Message);
    }

    [Theory, MemberData(nameof(Names))]
    public void Settings_survive_json(string learner)
    {
        var settings = s_settings[learner];
        Assert.Equal(settings, LearnerSettings.FromJson(settings.ToJson()));
    }

    [Theory, MemberData(nameof(Names))]
    public void Training_can_be_cancelled(string learner)
    {
        if (learner is "popularity") return; // It takes no time.
        Assert.ThrowsAny<OperationCanceledException>(() => s_settings[learner].Train(s_data, cancellation: new CancellationToken(true)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Planted_tastes_are_found(string learner)
    {
        var split = Splits.Random(TestData.Planted(300, 100, 12, 3), .2);
        double recall = Evaluation.Run(s_settings[learner].Train(split.Train), split).Recall;
        if (learner == "popularity") Assert.InRange(recall, .1, .4); // 20 of about 90 unseen items.
        else Assert.InRange(recall, .6, 1);
    }

    [Fact]
    public void A_model_of_the_first_format_still_loads_and_scores_as_it_did()
    {
        // A hybrid as format 1 wrote it: neighbours strongest first, four bytes each number, the weight multiplied in.
        const string Bytes =
            "UkZNMQEAAAAGAAAAaHlicmlkUkZNMQEAAAAEAAAAaWFsc3AAAAB7ImxlYXJuZXIiOiJpYWxzIiwicmFuayI6MiwiYWxwaGEwIjowLjAzLCJsYW1iZGEiOjAuMDA1LCJudSI6MSwiZXBv" +
            "Y2hzIjoyLCJkYW1waW5nIjowLCJzdGFydCI6IlJhbmRvbSIsInNlZWQiOjF9BQAAAAIAAAAAAAAAK/MmmMHr8D+mZsg+vUfHPwUAAAAAAAAAAACAPwAAgD8AAIA/AACAPwAAgD8KAAAA" +
            "AAAAAHwCED7ne5W+/tX+Pl4icb3iYwM/q+NHvYHGCT/lCY8+hD/5Ps0n571FTkQxAQAAAAAAAAAAAAA/BgAAAAAAAAAAAAAAAAAAAAMAAAAAAAAABgAAAAAAAAAJAAAAAAAAAAwAAAAA" +
            "AAAADwAAAAAAAAAPAAAAAAAAAAQAAAABAAAAAgAAAAIAAAAAAAAAAwAAAAEAAAADAAAAAAAAAAIAAAABAAAABAAAAAAAAAADAAAAAgAAAA8AAAAAAAAAxqhYP/2jHD89swo/BnNwP33G" +
            "Bz99xgc/zcxMP83MTD/NzMw+BnNwP33GBz99xgc/xqhYP/2jHD89swo/RU5EMQ==";
        var model = Model.Read(new MemoryStream(Convert.FromBase64String(Bytes)));
        float[] scores = [1.1472864f, 1.851225f, 1.4935923f, 2.0868864f, .93065053f];
        for (int i = 0; i < scores.Length; i++) Assert.Equal(scores[i], model.Explain([new(1, 1, 1), new(2, 2, 1)], i, new float[2]),
            1e-6f);
    }

    [Fact]
    public void Neighbours_take_less_than_half_of_their_plain_size()
    {
        var settings = new NeighbourhoodSettings { Neighbours = 40 };
        var model = (NeighbourhoodModel)settings.Train(TestData.Planted(400, 500, 30, 3));
        Assert.True(model.Neighbours.Count > 10_000);
        Assert.InRange(TestData.Bytes(model).Length, 0, 4 * model.Neighbours.Count);
    }
}
