using Recommender.Factorization.Sessions.Pairs;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class SessionPairsTests
{
    private const long Minute = 60_000;

    private static readonly SessionPairs s_pairs = new(new SessionPairSettings());

    private static SessionEvent Event(long minute, int item, float weight = 1) => new(minute * Minute, minute, item, weight);

    private static Dictionary<(int Row, int Item), double> Sums(IEnumerable<PairDelta> deltas) => deltas
        .GroupBy(d => (d.Row, d.Item))
        .Select(g => (g.Key, Weight: g.Sum(d => (d.IsAdded ? 1 : -1) * (double)d.Weight)))
        .Where(g => Math.Abs(g.Weight) > 1e-6)
        .ToDictionary(g => g.Key, g => g.Weight);

    private static Dictionary<(int Row, int Item), double> Count(bool hasId, params SessionEvent[] events)
    {
        var deltas = new List<PairDelta>();
        s_pairs.Count(events, hasId, deltas);
        return Sums(deltas);
    }

    [Fact]
    public void What_came_after_counts_more_than_what_came_before_and_neighbours_more_than_others()
    {
        var counts = Count(false, Event(0, 1), Event(1, 2), Event(2, 3));
        Assert.Equal(1, counts[(1, 2)]);
        Assert.Equal(.5, counts[(2, 1)]);
        Assert.Equal(.5, counts[(1, 3)]);
        Assert.Equal(.25, counts[(3, 1)]);
    }

    [Fact]
    public void A_pair_counts_the_weight_of_the_event_on_the_item_that_is_in_the_row()
    {
        var counts = Count(false, Event(0, 1, 2), Event(1, 2, 5));
        Assert.Equal(5, counts[(1, 2)]);
        Assert.Equal(1, counts[(2, 1)]);
    }

    [Fact]
    public void A_longer_gap_ends_a_session_unless_the_session_has_an_id()
    {
        Assert.Equal(2, Count(false, Event(0, 1), Event(30, 2)).Count);
        Assert.Empty(Count(false, Event(0, 1), Event(31, 2)));
        Assert.Equal(2, Count(true, Event(0, 1), Event(31, 2)).Count);
    }

    [Fact]
    public void An_item_makes_no_pair_with_itself_and_a_repeated_one_counts_from_its_nearest_place()
    {
        var counts = Count(false, Event(0, 1), Event(1, 1), Event(2, 2));
        Assert.Equal(2, counts.Count);
        Assert.Equal(1, counts[(1, 2)]);
    }

    [Fact]
    public void An_event_that_closes_a_gap_joins_the_sessions_around_it()
    {
        var group = new List<SessionEvent> { Event(0, 1), Event(40, 2) };
        var deltas = new List<PairDelta>();
        Assert.Equal(1, s_pairs.Insert(group, false, Event(20, 3), deltas));
        Assert.Equal(Count(false, Event(0, 1), Event(20, 3), Event(40, 2)), Sums(deltas));
    }

    [Fact]
    public void An_event_in_the_middle_takes_back_the_places_it_moves()
    {
        var group = new List<SessionEvent> { Event(0, 1), Event(2, 2) };
        var deltas = new List<PairDelta>();
        s_pairs.Insert(group, false, Event(1, 3), deltas);
        Assert.Contains(new PairDelta(1, 2, 1, 2 * Minute, IsAdded: false), deltas);
        Assert.Contains(new PairDelta(1, 2, .5f, 2 * Minute, IsAdded: true), deltas);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_order_of_arrival_counts_what_the_set_of_events_counts(bool hasId)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var events = Enumerable.Range(1, 60).Select(n => new SessionEvent(
                random.Next(600) * Minute, n, random.Next(12), 1 + random.Next(3))).ToArray();
            var expected = Count(hasId, [.. events.Order()]);
            random.Shuffle(events);
            var group = new List<SessionEvent>();
            var deltas = new List<PairDelta>();
            foreach (var e in events) s_pairs.Insert(group, hasId, e, deltas);
            Assert.Equal(events.Order(), group);
            var counts = Sums(deltas);
            Assert.Equal(expected.Keys.Order(), counts.Keys.Order());
            foreach (var (key, weight) in expected) Assert.Equal(weight, counts[key], 1e-4);
        }
    }

    [Fact]
    public void Events_beyond_the_window_are_not_needed()
    {
        var random = new Random(3);
        var events = Enumerable.Range(1, 40).Select(n => Event(n, random.Next(15))).ToList();
        for (int at = 25; at < 40; at++)
        {
            var all = new List<SessionEvent>(events);
            all.RemoveAt(at);
            var newest = all[(at - s_pairs.Settings.Window)..];
            var (expected, actual) = (new List<PairDelta>(), new List<PairDelta>());
            s_pairs.Insert(all, false, events[at], expected);
            s_pairs.Insert(newest, false, events[at], actual);
            Assert.Equal(expected, actual);
        }
    }
}
