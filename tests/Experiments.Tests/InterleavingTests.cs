using Recommender.Experiments.Interleaving;

namespace Recommender.Experiments.Tests;

public sealed class InterleavingTests
{
    private static readonly double[] s_examination = [1, 0.5, 1.0 / 3, 0.25, 0.2];

    [Fact]
    public void Equal_rankings_give_that_ranking()
    {
        int[] ranking = [3, 1, 4, 5, 9];
        Assert.Equal(ranking, TeamDraft.Mix(ranking, ranking, 5, new Random(1)).Items);
    }

    [Fact]
    public void Teams_alternate_in_rounds_and_share_no_item()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var list = TeamDraft.Mix([1, 2, 3, 4], [3, 5, 1, 6], 4, new Random(seed));
            Assert.Equal(4, list.Items.Distinct().Count());
            Assert.Equal(2, list.FromFirst.Count(first => first));
        }
    }

    [Fact]
    public void Short_rankings_give_short_answers() => Assert.Equal([7], TeamDraft.Mix([7], [7], 5, new Random(1)).Items);

    /// <summary>By hand: 8 is first in one ranking and second in the other, shown second and clicked: (1 − .5) / .5 = 1.</summary>
    [Fact]
    public void Credit_by_position_agrees_with_a_hand_worked_one()
    {
        var list = new InterleavedList([7, 8], [false, true]);
        Assert.Equal(1, Credit.OfPositions(list, [false, true], [8, 7], [7, 8], s_examination), 12);
        Assert.Equal(1, Credit.OfTeams(list, [false, true]));
        Assert.Equal(0, Credit.OfPositions(list, [true, true], [7, 8], [7, 8], s_examination));
    }

    /// <summary>
    /// Position-based clicks: examination 1/position at 5 positions, attraction .3 to .2. The better ranking swaps the items of positions
    /// 3 and 4. Sessions for 80 % power at α .05 are (1.96 + .8416)² · variance / mean²; A/B needs two groups.
    /// </summary>
    [Fact]
    public void Credit_finds_a_swap_with_far_fewer_sessions_than_two_groups()
    {
        const int Sessions = 400_000;
        double[] attraction = [0.3, 0.28, 0.24, 0.22, 0.2];
        int[] better = [0, 1, 2, 3, 4], worse = [0, 1, 3, 2, 4];
        var random = new Random(7);
        double teams = 0, teamSquares = 0, positions = 0, positionSquares = 0;
        var clicked = new bool[5];
        for (int n = 0; n < Sessions; n++)
        {
            var list = TeamDraft.Mix(better, worse, 5, random);
            for (int p = 0; p < 5; p++) clicked[p] = random.NextDouble() < s_examination[p] * attraction[list.Items[p]];
            double team = Credit.OfTeams(list, clicked);
            double position = Credit.OfPositions(list, clicked, better, worse, s_examination);
            teams += team;
            teamSquares += team * team;
            positions += position;
            positionSquares += position * position;
        }

        var (betterMean, variance) = Clicks(better);
        double lift = betterMean - Clicks(worse).Mean;
        double groups = 4 * variance / (lift * lift);
        double byTeam = teamSquares * Sessions / (teams * teams), byPosition = positionSquares * Sessions / (positions * positions);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"lift {lift / betterMean:0.0000}, fewer sessions: teams {groups / byTeam:0.0}, positions {groups / byPosition:0.0}, "
            + $"mean {positions / Sessions:0.00000} of {lift:0.00000}");
        Assert.Equal(lift, positions / Sessions, 4 * Math.Sqrt(positionSquares) / Sessions);
        Assert.True(groups / byPosition >= 10);

        (double Mean, double Variance) Clicks(int[] ranking)
        {
            double mean = 0, spread = 0;
            for (int p = 0; p < 5; p++)
            {
                double rate = s_examination[p] * attraction[ranking[p]];
                mean += rate;
                spread += rate * (1 - rate);
            }

            return (mean, spread);
        }
    }
}
