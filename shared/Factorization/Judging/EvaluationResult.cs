using Recommender.Factorization.Algebra;
using Recommender.Factorization.Data;
using Recommender.Factorization.Models;

namespace Recommender.Factorization.Judging;

/// <summary>Metrics of rankings of length <see cref="K"/>. All values except <see cref="Novelty"/> are in 0..1.</summary>
public sealed record EvaluationResult
{
    public int K { get; init; }

    /// <summary>Number of users with test items.</summary>
    public int Users { get; init; }

    /// <summary>Mean of hits / number of test items.</summary>
    public double Recall { get; init; }

    /// <summary>
    /// Mean of normalised discounted cumulative gain: discount 1/log2(rank + 1), ideal list with min(k, test items) hits.
    /// </summary>
    public double Ndcg { get; init; }

    /// <summary>Mean of precision at each hit, over min(k, test items).</summary>
    public double Map { get; init; }

    /// <summary>Mean of 1 / rank of the first hit; 0 without a hit.</summary>
    public double Mrr { get; init; }

    /// <summary>Share of users with a hit.</summary>
    public double HitRate { get; init; }

    /// <summary>Share of the catalogue that is in at least one list.</summary>
    public double Coverage { get; init; }

    /// <summary>Gini coefficient of how often items are shown: 0 if all equally often, 1 if only one item.</summary>
    public double Gini { get; init; }

    /// <summary>Mean −log2 of the share of users who consumed a shown item.</summary>
    public double Novelty { get; init; }

    /// <summary>1 − mean cosine of the factors of items in one list; NaN for scorers without factors.</summary>
    public double Diversity { get; init; }

    public Interval RecallInterval { get; init; }

    public Interval NdcgInterval { get; init; }

    /// <summary>Users in three bands by number of training items.</summary>
    public IReadOnlyList<Band> UserBands { get; init; } = [];

    /// <summary>Test items in three bands by training popularity, each a third of training interactions: head, middle, tail. Ndcg is
    /// NaN.</summary>
    public IReadOnlyList<Band> ItemBands { get; init; } = [];

    /// <summary>Values of each tested user, ascending by user, for paired comparisons of models.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<float> RecallByUser { get; init; } = [];

    /// <inheritdoc cref="RecallByUser"/>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<float> NdcgByUser { get; init; } = [];

    internal static EvaluationResult Of(Split split, int[] tested, int[][] lists, EvaluationOptions options, Model? model)
    {
        int k = options.K, items = split.Train.ItemCount, n = tested.Length;
        var discount = Enumerable.Range(0, k).Select(r => 1 / Math.Log2(r + 2)).ToArray();
        var recalls = new float[n];
        var ndcgs = new float[n];
        double map = 0, mrr = 0, hitUsers = 0, novelty = 0;
        long shown = 0;
        var exposure = new int[items];
        var itemBand = ItemBandOf(split.Train);
        var bandHits = new long[3];
        var bandTests = new long[3];
        for (int u = 0; u < n; u++)
        {
            var test = split.Test.Row(tested[u]);
            double dcg = 0, precisions = 0;
            int hits = 0, first = -1;
            foreach (int i in test) bandTests[itemBand[i]]++;
            for (int r = 0; r < lists[u].Length; r++)
            {
                int item = lists[u][r];
                exposure[item]++;
                shown++;
                novelty -= Math.Log2(Math.Max(split.Train.Items.Length(item), 1) / (double)split.Train.UserCount);
                if (test.BinarySearch(item) < 0) continue;
                bandHits[itemBand[item]]++;
                if (first < 0) first = r;
                dcg += discount[r];
                precisions += (double)++hits / (r + 1);
            }

            int ideal = Math.Min(k, test.Length);
            double best = 0;
            for (int r = 0; r < ideal; r++) best += discount[r];
            recalls[u] = (float)((double)hits / test.Length);
            ndcgs[u] = (float)(dcg / best);
            map += precisions / ideal;
            if (first >= 0)
            {
                mrr += 1.0 / (first + 1);
                hitUsers++;
            }
        }

        double users = Math.Max(n, 1);
        return new EvaluationResult
        {
            K = k,
            Users = n,
            Recall = Sum(recalls) / users,
            Ndcg = Sum(ndcgs) / users,
            Map = map / users,
            Mrr = mrr / users,
            HitRate = hitUsers / users,
            Coverage = items == 0 ? 0 : exposure.Count(e => e > 0) / (double)items,
            Gini = GiniOf(exposure),
            Novelty = novelty / Math.Max(shown, 1),
            Diversity = model is null ? double.NaN : DiversityOf(model, lists),
            RecallInterval = Bootstrap(recalls, options),
            NdcgInterval = Bootstrap(ndcgs, options),
            UserBands = UserBandsOf(split, tested, recalls, ndcgs),
            ItemBands = [.. Enumerable.Range(0, 3).Select(b => new Band(
                ((string[])["head", "middle", "tail"])[b], (int)bandTests[b], bandTests[b] == 0 ? 0
                    : bandHits[b] / (double)bandTests[b], double.NaN))],
            RecallByUser = recalls,
            NdcgByUser = ndcgs,
        };
    }

