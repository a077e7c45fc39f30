using Recommender.Factorization.Data;
using Recommender.Factorization.Judging;

namespace Recommender.Benchmarks.Quality;

/// <summary>
/// Data sets of several kinds. Each is drawn from a model of behaviour that no learner here assumes: tastes are mixtures of groups of
/// items, popularity is skewed, and every choice is noisy. The same seed gives the same data.
/// </summary>
internal static class ShapesData
{
    /// <summary>The kind that is generated and trained fastest.</summary>
    public const string Smallest = "tiny";

    /// <summary>By name: generates a data set from a seed.</summary>
    public static IReadOnlyDictionary<string, Func<int, Shape>> All { get; } = new Dictionary<string, Func<int, Shape>>
    {
        ["dense"] = Dense,
        ["sparse"] = Sparse,
        ["sessions"] = seed => Sessions(seed, timed: false),
        ["sessions, timed"] = seed => Sessions(seed, timed: true),
        ["drifting"] = Drifting,
        [Smallest] = Tiny,
    };

    /// <summary>Films: few items, long histories, well-known hits. A user's taste is a point in a space of 24 dimensions.</summary>
    private static Shape Dense(int seed) => Untimed("dense",
        Tastes(seed, users: 2500, items: 2000, perUser: 120, least: 20, dimensions: 24, sharpness: 1.6, skew: 1.1));

    /// <summary>Like <see cref="Dense"/>, in the size of a new shop.</summary>
    private static Shape Tiny(int seed) => Untimed("tiny",
        Tastes(seed, users: 200, items: 250, perUser: 14, least: 4, dimensions: 8, sharpness: 1.8, skew: .9));

    private static Shape Untimed(string name, InteractionMatrix all) => Shape.Untimed(name, Splits.Random(all, .2, seed: 77));

    /// <summary>Each user takes the n items with the highest popularity + taste · item + Gumbel noise.</summary>
    private static InteractionMatrix Tastes(int seed, int users, int items, int perUser, int least, int dimensions, double sharpness,
        double skew)
    {
        var random = new Random(seed);
        var vectors = Enumerable.Range(0, items).Select(_ => Sample(random, dimensions)).ToArray();
        var popularity = Enumerable.Range(0, items).Select(i => -skew * Math.Log(i + 20)).ToArray();
        var entries = new List<Entry>();
        for (int u = 0; u < users; u++)
        {
            var taste = Sample(random, dimensions);
            int count = Math.Min(items / 3, least + (int)((perUser - least) * Math.Exp(Normal(random) - .5)));
            var drawn = Enumerable.Range(0, items).Select(i =>
                (Item: i, Key: popularity[i] + sharpness * Product(taste, vectors[i]) + Gumbel(random)));
            entries.AddRange(drawn.OrderByDescending(d => d.Key).Take(count).Select(d => new Entry(u, d.Item)));
        }

        return InteractionMatrix.Build(users, items, entries);
    }

    /// <summary>A marketplace: many items, most with one to five interactions; short histories in one or two of 500 niches.</summary>
    private static Shape Sparse(int seed)
    {
        const int Users = 20_000, Items = 15_000, Niches = 500;
        var random = new Random(seed);
        var niches = new Niche[Niches];
        var members = Enumerable.Range(0, Items).GroupBy(_ => (int)(Niches * Math.Pow(random.NextDouble(), 1.5)))
            .ToDictionary(g => g.Key, g => g.ToArray());
        for (int n = 0; n < Niches; n++) niches[n] = new Niche(members.GetValueOrDefault(n) ?? [n]);
        var everything = new Niche([.. Enumerable.Range(0, Items).OrderBy(_ => random.Next())]);
        var entries = new List<Entry>();
        for (int u = 0; u < Users; u++)
        {
            int count = 2 + (int)(1.5 * Math.Pow(random.NextDouble(), -.6));
            Niche[] own = [niches[(int)(Niches * Math.Pow(random.NextDouble(), 1.5))], niches[random.Next(Niches)]];
            for (int n = 0; n < Math.Min(count, 100); n++)
            {
                var from = random.NextDouble() is var luck && luck < .55 ? own[0] : luck < .75 ? own[1] : everything;
                entries.Add(new Entry(u, from.Draw(random, 1.2)));
            }
        }

        var pairs = entries.DistinctBy(e => (e.User, e.Item));
        return Untimed("sparse", InteractionMatrix.Build(Users, Items, pairs));
    }

