namespace Recommender.Factorization.Data;

/// <summary>
/// Training data: users × items with one entry per pair, both by user and by item. Immutable. It takes 8 bytes per interaction if all
/// weights and targets are 1, and up to 24 otherwise.
/// </summary>
public sealed class InteractionMatrix
{
    private InteractionMatrix(SparseRows users, SparseRows items)
    {
        Users = users;
        Items = items;
    }

    /// <summary>By user; columns are items.</summary>
    public SparseRows Users { get; }

    /// <summary>By item; columns are users.</summary>
    public SparseRows Items { get; }

    public int UserCount => Users.Count;

    public int ItemCount => Items.Count;

    /// <summary>Number of distinct (user, item) pairs.</summary>
    public long Count => Users.Columns.LongLength;

    /// <summary>Ages of the interactions; null if times are unknown.</summary>
    public EventAges? Ages { get; private init; }

    /// <summary>As <see cref="Build(int, int, IEnumerable{Entry})"/>, with the ages of the interactions.</summary>
    /// <exception cref="ArgumentException">An index or number is out of range; the message names the entry.</exception>
    public static InteractionMatrix BuildTimed(int users, int items, IReadOnlyList<TimedEntry> entries)
    {
        var builder = new InteractionMatrixBuilder(users, items);
        foreach (var e in entries) builder.Add(e.Entry, e.Time);
        return builder.Build();
    }

    internal InteractionMatrix WithAges(EventAges ages, int[]? places) => new(Users with { Places = places }, Items) { Ages = ages };

    /// <summary>
    /// The same pairs with the weight of every interaction multiplied by <c>2^(−age / halfLife)</c>, so that recent interactions count
    /// more. Returns this matrix if the half-life is 0 or times are unknown.
    /// </summary>
    /// <param name="halfLife">As a fraction of the time span of the data.</param>
    public InteractionMatrix Aged(double halfLife)
    {
        const float Least = 1e-12f; // Of a weight: no pair may vanish.
        if (halfLife <= 0 || Ages is not { } ages) return this;
        var weights = new float[ages.Items.Length];
        for (int e = 0; e < weights.Length; e++)
            weights[e] = (ages.Weights is null ? 1 : ages.Weights[e]) * MathF.Max((float)Math.Pow(2, -ages.Ages[e] / halfLife), Least);
        return Build(UserCount, ItemCount, ages.Users, ages.Items, weights, ages.Targets).WithAges(ages, Users.Places);
    }

    /// <summary>Builds a matrix from entries. Several entries of a pair are combined: weight Σc, target Σc·p / Σc.</summary>
    /// <exception cref="ArgumentException">An index or number is out of range; the message names the entry.</exception>
    public static InteractionMatrix Build(int users, int items, IEnumerable<Entry> entries)
    {
        var builder = new InteractionMatrixBuilder(users, items);
        foreach (var e in entries) builder.Add(e);
        return builder.Build();
    }

    /// <summary>Builds a matrix from parallel arrays, for large data. The arrays are not changed.</summary>
    /// <param name="weights">Null: all 1.</param>
    /// <param name="targets">Null: all 1.</param>
    /// <exception cref="ArgumentException">Lengths differ, or an index or number is out of range; the message names the entry.</exception>
    public static InteractionMatrix Build(
        int users, int items, ReadOnlySpan<int> userIndices, ReadOnlySpan<int> itemIndices, ReadOnlySpan<float> weights = default,
            ReadOnlySpan<float> targets = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(users);
        ArgumentOutOfRangeException.ThrowIfNegative(items);
        int n = userIndices.Length;
        if (itemIndices.Length != n || (!weights.IsEmpty && weights.Length != n) || (!targets.IsEmpty && targets.Length != n))
            throw new ArgumentException($"Users ({n}), items ({itemIndices.Length}), weights ({weights.Length}) and targets "
                + $"({targets.Length}) must be equally long.");
        var starts = new long[users + 1];
        for (int e = 0; e < n; e++)
        {
            int u = userIndices[e], i = itemIndices[e];
            if ((uint)u >= (uint)users) throw new ArgumentException($"Entry {e}: user {u} is not in 0..{users - 1}.");
            if ((uint)i >= (uint)items) throw new ArgumentException($"Entry {e}: item {i} is not in 0..{items - 1}.");
            if (!weights.IsEmpty && !(weights[e] > 0 && float.IsFinite(weights[e])))
                throw new ArgumentException($"Entry {e}: weight {weights[e]} must be above 0 and finite.");
            if (!targets.IsEmpty && !(targets[e] >= 0 && targets[e] <= 1))
                throw new ArgumentException($"Entry {e}: target {targets[e]} must be in 0..1.");
            starts[u + 1]++;
        }

        for (int u = 0; u < users; u++) starts[u + 1] += starts[u];
        var next = starts.AsSpan(0, users).ToArray();
        var columns = new int[n];
        var w = weights.IsEmpty ? null : new float[n];
        var t = targets.IsEmpty ? null : new float[n];
        for (int e = 0; e < n; e++)
        {
            long at = next[userIndices[e]]++;
            columns[at] = itemIndices[e];
            if (w is not null) w[at] = weights[e];
            if (t is not null) t[at] = targets[e];
        }

        var byUser = Aggregate(starts, columns, w, t);
        return new InteractionMatrix(byUser, Transpose(byUser, items));
    }

