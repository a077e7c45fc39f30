using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class SessionMixTests
{
    private const int Items = 40;
    private const long Start = 1_400_000_000_000;

    private static readonly SessionWeights s_weights = new()
    {
        Encoder = .7,
        Rules = 9,
        RecentHours = 3,
        RecentDay = 2,
        RecentWeek = 1,
        RepeatNewest = -1,
        RepeatOlder = 2,
    };

    private static readonly SessionEncoder s_encoder = SessionEncoder.Train(
        PlantedSessions.Chains(Items, 300, 5, 1), new SessionEncoderSettings { Rank = 16, Epochs = 2, HistoryLength = 4, Negatives = 16 });

    /// <summary>Items from 40 to 59 are newer than the encoder. Rows are short, so that some have evicted.</summary>
    private static SessionMix Create(SessionWeights weights, SessionEncoder? encoder, int rowLength = 5)
    {
        var table = new TransitionTable(new TransitionSettings { RowLength = rowLength, HalfLifeMs = 3_600_000, HistoryLength = 6 });
        var recent = SessionMix.CreateRecentCounts();
        var random = new Random(5);
        for (int n = 0; n < 2000; n++)
        {
            int from = random.Next(60);
            table.Add(from, (from + 1 + random.Next(9)) % 60, 1, Start + (n * 20_000));
            recent.Add(from, 1, Start + (n * 20_000));
        }

        return new SessionMix(weights, table, recent, encoder);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_score_is_the_sum_of_its_contributions_and_popularity(bool hasEncoder)
    {
        var mix = Create(s_weights, hasEncoder ? s_encoder : null);
        Assert.Equal(60, mix.ItemCount);
        int[] history = [3, 45, 14, 3, 59, 0, 5, 12];
        var scores = new float[mix.ItemCount];
        mix.Score(history, scores);
        var contributions = new float[history.Length];
        for (int item = 0; item < mix.ItemCount; item++)
        {
            Assert.Equal(scores[item], mix.Explain(history, item, contributions), 1e-3f);
            Assert.Equal(scores[item], contributions.Sum() + mix.PopularityOf(item), 1e-3f);
        }
    }

    [Fact]
    public void Terms_combined_by_the_weights_are_the_score()
    {
        var mix = Create(s_weights, s_encoder);
        int[] history = [3, 45, 14, 3];
        var scores = new float[mix.ItemCount];
        mix.Score(history, scores);
        var terms = mix.FindTerms(new(history, 7), [], 100);
        Assert.Equal(60, terms.Length);
        foreach (var (item, found) in terms) Assert.Equal(scores[item], s_weights.Combine(found), 1e-3f);
        Assert.InRange(terms.Sum(t => t.Terms.Rules), .5f, .99f); // The rest is evicted.
        Assert.Equal(1, Create(s_weights, s_encoder, rowLength: 20).FindTerms(new(history, 7), [], 100).Sum(t => t.Terms.Rules), 1e-3f);
        Assert.Equal(1, terms.Sum(t => t.Terms.RecentDay), 1e-3f);
    }

    [Fact]
    public void Few_candidates_are_the_best_of_each_term()
    {
        var mix = Create(s_weights, s_encoder);
        int[] history = [3, 45];
        var model = new float[60];
        (model[33], model[34]) = (4, 2);
        var all = mix.FindTerms(new(history, 7), model, 100);
        var few = mix.FindTerms(new(history, 7), model, 1).Select(t => t.Item).ToArray();
        int Best(Func<SessionTerms, float> term) => all.MaxBy(t => term(t.Terms)).Item;
        int[] expected = [7, 3, 45, Best(t => t.Encoder), Best(t => t.Rules), Best(t => t.Model), Best(t => t.RecentHours),
            Best(t => t.RecentDay), Best(t => t.RecentWeek)];
        Assert.Equal(expected.Distinct().Order(), few.Order());
        Assert.Equal([4, 2], all.Where(t => t.Terms.Model > 0).Select(t => t.Terms.Model));
    }

    [Fact]
    public void An_item_newer_than_the_encoder_is_scored_and_has_its_place_in_a_history()
    {
        var mix = Create(new SessionWeights { Rules = 5 }, s_encoder);
        var scores = new float[mix.ItemCount];
        mix.Score([50], scores);
        Assert.InRange(Enumerable.Range(0, 60).MaxBy(i => scores[i]), 51, 59);
        var (after, before) = (new float[Items], new float[Items]);
        s_encoder.Score([4, 50], after);
        s_encoder.Score([4], before);
        Assert.NotEqual(before, after);
        s_encoder.Score([50], after);
        Assert.All(after, score => Assert.Equal(0, score));
    }

    [Fact]
    public void Nothing_is_scored_without_events()
    {
        var mix = new SessionMix(new SessionWeights { Rules = 1 }, new TransitionTable(new()), SessionMix.CreateRecentCounts());
        mix.Score([3], new float[mix.ItemCount]);
        Assert.Equal(0, mix.ItemCount);
        Assert.Equal(0, mix.Explain([3], 4, new float[1]));
    }

    [Fact]
    public void A_weight_out_of_range_is_refused()
    {
        Assert.Contains("Rules", Assert.Throws<ArgumentException>(() => Create(new() { Rules = -1 }, null)).Message);
        Assert.Contains("RepeatNewest", Assert.Throws<ArgumentException>(() => Create(new() { RepeatNewest = double.NaN }, null)).Message);
    }
}
