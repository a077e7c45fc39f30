using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Mixing;
using Recommender.Factorization.Sessions.Pairs;

namespace Recommender.Factorization.Tests.Sessions;

public sealed class SessionReplayTests
{
    private const long Start = 1_400_000_000_000, Second = 1000;

    private static readonly SessionReplaySettings s_settings = new()
    {
        Search = new SessionSearchOptions { K = 5, Repeats = false, Threads = 1 },
    };

    private static SessionEvent Event(long seconds, int item) => new(Start + (seconds * Second), seconds, item, 1);

    /// <summary>Sessions after each other, each of five items of which the next follows by a rule.</summary>
    private static SessionReplay Replay(SessionReplaySettings settings, int sessions, Func<int, int, Random, int> next, int askFrom = 0)
    {
        var replay = new SessionReplay(settings);
        var random = new Random(3);
        for (int session = 0; session < sessions; session++)
        {
            int item = random.Next(50);
            for (int place = 0; place < 5; place++, item = next(item, session, random))
            {
                var clicked = Event((session * 60) + place, item);
                if (session >= askFrom) replay.Ask(session, true, clicked);
                replay.Learn(session, true, clicked);
            }
        }

        return replay;
    }

    [Fact]
    public void Chains_are_answered_by_transitions()
    {
        var (weights, result) = Replay(s_settings, 400, (item, _, _) => (item + 1) % 50, askFrom: 200).ChooseWeights();
        Assert.True(result.HitRate > .99, $"{result}");
        Assert.True(weights.Rules > 0);
    }

    [Fact]
    public void What_all_click_now_is_answered_by_recent_popularity()
    {
        // A new item every five sessions that every other click goes to, each time after another item.
        var replay = Replay(s_settings, 400, (_, session, random) => random.Next(2) == 0 ? 100 + (session / 5) : random.Next(50), 200);
        var (weights, result) = replay.ChooseWeights();
        Assert.True(weights.RecentHours + weights.RecentDay > 0, $"{weights}");
        double transitions = replay.Judge(new SessionWeights { Rules = 1 }).Mrr;
        Assert.True(result.Mrr > 1.1 * transitions, $"{result}, transitions alone {transitions}");
    }

    [Fact]
    public void The_same_events_give_the_same_weights()
    {
        static int Next(int item, int session, Random random) => random.Next(3) == 0 ? session % 50 : (item + 1) % 50;
        var (first, firstResult) = Replay(s_settings, 100, Next).ChooseWeights();
        var threads = s_settings with { Search = s_settings.Search with { Threads = 3 } };
        var (second, secondResult) = Replay(threads, 100, Next).ChooseWeights();
        Assert.Equal(first, second);
        Assert.Equal(firstResult, secondResult);
    }

    [Fact]
    public void Questions_have_a_history_and_no_repeats_unless_wanted()
    {
        bool[] Asked(bool repeats)
        {
            var replay = new SessionReplay(s_settings with { Search = s_settings.Search with { Repeats = repeats } });
            return [.. new[] { 1, 2, 1, 3 }.Select((item, n) =>
            {
                bool asked = replay.Ask(9, true, Event(n, item));
                replay.Learn(9, true, Event(n, item));
                return asked;
            })];
        }

        Assert.Equal([false, true, false, true], Asked(repeats: false));
        Assert.Equal([false, true, true, true], Asked(repeats: true));
    }

    [Fact]
    public void A_group_without_id_ends_at_a_gap()
    {
        var replay = new SessionReplay(s_settings);
        foreach (bool hasId in new[] { false, true })
            foreach (var (seconds, item) in new[] { (0, 1), (10, 2), (10 + 1801, 3), (10 + 1802, 4) })
                replay.Learn(9, hasId, Event(seconds, item));
        long now = Start + (1820 * Second);
        Assert.Equal([3, 4], replay.HistoryOf(9, false, now));
        Assert.Equal([1, 2, 3, 4], replay.HistoryOf(9, true, now));
        Assert.Equal([], replay.HistoryOf(9, false, now + (1801 * Second)));
        Assert.Equal([], replay.HistoryOf(8, true, now));
    }

    [Fact]
    public void Of_many_questions_an_even_part_is_kept()
    {
        // The first half is certain, the second half is not.
        var few = s_settings with { Search = s_settings.Search with { K = 1, MaxCases = 50 } };
        var replay = Replay(few, 400, (item, session, random) => session < 200 ? (item + 1) % 50 : random.Next(50));
        Assert.InRange(replay.CaseCount, 25, 50);
        Assert.InRange(replay.Judge(new SessionWeights { Rules = 1 }).HitRate, .3, .7);
    }

    [Fact]
    public void Scores_of_the_served_model_take_part()
    {
        var replay = new SessionReplay(s_settings);
        var random = new Random(1);
        for (int n = 0; n < 600; n++)
        {
            int target = random.Next(500);
            replay.Learn(n, true, Event(2 * n, random.Next(500)));
            replay.Ask(n, true, Event((2 * n) + 1, target), _ => Enumerable.Range(0, 500).Select(i => i == target ? 2f : 0).ToArray());
        }

        var (weights, result) = replay.ChooseWeights();
        Assert.True(weights.Model > 0 && result.Mrr > .8, $"{weights} {result}");
    }

    [Theory]
    [InlineData(0.01f, true)]
    [InlineData(500, true)]
    [InlineData(3, false)]
    public void Served_weights_are_of_the_model_where_it_helps_whatever_its_scale(float score, bool isGood)
    {
        var replay = new SessionReplay(s_settings);
        var random = new Random(1);
        for (int n = 0; n < 400; n++)
        {
            int item = random.Next(50), target = (item + 1) % 50;
            // The model finds every second item, or none; what followed finds all.
            int found = isGood && n % 2 == 0 ? target : (item + 25) % 50;
            replay.Learn(n, true, Event(2 * n, item));
            replay.Ask([item], target, () => Enumerable.Range(0, 50).Select(i => i == found ? score : 0).ToArray());
            replay.Learn(n, true, Event((2 * n) + 1, target));
        }

        var served = replay.ChooseServed();
        Assert.Equal((0, isGood ? 1 : 0), (served.Weights.Encoder, served.Weights.Model));
        Assert.True(served.Weights.Rules > 0 && served.Mix.Mrr > served.Model.Mrr && served.Mix.HitRate >= served.Model.HitRate);
        Assert.True(served.Mix.Mrr > .75, $"{served}");
        Assert.Equal(replay.Judge(served.Weights), served.Mix);
    }

    [Fact]
    public void The_model_alone_is_served_unless_a_mix_is_not_below_it()
    {
        var replay = new SessionReplay(s_settings);
        var random = new Random(1);
        for (int n = 0; n < 300; n++)
        {
            int target = random.Next(500);
            replay.Learn(n, true, Event(2 * n, random.Next(500)));
            replay.Ask([random.Next(500)], target, () => Enumerable.Range(0, 500).Select(i => i == target ? 2f : 0).ToArray());
        }

        var served = replay.ChooseServed();
        Assert.Equal((1, 1), (served.Model.HitRate, served.Mix.HitRate));
        Assert.Equal((0, 1), (served.Weights.Encoder, served.Weights.Model));
    }

    [Fact]
    public void Without_questions_there_is_nothing_to_choose_by() =>
        Assert.Throws<InvalidOperationException>(() => new SessionReplay(s_settings).ChooseWeights());
}
