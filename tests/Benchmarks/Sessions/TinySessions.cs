namespace Recommender.Benchmarks.Sessions;

/// <summary>
/// Small generated sessions: after an item comes one of three that follow it, sometimes one from a random place, sometimes itself again.
/// </summary>
internal static class TinySessions
{
    public const int ItemCount = 200;

    public static int[][] Generate(int count, bool repeats, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var session = new List<int> { random.Next(ItemCount) };
            int length = 4 + random.Next(5);
            while (session.Count < length)
            {
                int next = random.Next(10) switch
                {
                    0 => random.Next(ItemCount),
                    1 when repeats => session[random.Next(session.Count)],
                    _ => (session[^1] + 1 + random.Next(3)) % ItemCount,
                };
                if (repeats || !session.Contains(next)) session.Add(next);
            }

            return session.ToArray();
        })];
    }
}
