using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Neighbours;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class SessionNeighboursTests
{
    private static readonly SessionNeighbourSettings s_plain = new()
    {
        PositionDecay = .5,
        DistanceDecay = .5,
        Backward = .25,
        MatchWeight = 0,
        InverseFrequencyPower = 0,
        LengthPower = 0,
    };

    private static float[] Score(SessionNeighbourSettings settings, int[] history, params int[][] sessions)
    {
        var neighbours = new SessionNeighbours(SessionData.Build(8, sessions), settings);
        var scores = new float[8];
        Array.Fill(scores, 9);
        neighbours.Score(history, scores);
        return scores;
    }

    [Fact]
    public void Similarity_distance_and_direction_weigh_items()
    {
        // Newest match is item 1, at place 1: item 2 follows at once, item 3 a place later; item 0 precedes it and matches too.
        var scores = Score(s_plain, [0, 1], [0, 1, 2, 3]);
        Assert.Equal([1.5f * .25f, 0, 1.5f, .75f, 0, 0, 0, 0], scores);
    }

    [Fact]
    public void The_matching_item_itself_counts_as_set() =>
        Assert.Equal([0, 2, 1, 0, 0, 0, 0, 0], Score(s_plain with { MatchWeight = 2 }, [1], [1, 2]));

    [Fact]
    public void Only_the_newest_sessions_of_an_item_and_the_nearest_neighbours_count()
    {
        Assert.Equal([0, 0, 0, 1, 0, 0, 0, 0], Score(s_plain with { SessionsPerItem = 1 }, [1], [1, 2], [1, 3]));
        Assert.Equal([0, 0, 0, 1, 0, 0, 0, 0], Score(s_plain with { Neighbours = 1 }, [1], [1, 2], [1, 3]));
        Assert.Equal([1.5f * .25f, 0, 1.5f, 0, 0, 0, 0, 0], Score(s_plain with { Neighbours = 1 }, [0, 1], [0, 1, 2], [1, 3]));
    }

    [Fact]
    public void Old_and_long_sessions_are_less_similar()
    {
        var scores = Score(s_plain with { HalfLife = .5 }, [1], [1, 2], [1, 3]);
        Assert.Equal((.5f, 1f), (scores[2], scores[3]));
        scores = Score(s_plain with { LengthPower = 1 }, [1], [1, 2], [1, 3, 4, 5]);
        Assert.Equal((.5f, .25f), (scores[2], scores[3]));
    }

    [Fact]
    public void A_score_is_the_sum_of_its_contributions()
    {
        var neighbours = new SessionNeighbours(PlantedSessions.WithPopularItem(40, 300, 1), new SessionNeighbourSettings());
        int[] history = [4, 0, 9, 4, 17];
        var scores = new float[40];
        neighbours.Score(history, scores);
        var contributions = new float[history.Length];
        for (int item = 0; item < 40; item++)
        {
            Assert.Equal(scores[item], neighbours.Explain(history, item, contributions), 1e-3f * (1 + scores[item]));
            Assert.Equal(scores[item], contributions.Sum(), 1e-3f * (1 + scores[item]));
        }

        // The repetition of item 4 stands for both of its places.
        Assert.Equal(0, contributions[0]);
    }
}
