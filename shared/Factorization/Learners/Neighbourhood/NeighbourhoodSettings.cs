using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Learners.Neighbourhood;

/// <summary>
/// Items consumed together: RP3beta (Paudel et al. 2017), a walk item → user → item with popular targets held back:
/// <c>s_ij = m_i^−α · Σ_{u has i and j} n_u^−α / m_j^β</c>, the strongest per item kept, then scaled to sum 1 and rounded to half
/// precision.
/// α = 0, β = ½ and scaling by m_i^−½ would be cosine.
/// </summary>
public sealed record NeighbourhoodSettings : LearnerSettings
{
    /// <summary>Neighbours kept per item, 1..5000.</summary>
    public int Neighbours { get; init; } = 200;

    /// <summary>α: how far active users count less, 0..2.</summary>
    public double Alpha { get; init; } = .8;

    /// <summary>β: how far popular neighbours are held back, 0..1.</summary>
    public double Beta { get; init; } = .3;

    /// <summary>0: the score grows with the history; 1: it is a mean. Matters beside another term only.</summary>
    public double HistoryPower { get; init; } = .5;

    public override void Validate()
    {
        Require(Neighbours is >= 1 and <= 5000, nameof(Neighbours), Neighbours, "in 1..5000");
        Require(Alpha is >= 0 and <= 2, nameof(Alpha), Alpha, "in 0..2");
        Require(Beta is >= 0 and <= 1, nameof(Beta), Beta, "in 0..1");
        Require(HistoryPower is >= 0 and <= 1, nameof(HistoryPower), HistoryPower, "in 0..1");
    }

    /// <summary>The neighbours alone.</summary>
    public ItemNeighbours Find(InteractionMatrix matrix, int threads = 1, CancellationToken cancellation = default)
    {
        Validate();
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
                    found[i] = Strongest(i, sums, touched, itemScale);
                }
            }
        }, cancellation);

        var starts = new long[items + 1];
        for (int i = 0; i < items; i++) starts[i + 1] = starts[i] + found[i].Items.Length;
        if (starts[items] > Array.MaxLength)
            throw new ArgumentException($"{items} items × {Neighbours} neighbours exceed one array; lower Neighbours.");
        var columns = new int[starts[items]];
        var strengths = new float[starts[items]];
        for (int i = 0; i < items; i++)
        {
            found[i].Items.CopyTo(columns, starts[i]);
            found[i].Strengths.CopyTo(strengths, starts[i]);
        }

        return new ItemNeighbours(starts, columns, strengths, weight: 1, (float)HistoryPower);
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

    private (int[] Items, float[] Strengths) Strongest(int item, float[] sums, List<int> touched, float[] itemScale)
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
        for (int n = 0; n < count; n++) total += candidates[n].Strength;
        candidates.RemoveRange(count, candidates.Count - count);
        candidates.Sort((x, y) => x.Item.CompareTo(y.Item));
        // Rounded as they are written, so that the model that was judged is the one that is served.
        return ([.. candidates.Select(c => c.Item)], [.. candidates.Select(c => (float)(Half)(c.Strength / total))]);
    }

    private protected override Model TrainCore(InteractionMatrix matrix, TrainOptions options, CancellationToken cancellation) =>
        new NeighbourhoodModel(this, Find(matrix, options.Threads, cancellation));
}
