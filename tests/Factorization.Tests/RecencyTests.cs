using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;
using Recommender.Factorization.Learners;
using Recommender.Factorization.Learners.Combined;
using Recommender.Factorization.Learners.Ials;
using Recommender.Factorization.Tuning;

namespace Recommender.Factorization.Tests;

public sealed class RecencyTests
{
    private static readonly LearnerSettings s_plain =
        new HybridSettings { Factors = new IalsSettings { Rank = 6, Epochs = 3 }, Neighbourhood = new() { Neighbours = 20 } };

    [Fact]
    public void A_place_is_how_many_of_a_history_are_newer_and_equal_times_share_one()
    {
        var history = Enumerable.Range(0, 5).Select(i => new HistoryEntry(i, 1, 1)).ToArray();
        Places.Set(history, [30, 10, 50, 30, 20]);
        Assert.Equal([1, 4, 0, 1, 3], history.Select(e => e.Place));
        // Of a pair that happened twice, the newest counts.
        var matrix = InteractionMatrix.BuildTimed(2, 5,
            [new(new(1, 4), 7), new(new(1, 0), 8), new(new(1, 2), 9), new(new(1, 4), 10), new(new(0, 3), 1)]);
        Assert.Equal([(0, 2), (2, 1), (4, 0)], matrix.Users.History(1).Select(e => (e.Item, e.Place)));
        Assert.Equal([(0, 2), (2, 1), (4, 0)], matrix.Aged(.5).Users.History(1).Select(e => (e.Item, e.Place)));
        Assert.All(TestData.Planted(5, 5, 3, 1).Users.History(2), e => Assert.Equal(0, e.Place));
    }

    [Fact]
    public void Histories_count_as_if_their_weights_were_less_with_every_newer_entry()
    {
        var data = TestData.Planted(120, 60, 14, 7, weighted: true);
        var plain = s_plain.Train(data);
        var recent = new RecencySettings { Of = s_plain, HalfLife = 4 }.Train(data);
        var history = data.Users.History(3).Select((e, n) => e with { Place = n }).ToArray();
        var weighed = history.Select(e => e with { Weight = e.Weight * 4 / (4 + e.Place), Place = 0 }).ToArray();
        Assert.True(recent.UsesPlaces);
        for (int i = 0; i < 60; i++) Assert.Equal(TestData.Score(plain, weighed, i), TestData.Score(recent, history, i), 1e-5f);
        Assert.True(Enumerable.Range(0, 60).Max(i =>
            Math.Abs(TestData.Score(plain, history, i) - TestData.Score(recent, history, i))) > .01);
    }

    [Fact]
    public void In_visits_the_last_item_tells_what_comes_next_and_the_search_finds_that()
    {
        var entries = Visits(600, 60);
        var holdouts = TimeWindows.Holdouts(new TimedEntries(600, 60, entries));
        Assert.Equal(4, holdouts.Count);
        // Of every visit of the last window the last item, and nothing of other visits.
        int from = 600 - 600 * 15 / 100;
        for (int u = 0; u < 600; u++) Assert.Equal(u >= from ? 1 : 0, holdouts[0].Test.Length(u));
        Assert.Equal(entries[^1].Entry.Item, Assert.Single(holdouts[0].Test.Row(599).ToArray()));

        double reads = 0;
        var state = Tuner.Run(holdouts, new TuningOptions { BudgetSeconds = 120, MaxRank = 16, Threads = 1, K = 3 }, () => reads++);
        Assert.IsType<RecencySettings>(state.Best!.Settings);
        Assert.True(state.Best.Score > 1.1 * state.Trials.Where(t => t.Settings is not RecencySettings).Max(t => t.Score));
    }

    [Fact]
    public void Who_returns_is_judged_on_what_follows_the_cut()
    {
        // The same events of 60 users who come again and again.
        var entries = Visits(600, 60).Select(e => e with { Entry = e.Entry with { User = e.Entry.User % 60 } }).ToArray();
        Assert.True(TimeWindows.Holdouts(new TimedEntries(60, 60, entries))[0].Test.Columns.Length > 100);
    }

    /// <summary>Six steps: mostly to the next item of a circle, at times to any.</summary>
    private static TimedEntry[] Visits(int count, int items)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, count).SelectMany(u =>
        {
            var visited = new List<int> { random.Next(items) };
            while (visited.Count < 6)
            {
                int next = random.NextDouble() < .6 ? (visited[^1] + 1) % items : random.Next(items);
                if (!visited.Contains(next)) visited.Add(next);
            }

            return visited.Select((item, n) => new TimedEntry(new Entry(u, item), u * 10 + n));
        })];
    }
}