    internal static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float v in values) sum += v;
        return sum;
    }

    /// <summary>Percentile bootstrap of the mean.</summary>
    internal static Interval Bootstrap(float[] values, EvaluationOptions options)
    {
        if (values.Length == 0 || options.BootstrapSamples == 0) return default;
        var means = new double[options.BootstrapSamples];
        ulong state = (ulong)(uint)options.Seed;
        for (int s = 0; s < means.Length; s++)
        {
            double sum = 0;
            for (int u = 0; u < values.Length; u++)
            {
                state = state * 6364136223846793005 + 1442695040888963407;
                sum += values[(int)((state >> 32) * (ulong)values.Length >> 32)];
            }

            means[s] = sum / values.Length;
        }

        Array.Sort(means);
        return new Interval(means[(int)(.025 * (means.Length - 1))], means[(int)Math.Ceiling(.975 * (means.Length - 1))]);
    }

    internal static double GiniOf(int[] exposure)
    {
        var sorted = (int[])exposure.Clone();
        Array.Sort(sorted);
        double total = 0, weighted = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            total += sorted[i];
            weighted += (2.0 * (i + 1) - sorted.Length - 1) * sorted[i];
        }

        return total == 0 ? 0 : weighted / (sorted.Length * total);
    }

    /// <summary>Computed over at most 2,000 lists, an even sample.</summary>
    private static double DiversityOf(Model model, int[][] lists)
    {
        var factors = model.ItemFactors.Span;
        int rank = model.Rank, step = Math.Max(1, lists.Length / 2000), counted = 0;
        double sum = 0;
        for (int u = 0; u < lists.Length; u += step)
        {
            int n = lists[u].Length;
            if (n < 2) continue;
            // The length of the sum of unit vectors gives the sum of all pairwise cosines.
            var total = new float[rank];
            int units = 0;
            foreach (int item in lists[u])
            {
                var row = factors.Slice(item * rank, rank);
                float length = MathF.Sqrt(Vectors.Dot(row, row));
                if (length == 0) continue;
                Vectors.Add(1 / length, row, total);
                units++;
            }

            sum += 1 - (Vectors.Dot(total, total) - units) / ((double)n * (n - 1));
            counted++;
        }

        return counted == 0 ? double.NaN : sum / counted;
    }

    private static int[] ItemBandOf(InteractionMatrix train)
    {
        var order = Enumerable.Range(0, train.ItemCount).OrderByDescending(train.Items.Length).ToArray();
        var bands = new int[train.ItemCount];
        long seen = 0;
        foreach (int i in order)
        {
            bands[i] = train.Count == 0 ? 2 : (int)Math.Min(2, seen * 3 / train.Count);
            seen += train.Items.Length(i);
        }

        return bands;
    }

    private static Band[] UserBandsOf(Split split, int[] tested, float[] recalls, float[] ndcgs)
    {
        var order = Enumerable.Range(0, tested.Length).OrderBy(u => split.Train.Users.Length(tested[u])).ToArray();
        string[] names = ["few items", "some items", "many items"];
        return [.. Enumerable.Range(0, 3).Select(b =>
        {
            var group = order[(order.Length * b / 3)..(order.Length * (b + 1) / 3)];
            double n = Math.Max(group.Length, 1);
            return new Band(names[b], group.Length, group.Sum(u => (double)recalls[u]) / n, group.Sum(u => (double)ndcgs[u]) / n);
        })];
    }
}
