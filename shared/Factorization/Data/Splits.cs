namespace Recommender.Factorization.Data;

/// <summary>Divides data into a training and a test part. Users and items keep their indices.</summary>
public static class Splits
{
    /// <summary>
    /// Splits by time: the newest <paramref name="fraction"/> of all interactions is the test part. This resembles the use of a released
    /// model, and no information leaks from the future into training. Users without training items are not tested. Interactions at the
    /// exact time of the cut are in the training part.
    /// </summary>
    public static Split Temporal(int users, int items, IReadOnlyList<TimedEntry> entries, double fraction = .2)
    {
        CheckFraction(fraction);
        var times = entries.Select(e => e.Time).ToArray();
        Array.Sort(times);
        long cut = times.Length == 0 ? 0 : times[Math.Min((int)(times.Length * (1 - fraction)), times.Length - 1)];
        return MakeTimed(users, items, [.. entries.Where(e => e.Time <= cut)], entries.Where(e => e.Time > cut).Select(e => e.Entry));
    }

    /// <summary>
    /// Holds out each positive pair with probability <paramref name="fraction"/>, as a function of seed, user and item only. Every user
    /// keeps at least one pair.
    /// </summary>
    public static Split Random(InteractionMatrix matrix, double fraction = .1, int seed = 1)
    {
        CheckFraction(fraction);
        var train = new InteractionMatrixBuilder(matrix.UserCount, matrix.ItemCount);
        var test = new List<Entry>();
        var rows = matrix.Users;
        for (int u = 0; u < rows.Count; u++)
        {
            long first = rows.Starts[u], end = rows.Starts[u + 1], kept = 0;
            for (long e = first; e < end; e++)
            {
                var entry = new Entry(u, rows.Columns[e], rows.Weight(e), rows.Target(e));
                bool lastChance = e == end - 1 && kept == 0;
                if (entry.Target >= .5f && !lastChance && Chance(seed, u, entry.Item) < fraction)
                {
                    test.Add(entry);
                }
                else
                {
                    train.Add(entry);
                    kept++;
                }
            }
        }

        return new Split(train.Build(), InteractionMatrix.Build(matrix.UserCount, matrix.ItemCount, test).Users);
    }

    /// <summary>A split with the given parts.</summary>
    public static Split Make(int users, int items, IEnumerable<Entry> train, IEnumerable<Entry> test)
    {
        return Make(InteractionMatrix.Build(users, items, train), test);
    }

    /// <summary>A split with the given parts, and the times of the training part.</summary>
    public static Split MakeTimed(int users, int items, IReadOnlyList<TimedEntry> train, IEnumerable<Entry> test) =>
        Make(InteractionMatrix.BuildTimed(users, items, train), test);

    private static Split Make(InteractionMatrix matrix, IEnumerable<Entry> test)
    {
        var unseen = test.Where(e => e.Target >= .5f && matrix.Users.Length(e.User) > 0
            && matrix.Users.Row(e.User).BinarySearch(e.Item) < 0);
        return new Split(matrix, InteractionMatrix.Build(matrix.UserCount, matrix.ItemCount, unseen).Users);
    }

    private static double Chance(int seed, int user, int item)
    {
        ulong z = ((ulong)(uint)user << 32 | (uint)item) + ((ulong)(uint)seed + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    private static void CheckFraction(double fraction)
    {
        if (fraction is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(fraction), fraction,
            "The fraction must be between 0 and 1.");
    }
}