    /// <summary>Sorts each row by column and merges duplicates.</summary>
    private static SparseRows Aggregate(long[] starts, int[] columns, float[]? weights, float[]? targets)
    {
        bool duplicates = false;
        long[] keys = [];
        float[] values = [];
        for (int r = 0; r + 1 < starts.Length; r++)
        {
            int from = (int)starts[r], length = (int)(starts[r + 1] - from);
            var row = columns.AsSpan(from, length);
            if (weights is null && targets is null)
            {
                row.Sort();
            }
            else
            {
                // Sorted by column and then by position, so that sums are taken in the given order.
                if (keys.Length < length) (keys, values) =
                    (new long[Math.Max(length, 2 * keys.Length)], new float[Math.Max(length, 2 * keys.Length)]);
                for (int e = 0; e < length; e++) keys[e] = (long)row[e] << 32 | (uint)e;
                keys.AsSpan(0, length).Sort();
                for (int e = 0; e < length; e++) row[e] = (int)(keys[e] >> 32);
                Reorder(weights);
                Reorder(targets);
                void Reorder(float[]? array)
                {
                    if (array is null) return;
                    for (int e = 0; e < length; e++) values[e] = array[from + (int)keys[e]];
                    values.AsSpan(0, length).CopyTo(array.AsSpan(from));
                }
            }

            for (int e = 1; e < length && !duplicates; e++) duplicates = row[e] == row[e - 1];
        }

        if (!duplicates) return Compact(starts, columns, weights, targets);
        weights ??= Ones(columns.Length);
        long write = 0;
        var merged = new long[starts.Length];
        for (int r = 0; r + 1 < starts.Length; r++)
        {
            for (long e = starts[r]; e < starts[r + 1];)
            {
                int column = columns[e];
                double weight = 0, sum = 0;
                for (; e < starts[r + 1] && columns[e] == column; e++)
                {
                    weight += weights[e];
                    sum += weights[e] * (targets is null ? 1.0 : targets[e]);
                }

                columns[write] = column;
                weights[write] = (float)weight;
                if (targets is not null) targets[write] = (float)(sum / weight);
                write++;
            }

            merged[r + 1] = write;
        }

        return Compact(merged, columns[..(int)write], weights[..(int)write], targets?[..(int)write]);
    }

    private static SparseRows Compact(long[] starts, int[] columns, float[]? weights, float[]? targets) =>
        new(starts, columns, weights is null || weights.AsSpan().IndexOfAnyExcept(1f) < 0 ? null : weights,
            targets is null || targets.AsSpan().IndexOfAnyExcept(1f) < 0 ? null : targets);

    private static float[] Ones(int n)
    {
        var ones = new float[n];
        ones.AsSpan().Fill(1);
        return ones;
    }

    private static SparseRows Transpose(SparseRows rows, int columnCount)
    {
        var starts = new long[columnCount + 1];
        foreach (int c in rows.Columns) starts[c + 1]++;
        for (int c = 0; c < columnCount; c++) starts[c + 1] += starts[c];
        var next = starts.AsSpan(0, columnCount).ToArray();
        var columns = new int[rows.Columns.Length];
        var weights = rows.Weights is null ? null : new float[columns.Length];
        var targets = rows.Targets is null ? null : new float[columns.Length];
        for (int r = 0; r < rows.Count; r++)
        {
            for (long e = rows.Starts[r]; e < rows.Starts[r + 1]; e++)
            {
                long at = next[rows.Columns[e]]++;
                columns[at] = r;
                if (weights is not null) weights[at] = rows.Weights![e];
                if (targets is not null) targets[at] = rows.Targets![e];
            }
        }

        return new SparseRows(starts, columns, weights, targets);
    }
}
