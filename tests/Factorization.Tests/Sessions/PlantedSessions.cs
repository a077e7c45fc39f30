using Recommender.Factorization.Sessions;
using Recommender.Factorization.Sessions.Judging;

namespace Recommender.Factorization.Tests.Sessions;

/// <summary>Generated sessions with a known rule.</summary>
internal static class PlantedSessions
{
    /// <summary>After item i comes one of i + 1 .. i + 3.</summary>
    public static SessionData Chains(int items, int sessions, int length, int seed)
    {
        var random = new Random(seed);
        return SessionData.Build(items, Enumerable.Range(0, sessions).Select(_ =>
        {
            var session = new List<int> { random.Next(items) };
            while (session.Count < length) session.Add((session[^1] + 1 + random.Next(3)) % items);
            return session;
        }));
    }

    /// <summary>Three random items, except that the third follows from the one at <paramref name="decides"/> (0 or 1).</summary>
    public static SessionData ThirdFollows(int items, int sessions, int decides, int seed)
    {
        var random = new Random(seed);
        return SessionData.Build(items, Enumerable.Range(0, sessions).Select(_ =>
        {
            int[] session = [random.Next(items), random.Next(items), 0];
            session[2] = (session[decides] + 7 + random.Next(2)) % items;
            return session;
        }));
    }

    /// <summary>Chains in which every other item is item 0.</summary>
    public static SessionData WithPopularItem(int items, int sessions, int seed)
    {
        var random = new Random(seed);
        return SessionData.Build(items, Enumerable.Range(0, sessions).Select(_ =>
        {
            int at = 1 + random.Next(items - 1);
            var session = new List<int> { at };
            while (session.Count < 6)
            {
                at = 1 + ((at + random.Next(2)) % (items - 1));
                session.Add(random.Next(2) == 0 ? 0 : at);
            }

            return session;
        }));
    }

    /// <summary>All pairs of a prefix and its next item.</summary>
    public static NextItemCase[] Cases(SessionData data, int firstTarget = 1) =>
    [
        .. Enumerable.Range(0, data.Count).SelectMany(s =>
        {
            var items = data[s].ToArray();
            return Enumerable.Range(firstTarget, items.Length - firstTarget).Select(t => new NextItemCase(items[..t], items[t]));
        }),
    ];
}
