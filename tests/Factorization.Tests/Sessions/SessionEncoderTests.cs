using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class SessionEncoderTests
{
    private const int Items = 60;

    private static readonly SessionEncoderSettings s_small =
        new() { Rank = 16, Epochs = 3, HistoryLength = 5, Negatives = 20, BatchSize = 32, Dropout = .2, LearningRate = .01 };

    private static float[] Train(SessionData data, SessionEncoderSettings settings, SessionTrainOptions options)
    {
        var model = SessionEncoder.Train(data, settings, options);
        return [.. model.ItemVectors.Span, .. model.PositionWeights.Span];
    }

    [Theory]
    [InlineData(true, 0), InlineData(false, .3)]
    public void Gradients_are_those_of_finite_differences(bool repeats, double halfLife)
    {
        var settings = s_small with { Repeats = repeats, HalfLife = halfLife, Temperature = .5 };
        using var trainer = new SessionEncoderTrainer(
            PlantedSessions.Chains(Items, 40, 6, 1), settings, new SessionTrainOptions { Threads = 1 });
        int[] batch = [.. Enumerable.Range(0, 30).Select(n => n * 5)];
        trainer.Differentiate(batch, 0);
        var expected = new List<(float[] Parameters, int Index, float Gradient)>();
        for (int item = 0; item < Items; item++)
        {
            var gradient = trainer.GradientOf(item);
            for (int p = 0; p < gradient.Length; p += 5) expected.Add((trainer.Vectors, (item * 16) + p, gradient[p]));
        }

        for (int p = 0; p < trainer.PositionGradient.Length; p += 3) expected.Add((trainer.Positions, p, trainer.PositionGradient[p]));
        Assert.True(expected.Count > 150);
        double largest = expected.Max(e => Math.Abs(e.Gradient));
        foreach (var (parameters, index, gradient) in expected)
        {
            const float Step = .004f;
            float before = parameters[index];
            parameters[index] = before + Step;
            double above = trainer.Differentiate(batch, 0);
            parameters[index] = before - Step;
            double below = trainer.Differentiate(batch, 0);
            parameters[index] = before;
            Assert.Equal((above - below) / (2 * Step * batch.Length), gradient, .01 * largest);
        }
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var data = PlantedSessions.Chains(Items, 300, 7, 2);
        var one = Train(data, s_small, new SessionTrainOptions { Threads = 1 });
        foreach (int threads in (int[])[2, 3]) Assert.Equal(one, Train(data, s_small, new SessionTrainOptions { Threads = threads }));
        Assert.NotEqual(one, Train(data, s_small with { Seed = 2 }, new SessionTrainOptions { Threads = 1 }));
    }

    [Fact]
    public void A_resumed_run_gives_the_bits_of_one_without_a_break()
    {
        var data = PlantedSessions.Chains(Items, 300, 7, 2);
        SessionEncoderCheckpoint? first = null;
        var whole = Train(data, s_small, new SessionTrainOptions { Progress = p => first ??= p.Checkpoint() });
        Assert.Equal(1, first!.Epoch);
        Assert.Equal(whole, Train(data, s_small, new SessionTrainOptions { Resume = first }));
    }

    [Fact]
    public void Cancellation_stops_training()
    {
        using var source = new CancellationTokenSource();
        var options = new SessionTrainOptions { Progress = _ => source.Cancel() };
        Assert.Throws<OperationCanceledException>(
            () => SessionEncoder.Train(PlantedSessions.Chains(Items, 300, 7, 2), s_small, options, source.Token));
    }

    [Theory]
    [InlineData(0), InlineData(1)]
    public void Position_weights_find_the_item_that_decides(int decides)
    {
        var model = SessionEncoder.Train(PlantedSessions.ThirdFollows(Items, 2500, decides, 5), s_small with { Epochs = 12, Dropout = 0 });
        var cases = PlantedSessions.Cases(PlantedSessions.ThirdFollows(Items, 100, decides, 6), firstTarget: 2);
        Assert.True(NextItemJudge.Judge(model, cases, 5, repeats: true, threads: 1).HitRate > .75);
        float[] weights = [.. Enumerable.Range(0, 2).Select(k => MeanMagnitude(model.PositionWeights.Span.Slice(k * 16, 16)))];
        Assert.True(weights[1 - decides] > 1.3f * weights[decides], string.Join(' ', weights));

        static float MeanMagnitude(ReadOnlySpan<float> values)
        {
            float sum = 0;
            foreach (float v in values) sum += Math.Abs(v);
            return sum / values.Length;
        }
    }

    [Fact]
    public void Few_candidates_estimate_the_softmax_over_all_items()
    {
        // Item 0 is a candidate of every batch, another item of one in a few. Without weights the estimate would be a fraction of the sum.
        const int Many = 400;
        var settings = s_small with { Dropout = 0, Negatives = 10, Temperature = .3 };
        var data = PlantedSessions.WithPopularItem(Many, 3000, 7);
        using var trainer = new SessionEncoderTrainer(data, settings, new SessionTrainOptions { Threads = 1 });
        var random = new Random(1);
        double mean = 0;
        const int Draws = 600;
        for (int step = 0; step < Draws; step++)
        {
            int[] batch = [0, .. Enumerable.Range(0, 31).Select(_ => random.Next(trainer.PairCount))];
            trainer.Differentiate(batch, step);
            mean += Math.Exp(trainer.LossOf(0)) / Draws;
        }

        var scores = new float[Many];
        trainer.ToModel().Score(trainer.HistoryOf(0), scores);
        double exact = scores.Sum(s => Math.Exp(s)) / Math.Exp(scores[trainer.TargetOf(0)]);
        Assert.InRange(mean / exact, .9, 1.1);
    }

    [Fact]
    public void A_score_is_the_sum_of_its_contributions()
    {
        var model = SessionEncoder.Train(PlantedSessions.Chains(Items, 300, 7, 2), s_small);
        int[] history = [3, 9, 14, 3, 22, 41, 5];
        var scores = new float[Items];
        model.Score(history, scores);
        var contributions = new float[history.Length];
        for (int item = 0; item < Items; item++)
        {
            Assert.Equal(scores[item], model.Explain(history, item, contributions), 1e-3f);
            Assert.Equal(scores[item], contributions.Sum(), 1e-3f);
        }

        Assert.Equal([0, 0], contributions[..2]);
        Assert.All(contributions[2..], c => Assert.NotEqual(0, c));
    }

    [Fact]
    public void Scoring_many_is_scoring_each()
    {
        var model = SessionEncoder.Train(PlantedSessions.Chains(Items + 3, 300, 7, 2), s_small);
        int[][] histories = [.. Enumerable.Range(0, 37).Select(n => Enumerable.Range(n, n % 9).ToArray())];
        var many = new float[histories.Length * model.ItemCount];
        model.ScoreMany(histories, many);
        var one = new float[model.ItemCount];
        for (int s = 0; s < histories.Length; s++)
        {
            model.Score(histories[s], one);
            for (int i = 0; i < one.Length; i++) Assert.Equal(one[i], many[(s * one.Length) + i], 1e-4f);
        }
    }

    [Fact]
    public void A_written_encoder_is_read_with_the_same_scores()
    {
        var model = SessionEncoder.Train(PlantedSessions.Chains(Items, 300, 7, 2), s_small);
        using var stream = new MemoryStream();
        model.Write(stream);
        stream.Position = 0;
        var read = SessionEncoder.Read(stream);
        Assert.Equal(model.Settings, read.Settings);
        var (expected, actual) = (new float[Items], new float[Items]);
        model.Score([4, 9, 12], expected);
        read.Score([4, 9, 12], actual);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(10), InlineData(60), InlineData(600), InlineData(-4)]
    public void A_damaged_encoder_is_refused(int length)
    {
        using var stream = new MemoryStream();
        SessionEncoder.Train(PlantedSessions.Chains(Items, 50, 7, 2), s_small).Write(stream);
        var bytes = stream.ToArray();
        using var cut = new MemoryStream(bytes, 0, length > 0 ? length : bytes.Length + length);
        Assert.Throws<InvalidDataException>(() => SessionEncoder.Read(cut));
    }

    [Fact]
    public void Nothing_is_known_of_an_empty_history()
    {
        var model = SessionEncoder.Train(PlantedSessions.Chains(Items, 300, 7, 2), s_small);
        var scores = new float[Items];
        Array.Fill(scores, 1);
        model.Score([], scores);
        Assert.All(scores, s => Assert.Equal(0, s));
        Assert.Equal(0, model.Explain([], 3, []));
    }

    [Fact]
    public void What_cannot_be_learned_from_is_refused()
    {
        var single = SessionData.Build(3, [[0], [1], [2]]);
        Assert.Contains("no session has two items", Assert.Throws<ArgumentException>(() => SessionEncoder.Train(single, s_small)).Message);
        Assert.Contains("Rank", Assert.Throws<ArgumentException>(() => SessionEncoder.Train(single, s_small with { Rank = 17 })).Message);
        Assert.Throws<ArgumentException>(() => SessionData.Build(2, [[0, 2]]));
    }

    [Fact]
    public void The_fast_exponential_is_accurate()
    {
        for (float x = -80; x < 80; x += .37f)
        {
            float y = SoftmaxRow.Exp(System.Runtime.Intrinsics.Vector256.Create(x))[0];
            Assert.InRange(y / Math.Exp(x), 1 - 5e-7, 1 + 5e-7);
        }
    }
}
