using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Encoding;
using Recommender.Factorization.Sessions.Judging;
using Recommender.Factorization.Sessions.Neighbours;
using Recommender.Factorization.Sessions.Transitions;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class SessionModelTests
{
    private const int Items = 60;

    private static readonly SessionModelSettings s_settings = new()
    {
        Encoder = new SessionEncoderSettings { Rank = 16, Epochs = 3, Negatives = 20, HistoryLength = 5 },
        Rules = new TransitionRuleSettings { Backward = .4, HalfLife = .5 },
        Neighbours = new SessionNeighbourSettings { HalfLife = 1, Neighbours = 30 },
        Weights = new SessionWeights { Encoder = .8, Rules = 7, Neighbours = 5, Popularity = .3, RepeatNewest = 2, RepeatOlder = -1 },
    };

    private static readonly SessionData s_data = PlantedSessions.WithPopularItem(Items, 500, 1);

    [Fact]
    public void A_score_is_the_sum_of_its_contributions_and_popularity()
    {
        var model = SessionModel.Train(s_data, s_settings);
        int[] history = [3, 0, 14, 3, 22, 41, 5];
        var scores = new float[Items];
        model.Score(history, scores);
        var contributions = new float[history.Length];
        for (int item = 0; item < Items; item++)
        {
            Assert.Equal(scores[item], model.Explain(history, item, contributions), 2e-3f);
            Assert.Equal(scores[item], contributions.Sum() + model.PopularityOf(item), 2e-3f);
        }
    }

    [Fact]
    public void Each_weight_changes_the_score_of_the_items_of_its_term()
    {
        var model = SessionModel.Train(s_data, s_settings with { Weights = new SessionWeights() });
        int[] history = [7, 9];
        float[] Score(SessionWeights weights)
        {
            var scores = new float[Items];
            model.WithWeights(weights).Score(history, scores);
            return scores;
        }

        var plain = Score(new SessionWeights());
        var newest = Score(new SessionWeights { RepeatNewest = 3 });
        var older = Score(new SessionWeights { RepeatOlder = 3 });
        Assert.Equal([9], Enumerable.Range(0, Items).Where(i => newest[i] != plain[i]));
        Assert.Equal([7], Enumerable.Range(0, Items).Where(i => older[i] != plain[i]));
        Assert.Equal(1, Score(new SessionWeights { Rules = 1 }).Sum() - plain.Sum(), 1e-2f);
        Assert.Equal(1, Score(new SessionWeights { Neighbours = 1 }).Sum() - plain.Sum(), 1e-2f);
        var popular = Score(new SessionWeights { Popularity = 1 });
        Assert.Equal(0, Enumerable.Range(0, Items).MaxBy(i => popular[i] - plain[i]));
    }

    [Fact]
    public void Scoring_many_is_scoring_each()
    {
        var model = SessionModel.Train(s_data, s_settings);
        int[][] histories = [[], [3], [4, 5, 6], [0, 0, 9]];
        var many = new float[histories.Length * Items];
        model.ScoreMany(histories, many);
        var one = new float[Items];
        for (int s = 0; s < histories.Length; s++)
        {
            model.Score(histories[s], one);
            for (int i = 0; i < Items; i++) Assert.Equal(one[i], many[(s * Items) + i], 1e-3f);
        }
    }

    [Fact]
    public void A_search_chooses_on_the_validation_cases_what_the_full_ranking_confirms()
    {
        var validation = PlantedSessions.Cases(PlantedSessions.WithPopularItem(Items, 100, 2));
        var trials = new List<SessionTrial>();
        var options = new SessionSearchOptions { K = 5, Start = s_settings, MaxCases = 300, Progress = trials.Add };
        var found = SessionModelSearch.Run(s_data, validation, options);
        Assert.Equal(["rules", "neighbours", "encoder", "blend"], trials.Select(t => t.Part).Distinct());
        // Pools of candidates rank as the full catalogue does.
        var best = trials.Last(t => t.Part == "blend" && t.IsBest).Result;
        Assert.Equal(best.HitRate, found.Blend.HitRate, .01);
        Assert.Equal(best.Mrr, found.Blend.Mrr, .01);
        foreach (var part in (NextItemResult[])[found.Encoder, found.Rules, found.Neighbours])
            Assert.True(CoordinateSearch.Objective(found.Blend) >= CoordinateSearch.Objective(part) - .02, $"{part} {found.Blend}");
        Assert.Equal(s_settings.Encoder.Epochs, found.Settings.Encoder.Epochs);
    }

    [Fact]
    public void A_search_without_cases_is_refused() =>
        Assert.Contains("no validation cases",
            Assert.Throws<ArgumentException>(() => SessionModelSearch.Run(s_data, [], new SessionSearchOptions())).Message);
}