    /// <summary>Sessions of 3 to 8 items. An item leads to one of a few followers, or to an item of the same kind, or to a popular one. The
    /// last item is the test part.</summary>
    private static Shape Sessions(int seed, bool timed)
    {
        const int Count = 15_000, Items = 3000, Kinds = 60, Followers = 6;
        var random = new Random(seed);
        var kind = Enumerable.Range(0, Items).Select(_ => random.Next(Kinds)).ToArray();
        var kinds = Enumerable.Range(0, Kinds).Select(k => new Niche([.. Enumerable.Range(0, Items).Where(i => kind[i] == k)])).ToArray();
        var everything = new Niche([.. Enumerable.Range(0, Items).OrderBy(_ => random.Next())]);
        var followers = Enumerable.Range(0, Items).Select(i => Enumerable.Range(0, Followers)
            .Select(f => f < Followers / 2 ? kinds[kind[i]].Draw(random, .6) : everything.Draw(random, .6)).ToArray()).ToArray();
        var known = new List<TimedEntry>();
        var last = new List<Entry>();
        for (int s = 0; s < Count; s++)
        {
            int length = 3 + random.Next(6), at = everything.Draw(random, 1);
            long begin = s * 600L + random.Next(3000);
            var visited = new List<int> { at };
            for (int tries = 0; visited.Count < length && tries < 100; tries++)
            {
                double luck = random.NextDouble();
                int next = luck < .6 ? followers[at][(int)(Followers * Math.Pow(random.NextDouble(), 1.5))] : luck < .8
                    ? kinds[kind[at]].Draw(random, 1) : everything.Draw(random, 1);
                if (visited.Contains(next)) continue;
                visited.Add(at = next);
            }

            for (int n = 0; n < visited.Count - 1; n++) known.Add(new TimedEntry(new Entry(s, visited[n]), begin + n * 40));
            last.Add(new Entry(s, visited[^1]));
        }

        return timed
            ? new Shape("sessions, timed", Splits.MakeTimed(Count, Items, known, last),
                TimeWindows.ForSearch(new TimedEntries(Count, Items, known)))
            : Shape.Untimed("sessions", Splits.Make(Count, Items, known.Select(t => t.Entry), last));
    }

    /// <summary>News: tastes drift, items appear and fade, users are active for a while. The newest fifth is the test part.</summary>
    private static Shape Drifting(int seed)
    {
        const int Users = 3000, Items = 2500, Events = 160_000, Dimensions = 12, Drawn = 60;
        var random = new Random(seed);
        var vectors = Enumerable.Range(0, Items).Select(_ => Sample(random, Dimensions)).ToArray();
        var born = Enumerable.Range(0, Items).Select(i => 1.1 * i / Items - .2).ToArray();
        var life = Enumerable.Range(0, Items).Select(_ => .03 * Math.Exp(Normal(random))).ToArray();
        var fame = Enumerable.Range(0, Items).Select(_ => 1.2 * Normal(random)).ToArray();
        var tastes = Enumerable.Range(0, Users).Select(_ => Sample(random, Dimensions)).ToArray();
        var entries = new List<TimedEntry>();
        var seen = new HashSet<(int, int)>();
        for (int e = 0; e < Events; e++)
        {
            double now = (double)e / Events;
            int user = (int)(Users * Math.Pow(random.NextDouble(), 1.6));
            user = (int)((user + now * Users / 2) % Users);
            for (int k = 0; k < Dimensions; k++) tastes[user][k] = .985 * tastes[user][k] + .17 * Normal(random);
            // The best of a few items that the user is shown.
            var (best, at) = (double.MinValue, 0);
            for (int n = 0; n < Drawn; n++)
            {
                int item = random.Next(Items);
                if (born[item] > now || seen.Contains((user, item))) continue;
                double key = fame[item] - Math.Min((now - born[item]) / life[item], 6) + 1.2 * Product(tastes[user], vectors[item])
                    + Gumbel(random);
                if (key > best) (best, at) = (key, item);
            }

            if (best > double.MinValue && seen.Add((user, at))) entries.Add(new TimedEntry(new Entry(user, at), e));
        }

        var split = Splits.Temporal(Users, Items, entries, .2);
        long cut = entries[(int)(entries.Count * .8)].Time;
        return new Shape("drifting", split, TimeWindows.ForSearch(new TimedEntries(Users, Items, entries.Where(e => e.Time <= cut))));
    }

    /// <summary>Items in order of popularity.</summary>
    private sealed record Niche(int[] Items)
    {
        /// <param name="skew">Item r of n is drawn roughly in proportion to (r + 1)^−skew.</param>
        public int Draw(Random random, double skew)
        {
            double a = 1 - skew + (skew == 1 ? 1e-9 : 0), top = Math.Pow(Items.Length + 1, a);
            return Items[Math.Clamp((int)Math.Pow(1 + random.NextDouble() * (top - 1), 1 / a) - 1, 0, Items.Length - 1)];
        }
    }

    private static double[] Sample(Random random, int dimensions) =>
        [.. Enumerable.Range(0, dimensions).Select(_ => Normal(random) / Math.Pow(dimensions, .25))];

    private static double Product(double[] a, double[] b)
    {
        double sum = 0;
        for (int k = 0; k < a.Length; k++) sum += a[k] * b[k];
        return sum;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double Gumbel(Random random) => -Math.Log(-Math.Log(1 - random.NextDouble() + 1e-300) + 1e-300);
}
