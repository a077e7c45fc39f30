using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;

namespace Recommender.Factorization.Learners.Neighbourhood;

/// <summary>
/// RP3beta (Paudel et al. 2017), a random walk item → user → item that penalises popular targets: <c>s_ij = m_i^−α · Σ_{u has i and j}
/// n_u^−α / m_j^β</c> with n_u the number of items of user u and m_i the number of users of item i. The strongest neighbours of each item
/// are kept, scaled to 0..1 and rounded to half precision.
/// </summary>
internal sealed record ItemWalk
{
    /// <summary>Number of neighbours per item.</summary>
    public required int Neighbours { get; init; }

    /// <summary>α: penalty of active users.</summary>
    public required double Alpha { get; init; }

    /// <summary>β: penalty of popular neighbours.</summary>
    public required double Beta { get; init; }

    /// <summary>True: the strengths of each item sum to 1. False: all strengths are divided by the largest.</summary>
    public required bool NormalizesRows { get; init; }

    /// <returns>Neighbours with weight 1 and history power 0.</returns>
    public ItemNeighbours Find(InteractionMatrix matrix, int threads, CancellationToken cancellation)
    {
        int items = matrix.ItemCount;
        var users = matrix.Users;
        var userScale = new float[users.Count];
        for (int u = 0; u < userScale.Length; u++) userScale[u] = (float)Math.Pow(Math.Max(users.Length(u), 1), -Alpha);
        var itemScale = new float[items];
        for (int i = 0; i < items; i++) itemScale[i] = (float)Math.Pow(Math.Max(matrix.Items.Length(i), 1), -Beta);
        var found = new (int[] Items, float[] Strengths)[items];
        ParallelRows.Run(items, 32, threads, take =>
        {
            var sums = new float[items];
            var touched = new List<int>();
            while (take() is var (from, to))
            {
                for (int i = from; i < to; i++)
                {
                    Walk(matrix, i, userScale, sums, touched);
                    found[i] = Strongest(matrix, i, sums, touched, itemScale);
                }
            }
        }, cancellation);
        return Join(found);
    }

    private ItemNeighbours Join((int[] Items, float[] Strengths)[] found)
    {
        var starts = new long[found.Length + 1];
        for (int i = 0; i < found.Length; i++) starts[i + 1] = starts[i] + found[i].Items.Length;
        if (starts[^1] > Array.MaxLength)
            throw new ArgumentException($"{found.Length} items × {Neighbours} neighbours exceed one array; lower Neighbours.");
        var columns = new int[starts[^1]];
        var strengths = new float[starts[^1]];
        for (int i = 0; i < found.Length; i++)
        {
            found[i].Items.CopyTo(columns, starts[i]);
            found[i].Strengths.CopyTo(strengths, starts[i]);
        }

        if (!NormalizesRows && strengths.Length > 0)
        {
            float largest = strengths.Max();
            for (int n = 0; n < strengths.Length; n++) strengths[n] = (float)(Half)(strengths[n] / largest);
        }

        return new ItemNeighbours(starts, columns, strengths, weight: 1, historyPower: 0);
    }

    private static void Walk(InteractionMatrix matrix, int item, float[] userScale, float[] sums, List<int> touched)
    {
        var users = matrix.Users;
        var column = matrix.Items;
        for (long e = column.Starts[item]; e < column.Starts[item + 1]; e++)
        {
            int u = column.Columns[e];
            float step = userScale[u] * column.Target(e);
            if (step <= 0) continue;
            for (long f = users.Starts[u]; f < users.Starts[u + 1]; f++)
            {
                int j = users.Columns[f];
                float target = users.Target(f);
                if (target <= 0) continue;
                if (sums[j] == 0) touched.Add(j);
                sums[j] += step * target;
            }
        }
    }

    private (int[] Items, float[] Strengths) Strongest(InteractionMatrix matrix, int item, float[] sums, List<int> touched,
        float[] itemScale)
    {
        var candidates = new List<(float Strength, int Item)>(touched.Count);
        foreach (int j in touched)
        {
            if (j != item) candidates.Add((sums[j] * itemScale[j], j));
            sums[j] = 0;
        }

        touched.Clear();
        candidates.Sort((x, y) => x.Strength != y.Strength ? y.Strength.CompareTo(x.Strength) : x.Item.CompareTo(y.Item));
        int count = Math.Min(Neighbours, candidates.Count);
        double total = 0;
        if (NormalizesRows) for (int n = 0; n < count; n++) total += candidates[n].Strength;
        else total = Math.Pow(matrix.Items.Length(item), Alpha);
        candidates.RemoveRange(count, candidates.Count - count);
        candidates.Sort((x, y) => x.Item.CompareTo(y.Item));
        // Rounded as in the stored model, so that the evaluated and the served model are equal.
        return ([.. candidates.Select(c => c.Item)], [.. candidates.Select(c => Scaled(c.Strength))]);

        float Scaled(float strength) => NormalizesRows ? (float)(Half)(strength / total) : (float)(strength / total);
    }
}
