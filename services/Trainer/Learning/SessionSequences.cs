using Recommender.Factorization.Judging;
using Recommender.Factorization.Sessions;

namespace Recommender.Trainer.Learning;

/// <summary>Sessions of training events: the positive events of a user, cut at gaps. An event on the item of the one before it is left
/// out.</summary>
public static class SessionSequences
{
    /// <param name="until">Only the oldest this many events.</param>
    /// <param name="items">Number of items.</param>
    /// <param name="gapMs">Events that are further apart belong to different sessions. The times of the events are in milliseconds.</param>
    /// <param name="pairsLimit">Of more pairs of an item and the next one, the oldest sessions are left out.</param>
    /// <returns>Sessions of two items or more, by their last event.</returns>
    public static SessionData Build(ITimedInteractions events, int until, int items, long gapMs, int pairsLimit)
    {
        var (sessionOf, sizes, lastEvents) = Cut(events, until, gapMs);
        var order = Enumerable.Range(0, sizes.Count).Where(s => sizes[s] > 1).OrderByDescending(s => lastEvents[s]).ToList();
        long pairs = 0;
        int kept = 0;
        while (kept < order.Count && pairs + sizes[order[kept]] - 1 <= pairsLimit) pairs += sizes[order[kept++]] - 1;
        order = order[..kept];
        order.Reverse();

        var next = new int[sizes.Count];
        Array.Fill(next, -1);
        int length = 0;
        foreach (int session in order)
        {
            next[session] = length;
            length += sizes[session];
        }

        var all = new int[length];
        for (int e = 0; e < until; e++)
            if (sessionOf[e] is >= 0 and var session && next[session] >= 0) all[next[session]++] = events.ItemOf(e);
        return SessionData.Build(items, order.Select(session =>
            (IReadOnlyCollection<int>)new ArraySegment<int>(all, next[session] - sizes[session], sizes[session])));
    }

    private static (int[] SessionOf, List<int> Sizes, List<int> LastEvents) Cut(ITimedInteractions events, int until, long gapMs)
    {
        var positive = events.PositiveIn(0, until);
        var sessionOf = new int[until];
        var (sizes, lastEvents) = (new List<int>(), new List<int>());
        var current = new int[events.Users];
        Array.Fill(current, -1);
        for (int e = 0; e < until; e++)
        {
            sessionOf[e] = -1;
            int item = events.ItemOf(e);
            if (item < 0 || !positive[e]) continue;
            ref int session = ref current[events.UserOf(e)];
            if (session < 0 || events.TimeOf(e) - events.TimeOf(lastEvents[session]) > gapMs)
            {
                session = sizes.Count;
                sizes.Add(0);
                lastEvents.Add(e);
            }
            else if (events.ItemOf(lastEvents[session]) == item)
            {
                lastEvents[session] = e;
                continue;
            }

            (sessionOf[e], lastEvents[session]) = (session, e);
            sizes[session]++;
        }

        return (sessionOf, sizes, lastEvents);
    }
}
